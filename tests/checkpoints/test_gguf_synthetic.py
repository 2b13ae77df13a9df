"""Synthetic GGUF files: every mix of types and architecture is read back, spread as real weights, in little memory."""

from __future__ import annotations

import dataclasses
import math
import os
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import naive_gguf

from llmproc.checkpoints.architectures import ARCHITECTURES
from llmproc.checkpoints.gguf import container
from llmproc.checkpoints.gguf.dequantising import dequantised
from llmproc.checkpoints.gguf.mixes import MIXES, tensor_type
from llmproc.checkpoints.gguf.model_file import GgufFile
from llmproc.checkpoints.gguf.model_pairs import check_gguf_features, rope_divisors
from llmproc.checkpoints.gguf.pairs import as_read, number, text, whole
from llmproc.checkpoints.gguf.planning import PlannedTensor, planned_tensors
from llmproc.checkpoints.gguf.random_blocks import RandomBlocks
from llmproc.checkpoints.gguf.synthetic import write_synthetic_gguf
from llmproc.checkpoints.gguf.tensor_types import TENSOR_TYPES, TYPES_BY_NAME
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.synth_shapes import MODEL_SHAPES, synthetic_model
from llmproc.checkpoints.tensors import MATRICES
from llmproc.errors import CheckpointError, UsageError
from llmproc.text.tokenizers.gguf import load_gguf_tokenizer


def synthetic(folder: Path, weights: str = "q4_k_m", architecture: str | None = None, seed: int = 1) -> GgufFile:
    path = folder / f"{architecture}-{weights}.gguf"
    write_synthetic_gguf(path, synthetic_model("tiny", architecture, gguf=True), weights, seed)
    found = open_model(path)
    assert isinstance(found, GgufFile)
    return found


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_is_written_is_what_is_read(tmp_path: Path, architecture: str) -> None:
    path = tmp_path / "model.gguf"
    written = write_synthetic_gguf(path, synthetic_model("tiny", architecture, gguf=True), "q4_k_m", 1)
    read = open_model(path).description
    said = {"end_tokens": read.end_tokens, "norm_eps": pytest.approx(written.norm_eps)}
    assert dataclasses.asdict(read) == {**dataclasses.asdict(written), **said}
    features = read.features
    assert features.architecture == ("llama" if architecture == "mistral" else architecture)
    assert features.query_key_norm == (architecture == "qwen3") and bool(features.biases) == (architecture == "qwen2")
    assert features.no_rope_layers == ((3,) if architecture == "smollm3" else ())
    assert features.windows == ((64,) * 4 if architecture == "mistral" else ())
    assert len(read.end_tokens) == 2, "<|im_end|> and the end of a text"


@pytest.mark.parametrize("weights", MIXES)
def test_every_mix_is_read(tmp_path: Path, weights: str) -> None:
    model = synthetic(tmp_path, weights)
    kinds = {info.type.name for info in model.tensors.values() if len(info.shape) == 2}
    assert kinds == {name for name in (MIXES[weights].base, MIXES[weights].raised) if name}
    with model.weight_source() as reader:
        for name in ("wq", "w2", "wv"):
            values = reader.values(name, 0)
            assert abs(values.std() * math.sqrt(values.shape[1]) - 1) < (0.42 if weights == "mxfp4" else 0.1), name
            assert abs(values.mean() * math.sqrt(values.shape[1])) < 0.15
        assert 0.9 <= reader.values("ffn_norm", 3).min() <= reader.values("ffn_norm", 3).max() <= 1.1


@pytest.mark.parametrize("kind", TENSOR_TYPES.values(), ids=lambda kind: kind.name)
def test_random_blocks_are_valid_and_spread(kind: Any) -> None:
    shape = (60, 512)
    blocks = RandomBlocks(3)
    raw = np.concatenate([np.asarray(part).reshape(-1) for part in blocks.matrix(kind, shape)])
    assert raw.nbytes == math.prod(shape) // kind.block * kind.block_bytes
    values = dequantised(kind, raw, shape) * math.sqrt(512)
    assert (
        np.isfinite(values).all()
        and abs(values.std() - 1) < (0.42 if kind.name == "MXFP4" else 0.06)
        and abs(values.mean()) < 0.15
    )
    assert len(np.unique(values, axis=0)) == 60, "rows differ"
    if kind.block > 1:
        scales = values.reshape(-1, kind.block).std(axis=1)
        assert scales.std() > 0.02, "a mixed-up scale must show"


def test_a_matrix_larger_than_the_blocks_made() -> None:
    kind, count = TYPES_BY_NAME["Q6_K"], 16_381
    shape = (count // 4 + 10, 2048)
    parts = list(RandomBlocks(1).matrix(kind, shape))
    assert sum(part.nbytes for part in parts) == math.prod(shape) // 256 * 210 and len(parts) >= 3
    rows = np.concatenate(parts)[: 8 * 2000].reshape(2000, -1)
    assert len(np.unique(rows, axis=0)) == 2000


def test_the_seed_decides_the_bytes(tmp_path: Path) -> None:
    contents = []
    for seed in (1, 1, 2):
        contents.append(synthetic(tmp_path, "q4_k_m", seed=seed).path.read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_q4_k_m_of_a_small_model_falls_back_as_llama_quantize_does() -> None:
    """formats.md C: 30 layers, rows of 576; 180 of 272 tensors (with the embedding 181) have no K type."""
    description = synthetic_model("smollm-135m", None, gguf=True).description
    found = list(planned_tensors(description, MIXES["q4_k_m"]))
    raised = [0, 1, 2, 5, 8, 11, 14, 17, 20, 23, 26, 27, 28, 29]
    for tensor in found:
        if tensor.ours in ("wq", "wk", "wo", "w1", "w3"):
            assert tensor.type.name == "Q5_0"
        elif tensor.ours == "w2":
            assert tensor.type.name == ("Q6_K" if tensor.layer in raised else "Q4_K")
        elif tensor.ours == "wv":
            assert tensor.type.name == ("Q8_0" if tensor.layer in raised else "Q5_0")
        else:
            assert tensor.type.name == ("Q8_0" if tensor.ours == "embedding" else "F32")
    assert len(found) == 272
    assert Counter(tensor.type.name for tensor in found)["Q5_0"] + 14 == 180


def test_the_output_layer_gets_more_bits() -> None:
    tied = synthetic_model("llama-3.2-1b", None, gguf=True).description
    own = synthetic_model("qwen3-8b", None, gguf=True).description
    mix = MIXES["q4_k_m"]
    assert tensor_type(mix, tied, "embedding", None).name == tensor_type(mix, own, "classifier", None).name == "Q6_K"
    assert tensor_type(mix, own, "embedding", None).name == tensor_type(mix, own, "wo", 0).name == "Q4_K"
    assert tensor_type(MIXES["q6_k"], own, "embedding", None).name == "Q6_K"


@pytest.mark.parametrize(("columns", "found"), [(256, "Q4_K"), (96, "Q5_0"), (100, "F16")])
def test_what_no_block_divides_falls_back(columns: int, found: str) -> None:
    description = dataclasses.replace(synthetic_model("tiny", None, gguf=True).description, dim=columns, head_dim=50)
    assert tensor_type(MIXES["q4_k"], description, "w1", 0).name == found


def test_llama3_scaling_is_a_tensor_of_divisors(tmp_path: Path) -> None:
    model = synthetic_model("llama-3.2-1b", None, gguf=True)
    divisors = rope_divisors(model.description)
    assert len(divisors) == 32 and divisors[0] == 1 and divisors[-1] == pytest.approx(32)
    small = dataclasses.replace(model.description, n_layers=1, dim=256, hidden_dim=256, n_heads=4, n_kv_heads=4)
    small = dataclasses.replace(small, vocab_size=600)
    path = tmp_path / "model.gguf"
    write_synthetic_gguf(path, dataclasses.replace(model, description=small), "f16", 1)
    read = open_model(path).description
    assert read.features.rope.scaling == "llama3"
    assert read.inverse_frequencies() == pytest.approx(model.description.inverse_frequencies(), rel=1e-6)


def test_little_memory(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    path = tmp_path / "model.gguf"
    tracemalloc.start()
    try:
        model = synthetic_model("smollm-135m", None, gguf=True)
        write_synthetic_gguf(path, model, "q8_0", 1, lambda done, total: seen.append((done, total)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 80e6 and seen[-1][0] == seen[-1][1] == path.stat().st_size > 140e6
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    path.unlink()


def test_the_tokenizer_works(tmp_path: Path) -> None:
    for architecture in ARCHITECTURES:
        model = synthetic(tmp_path, "q8_0", architecture)
        count = model.description.vocab_size
        tokenizer = load_gguf_tokenizer(model.path, model.metadata, count)
        assert (
            tokenizer.decode(tokenizer.encode("What is a pipe?"), tokenizer.bos).decode().strip() == "What is a pipe?"
        )
        assert tokenizer.chat is not None and "<|im_start|>" in tokenizer.chat.template
        metadata, tensors = naive_gguf.read(model.path)
        assert len(metadata["tokenizer.ggml.tokens"]) == count == tensors["token_embd.weight"][1][0]


@pytest.mark.parametrize(
    ("arguments", "weights", "message"),
    [
        (("gpt-5", None), "q8_0", "--shape is gpt-5: must be one of tiny, "),
        (("tiny", "olmo9"), "q8_0", "--architecture is olmo9: must be one of llama, mistral, "),
        (("tiny", None), "q9", "--weights is q9: must be one of f32, "),
    ],
)
def test_wrong_arguments(tmp_path: Path, arguments: tuple[str, str | None], weights: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        write_synthetic_gguf(tmp_path / "x", synthetic_model(*arguments, gguf=True), weights, 1)
    assert not os.listdir(tmp_path)


def test_every_shape_is_lawful() -> None:
    for shape in MODEL_SHAPES:
        for architecture in (None, *ARCHITECTURES):
            description = synthetic_model(shape, architecture, gguf=True).description
            check_gguf_features(description, "x")
            names = {tensor.ours for tensor in planned_tensors(description, MIXES["q4_k_m"])}
            assert names - MATRICES - {"rope_freqs.weight", "q_norm", "k_norm"} == {
                "attention_norm", "ffn_norm", "final_norm",
            }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"no_rope_layers": (1,)}, r"layers without RoPE is \[1\]: must be \[\]: "),
        ({"windows": (8, 0, 8, 0)}, "sliding window is 8: must be absent: a GGUF file of llama does not say"),
        ({"architecture": "qwen3", "windows": (8,) * 4}, "sliding window is 8: must be absent: a GGUF file of qwen3"),
    ],
)
def test_features_that_gguf_cannot_say(change: dict[str, Any], message: str) -> None:
    description = synthetic_model("tiny", None, gguf=True).description
    changed = dataclasses.replace(description, features=dataclasses.replace(description.features, **change))
    with pytest.raises(CheckpointError, match=message):
        check_gguf_features(changed, "model")


def test_data_of_another_size_leaves_no_file(tmp_path: Path) -> None:
    tensor = PlannedTensor("wq", 3, "bias", "x", (8,), TYPES_BY_NAME["F32"])
    with pytest.raises(ValueError, match="layer 3 wq bias has 28 bytes, it must have 32"):
        container.write_container(tmp_path / "x", [], [tensor], lambda _: [np.zeros(7, "<f4")])
    assert not os.listdir(tmp_path)


def test_pairs_as_the_format_has_them(tmp_path: Path) -> None:
    pairs = [text("general.architecture", "llama"), whole("general.alignment", 32), number("x", 0.5)]
    values = {"a": True, "b": 7, "c": 0.25, "d": "é", "e": [b"x", b"\xff"]}
    path = tmp_path / "x.gguf"
    container.write_container(path, [*pairs, *(as_read(key, value) for key, value in values.items() if key != "e")], [],
                              lambda _: [])  # fmt: skip
    metadata, tensors = naive_gguf.read(path)
    assert metadata == {"general.architecture": "llama", "general.alignment": 32, "x": 0.5} | {
        key: value for key, value in values.items() if key != "e"
    }
    assert not tensors
    with pytest.raises(TypeError, match="e is dict"):
        as_read("e", {})
