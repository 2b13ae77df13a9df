"""Random models of a few layers in every type of tensor that is read, as GGUF files.

Five for each type (more repeat the shapes with other numbers), in shapes that differ: groups of heads, own output
layer, width. Rows are multiples of 256 values, so that no tensor falls back to another type. Deterministic: golden
figures of them can be kept.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.gguf.container import write_container
from llmproc.checkpoints.gguf.mixes import MIXES
from llmproc.checkpoints.gguf.model_pairs import model_pairs
from llmproc.checkpoints.gguf.planning import PlannedTensor, planned_tensors
from llmproc.checkpoints.gguf.split import read_set
from llmproc.checkpoints.gguf.token_pairs import vocabulary_pairs
from llmproc.checkpoints.tensors import MATRICES
from llmproc.experiments.against_llama_cpp.gaussian_blocks import DRAWN, gaussian_blocks
from llmproc.text.tokenizers.made_vocabulary import byte_level_vocabulary

POSITIONS = 64
VOCABULARY = 512
TYPES: Mapping[str, str] = {name: mix.base if not mix.raised else name.upper() for name, mix in MIXES.items()}
_OUTPUT = 3.0  # logits have this standard deviation: likeliest ids stand out, and few of them by far


@dataclass(frozen=True, slots=True)
class RandomShape:
    """The sizes in which the models differ."""

    dim: int
    hidden_dim: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    head_dim: int
    tied: bool


SHAPES = (
    RandomShape(256, 512, 2, 4, 2, 64, True),
    RandomShape(256, 768, 2, 4, 1, 64, False),
    RandomShape(256, 512, 3, 8, 8, 32, True),
    RandomShape(512, 768, 2, 8, 2, 64, False),
    RandomShape(256, 512, 2, 2, 1, 128, True),
)


def describe_model(number: int) -> ModelDescription:
    """Return one of the models: its place in SHAPES, again and again."""
    shape = SHAPES[number % len(SHAPES)]
    return ModelDescription(
        dim=shape.dim,
        hidden_dim=shape.hidden_dim,
        n_layers=shape.n_layers,
        n_heads=shape.n_heads,
        n_kv_heads=shape.n_kv_heads,
        vocab_size=VOCABULARY,
        seq_len=256,
        head_dim=shape.head_dim,
        shared_classifier=shape.tied,
        weight_type="f32",
        group_size=0,
    )


def write_model(path: Path, type_name: str, number: int) -> None:
    """Write one model in a type (a key of TYPES). CheckpointError when the file cannot be written."""
    description, mix = describe_model(number), MIXES[type_name]
    random = np.random.default_rng([number, *type_name.encode()])
    vocabulary = byte_level_vocabulary(VOCABULARY, "smollm")
    pairs = [
        *model_pairs(description, f"random {number}", mix.file_type),
        *vocabulary_pairs(vocabulary, VOCABULARY),
    ]
    tensors = list(planned_tensors(description, mix))
    write_container(path, pairs, tensors, lambda tensor: _data(tensor, random))


def digest_of(file: Path) -> str:
    """Return the SHA-256 of all weights of a GGUF file in the order of their names, in hexadecimal."""
    data, found = file.read_bytes(), hashlib.sha256()
    for name, (_, info) in sorted(read_set(file).tensors().items()):
        found.update(name.encode() + data[info.offset : info.offset + info.nbytes])
    return found.hexdigest()


def ids_of(number: int) -> list[int]:
    """Return the ids that a model is fed with."""
    found: list[int] = np.random.default_rng(number).integers(0, VOCABULARY, POSITIONS).tolist()
    return found


def _data(tensor: PlannedTensor, random: np.random.Generator) -> Iterator[np.ndarray[Any, Any]]:
    """Yield the bytes of a tensor."""
    if tensor.ours not in MATRICES:
        yield (_OUTPUT if tensor.ours == "final_norm" else 1.0) * random.uniform(0.8, 1.2, tensor.shape).astype("<f4")
        return
    deviation = 1 / math.sqrt(tensor.shape[-1])
    name, count = tensor.type.name, math.prod(tensor.shape)
    if name in DRAWN:
        yield gaussian_blocks(name, random, count // tensor.type.block, deviation)
        return
    values = (random.standard_normal(count) * deviation).astype("<f4")
    yield (values.view("<u4") >> 16).astype("<u2") if name == "BF16" else values.astype(_FLOATS[name])


_FLOATS = {"F32": "<f4", "F16": "<f2"}
