"""Each feature of `checkpoints.features` by itself, and models that have it: for tests of the fast order."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from engine.featured_models import BIASED
from engine.one_sequence import Model, OneSequence

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.features import ModelFeatures, Multipliers, RotaryEmbedding
from llmproc.checkpoints.ggml_types import convert
from llmproc.checkpoints.tensors import HEAD_NORMS, MATRICES, tensor_shape
from llmproc.checkpoints.weights import assemble
from llmproc.engine.reference import Reference

LAYERS, VOCABULARY, HEAD_DIM = 2, 60, 12  # 12: pages hold heads padded to 16 values
SHARP = 2.0  # what scores are multiplied by: attention that looks at few positions shows each of them
FREQUENCIES = (1.0, 0.41, 0.2, 0.07, 0.02, 0.004)

FEATURES: dict[str, ModelFeatures] = {
    **{f"bias of {name}": ModelFeatures(biases=(name,)) for name in BIASED},
    "all biases": ModelFeatures(biases=BIASED),
    "norms of queries and keys": ModelFeatures(query_key_norm=True),
    "windows": ModelFeatures(windows=(20, 0)),
    "no rotation in the second layer": ModelFeatures(no_rope_layers=(1,)),
    "no rotation at all": ModelFeatures(no_rope_layers=(0, 1)),
    "scaled frequencies": ModelFeatures(rope=RotaryEmbedding(scaling="any", inverse_frequencies=FREQUENCIES)),
    "attention factor": ModelFeatures(rope=RotaryEmbedding(scaling="any", attention_factor=1.2)),
    "half-split pairs": ModelFeatures(rope=RotaryEmbedding(pairs="half-split")),
    "multiplier of the embedding": ModelFeatures(multipliers=Multipliers(embedding=3.0)),
    "multiplier of what layers add": ModelFeatures(multipliers=Multipliers(residual=0.4)),
    "multiplier of scores": ModelFeatures(multipliers=Multipliers(attention=0.5)),
    "multiplier of logits": ModelFeatures(multipliers=Multipliers(logits=0.3)),
}
# All of them, as far as they go together: norms of queries and keys stand beside no multiplier of what layers add.
ROPE = RotaryEmbedding("half-split", "any", FREQUENCIES, 1.1)
WITH_NORMS = ModelFeatures(
    rope=ROPE, biases=BIASED, query_key_norm=True, windows=(0, 30), no_rope_layers=(1,),
    multipliers=Multipliers(2.0, 1.0, 0.3, 0.5),
)  # fmt: skip
WITH_RESIDUAL = dataclasses.replace(WITH_NORMS, query_key_norm=False, multipliers=Multipliers(2.0, 0.6, 0.3, 0.5))
FEATURES |= {"all with norms": WITH_NORMS, "all with a multiplier of what layers add": WITH_RESIDUAL}


def model_with(
    features: ModelFeatures, kinds: Sequence[str] = ("f32",), seed: int = 3, context: int = 700, **sizes: int
) -> Model:
    """A model of four heads over two, the same numbers whatever its features; matrices in `kinds` by turns."""
    chosen: dict[str, Any] = {"dim": 48, "hidden_dim": 64, "n_layers": LAYERS, "n_heads": 4, "n_kv_heads": 2}
    chosen |= {"head_dim": HEAD_DIM, **sizes}
    d = ModelDescription(
        **chosen, vocab_size=VOCABULARY, seq_len=context, shared_classifier=False, weight_type="f32",
        group_size=0, rope_theta=100.0, norm_eps=1e-5, features=features,
    )  # fmt: skip

    def load(name: str, layer: int | None, part: str) -> Any:
        place = 100 * (99 if layer is None else layer) + sum(map(ord, name + part))
        random, shape = np.random.default_rng((seed, place)), tensor_shape(d, name)
        if part == "bias":
            return (random.standard_normal(shape[0]) * 0.3).astype(np.float32)
        if name not in MATRICES:
            return random.uniform(0.6, 1.4, shape).astype(np.float32) * np.float32(1.5 if name in HEAD_NORMS else 1)
        matrix = (random.standard_normal(shape) * 2 / np.sqrt(shape[1])).astype(np.float32)
        return convert(matrix, kinds[place % len(kinds)], "model", name)  # type: ignore[arg-type]

    return d, assemble(d, load)


def ids_of(count: int, seed: int = 1) -> list[int]:
    return np.random.default_rng(seed).integers(0, VOCABULARY, count).tolist()


def expected_logits(model: Model, ids: Sequence[int], **arithmetic: Any) -> np.ndarray:
    """What the reference gives with a cache of halves, (positions, vocabulary)."""
    reference = Reference(*model, **{"c_order": False, "kv_type": "f16", **arithmetic})
    return np.array([reference.forward(token, position) for position, token in enumerate(ids)])


def single_ids(sequence: OneSequence, ids: Sequence[int]) -> np.ndarray:
    """Logits (positions, vocabulary), one id a step."""
    return np.array([sequence.forward(token, position) for position, token in enumerate(ids)])


def in_cuts(sequence: OneSequence, ids: Sequence[int], cuts: Sequence[int]) -> tuple[list[int], np.ndarray]:
    """The last positions of prompts read in these pieces, and the logits there."""
    assert sum(cuts) == len(ids)
    ends = np.cumsum(cuts).tolist()
    found = [sequence.read(ids[end - cut : end], end - cut) for cut, end in zip(cuts, ends, strict=True)]
    return [end - 1 for end in ends], np.array(found)
