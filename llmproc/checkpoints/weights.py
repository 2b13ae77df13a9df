"""The arrays of a model in memory, whatever format they came from. No files here, and no arithmetic on weights.

Used by every reader and writer of this room, the engine's packing, the NumPy reference, training and tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.source_file import refuse
from llmproc.checkpoints.tensors import HEAD_NORMS, LAYER_TENSORS, all_tensors

Float32: TypeAlias = npt.NDArray[np.float32]
Float16: TypeAlias = npt.NDArray[np.float16]
Floats: TypeAlias = Float32 | Float16
FINITE_CHUNK = 1 << 16  # values judged at once: stays in cache, costs 64 KiB


@dataclass(frozen=True, slots=True)
class Int8Matrix:
    """A quantised matrix: row r, column c stands for values[r, c] * scales[r, c // group]."""

    values: npt.NDArray[np.int8]  # (rows, cols)
    scales: Floats  # (rows, cols // group); float32 in llama2.c's files, float16 in GGUF's Q8_0


@dataclass(frozen=True, slots=True)
class Q4Matrix:
    """A 4-bit matrix: row r, column c stands for (values[r, c] - 8) * scales[r, c // 32]."""

    values: npt.NDArray[np.uint8]  # (rows, cols), 0..15, one in a byte
    scales: Float16  # (rows, cols // 32)


Matrix: TypeAlias = Int8Matrix | Q4Matrix | Floats


@dataclass(frozen=True, slots=True)
class LayerWeights:
    """One layer. Matrices are (outputs, inputs), norms (dim,)."""

    attention_norm: Float32
    ffn_norm: Float32
    wq: Matrix  # (dim, dim)
    wk: Matrix  # (kv_dim, dim)
    wv: Matrix  # (kv_dim, dim)
    wo: Matrix  # (dim, dim)
    w1: Matrix  # (hidden_dim, dim), gate
    w2: Matrix  # (dim, hidden_dim), down
    w3: Matrix  # (hidden_dim, dim), up
    biases: Mapping[str, Float32] = field(default_factory=dict)  # by matrix, (outputs,)
    q_norm: Float32 | None = None  # (head_dim,)
    k_norm: Float32 | None = None  # (head_dim,)


@dataclass(frozen=True, slots=True)
class Weights:
    """A whole model; `classifier is embedding` when the file shares them."""

    embedding: Matrix  # (vocab_size, dim)
    layers: list[LayerWeights]
    final_norm: Float32
    classifier: Matrix  # (vocab_size, dim)


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A whole model, every value checked, and the fingerprint of the bytes it was read from."""

    weights: Weights
    fingerprint: str


def assemble(description: ModelDescription, load: Callable[[str, int | None, str], Matrix]) -> Weights:
    """Return a whole model from `load(name, layer, part)`, which is asked for every tensor of the description once."""
    single: dict[str, Any] = {}
    layers: list[dict[str, Any]] = [{"biases": {}} for _ in range(description.n_layers)]
    for name, layer, part in all_tensors(description):
        owner = single if layer is None else layers[layer]
        (owner["biases"] if part == "bias" else owner)[name] = load(name, layer, part)
    single.setdefault("classifier", single["embedding"])
    return Weights(layers=[LayerWeights(**layer) for layer in layers], **single)


def check_finite(weights: Weights, path: Path | str) -> None:
    """Raise CheckpointError naming the first tensor with a NaN or an infinity, which would make every token 0."""
    for label, array in named_floats(weights):
        flat = array.reshape(-1)
        for start in range(0, flat.size, FINITE_CHUNK):
            finite = np.isfinite(flat[start : start + FINITE_CHUNK])
            if not finite.all():
                index = start + int(finite.argmin())
                raise refuse(path, label, f"{flat[index]} at index {index}", "must be finite")


def named_floats(weights: Weights) -> Iterator[tuple[str, Floats]]:
    """Yield every float array with its name in messages, such as `layer 3 wq scales`; a shared classifier once."""
    tensors: list[tuple[str, Matrix]] = [("embedding", weights.embedding), ("final_norm", weights.final_norm)]
    if weights.classifier is not weights.embedding:
        tensors.append(("classifier", weights.classifier))
    for number, layer in enumerate(weights.layers):
        tensors += [(f"layer {number} {name}", getattr(layer, name)) for name in sorted(LAYER_TENSORS)]
        tensors += [(f"layer {number} {name} bias", bias) for name, bias in layer.biases.items()]
        norms = ((name, getattr(layer, name)) for name in HEAD_NORMS)
        tensors += [(f"layer {number} {name}", norm) for name, norm in norms if norm is not None]
    for label, tensor in tensors:
        yield (f"{label} scales", tensor.scales) if isinstance(tensor, (Int8Matrix, Q4Matrix)) else (label, tensor)
