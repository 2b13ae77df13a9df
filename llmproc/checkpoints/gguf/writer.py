"""A model as a GGUF file (version 3, architecture llama) that llama.cpp loads, from the very arrays we compute with.

Used by bench, which sets llama.cpp beside us on the same weights, and tests. Tokens in the file are placeholders: it is
fed with ids. The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, little endian throughout.

    "GGUF" version:u32 tensors:u64 pairs:u64
    pairs     key:string type:u32 value              string = length:u64 bytes
    tensors   name:string dims:u32 sizes:u64[] type:u32 offset:u64     innermost size first; offsets count from the data
    data      every tensor starts at a multiple of 32
    Q8_0      for 32 values: scale:f16 value:i8[32]
    Q4_0      for 32 values: scale:f16 byte:u8[16]   byte j holds value j in its low half and value j + 16 in its high

llama2.c rotates neighbouring pairs, as llama.cpp does for this architecture: no row changes its place.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.ggml_types import convert
from llmproc.checkpoints.gguf.names import NAMES
from llmproc.checkpoints.replacement import replacing
from llmproc.checkpoints.source_file import refuse, shown
from llmproc.checkpoints.tensors import LAYER_TENSORS, MATRICES, tensor_names, tensor_shape
from llmproc.checkpoints.weight_types import GROUP, STORED, converted_description
from llmproc.checkpoints.weights import Int8Matrix, Matrix, Q4Matrix, Weights
from llmproc.config import WeightType
from llmproc.errors import UsageError

ALIGNMENT = 32
PIECE_GROUPS = 1 << 15  # groups of one matrix put into file order at once


@dataclass(frozen=True, slots=True)
class GgmlType:
    """The numbers of a weight type in a file: ggml's tensor type and llama.cpp's file type."""

    tensor: int
    file: int


TYPES: dict[WeightType, GgmlType] = {
    "f32": GgmlType(0, 0),
    "f16": GgmlType(1, 1),
    "q4": GgmlType(2, 2),
    "int8": GgmlType(8, 7),
}
_Q8_0 = np.dtype([("scale", "<f2"), ("values", "i1", GROUP)])
_Q4_0 = np.dtype([("scale", "<f2"), ("values", "u1", GROUP // 2)])

_U32, _I32, _F32, _STRING, _ARRAY = 4, 5, 6, 8, 9  # value types of metadata
_UNKNOWN, _CONTROL, _BYTE, _NORMAL = 2, 3, 6, 1  # token types
Pair: TypeAlias = tuple[str, int, bytes]  # key, value type, the value's bytes


@dataclass(frozen=True, slots=True)
class _Tensor:
    """One tensor of the file: its name there, where it stands in Weights, and how it is stored."""

    name: str
    ours: str
    layer: int | None
    shape: tuple[int, ...]
    type: WeightType

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * STORED[self.type].group_bytes // GROUP

    @property
    def label(self) -> str:
        return self.ours if self.layer is None else f"layer {self.layer} {self.ours}"


def write_gguf(path: Path | str, description: ModelDescription, weights: Weights, weight_type: WeightType) -> None:
    """Write `weights` to `path` with every matrix as `weight_type` and norms as float32, a tensor at a time.

    Float32 matrices are quantised as `--weights` does it, those of the type already are written as they are.
    UsageError when `weight_type` cannot be made of `description` or GGUF cannot hold its groups; CheckpointError when a
    weight does not fit the type or the file cannot be written; ValueError when weights and description do not fit.
    """
    converted = converted_description(description, weight_type, path)
    _check_groups(path, converted, weights)
    tensors = list(_tensors(converted))
    with replacing(path) as file:
        file.write(_head(converted, tensors))
        for tensor in tensors:
            file.write(bytes(-file.tell() % ALIGNMENT))
            start = file.tell()
            for piece in _pieces(tensor, _taken(weights, tensor), path):
                file.write(np.ascontiguousarray(piece).data.cast("B"))
            if file.tell() != start + tensor.nbytes:
                raise ValueError(f"{tensor.label} has {file.tell() - start} bytes, it must have {tensor.nbytes}")
        file.write(bytes(-file.tell() % ALIGNMENT))


def _check_groups(path: Path | str, description: ModelDescription, weights: Weights) -> None:
    """Raise UsageError for int8 weights with other groups or scales than Q8_0's: an int8 checkpoint of llama2.c."""
    first = weights.embedding
    if description.weight_type != "int8" or not isinstance(first, Int8Matrix):
        return
    if description.group_size != GROUP or first.scales.dtype != np.float16:
        found = f"groups of {description.group_size} with {first.scales.dtype} scales"
        rule = (
            f"GGUF holds int8 as groups of {GROUP} with float16 scales, which only an fp32 checkpoint can be made into"
        )
        raise UsageError(f"{shown(path)}: the weights are int8 in {found}: {rule}")


def _tensors(description: ModelDescription) -> Iterator[_Tensor]:
    for ours in tensor_names(description):
        stored = description.weight_type if ours in MATRICES else "f32"
        layers: list[int | None] = [*range(description.n_layers)] if ours in LAYER_TENSORS else [None]
        for layer in layers:
            name = f"{NAMES[ours]}.weight" if layer is None else f"blk.{layer}.{NAMES[ours]}.weight"
            yield _Tensor(name, ours, layer, tensor_shape(description, ours), stored)


def _taken(weights: Weights, tensor: _Tensor) -> Matrix:
    array: Matrix = getattr(weights if tensor.layer is None else weights.layers[tensor.layer], tensor.ours)
    shape = array.values.shape if isinstance(array, (Int8Matrix, Q4Matrix)) else array.shape
    if shape != tensor.shape:
        raise ValueError(f"{tensor.label} is {shape}, it must be {tensor.shape}")
    return array


def _pieces(tensor: _Tensor, array: Matrix, path: Path | str) -> Iterator[np.ndarray]:
    """Yield the tensor's bytes in file order, as arrays."""
    matrix = array if len(tensor.shape) == 1 else convert(array, tensor.type, path, tensor.label)
    if isinstance(matrix, np.ndarray):
        if not np.isfinite(matrix).all():
            raise refuse(path, tensor.label, "not finite", "every weight must be finite")
        yield matrix.astype("<f2" if tensor.type == "f16" else "<f4", copy=False)
        return
    rows, cols = tensor.shape
    if matrix.scales.dtype != np.float16 or matrix.scales.shape != (rows, cols // GROUP):
        found = f"{matrix.scales.dtype} {matrix.scales.shape}"
        raise ValueError(f"{tensor.label} has scales {found}, they must be float16 {(rows, cols // GROUP)}")
    values, scales = matrix.values.reshape(-1, GROUP), matrix.scales.reshape(-1)
    for start in range(0, len(scales), PIECE_GROUPS):
        part = slice(start, start + PIECE_GROUPS)
        if tensor.type == "int8":
            blocks = np.empty(len(scales[part]), _Q8_0)
            blocks["values"] = values[part]
        else:
            blocks = np.empty(len(scales[part]), _Q4_0)
            half = GROUP // 2
            blocks["values"] = values[part, :half] | values[part, half:] << 4
        blocks["scale"] = scales[part]
        yield blocks


def _head(description: ModelDescription, tensors: list[_Tensor]) -> bytes:
    """Return everything before the data, padded to where it starts."""
    pairs = [*_model_pairs(description), *_token_pairs(description)]
    head = bytearray(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs)))
    for key, kind, value in pairs:
        head += _string(key) + struct.pack("<I", kind) + value
    offset = 0
    for tensor in tensors:
        sizes = tensor.shape[::-1]
        head += _string(tensor.name) + struct.pack(f"<I{len(sizes)}Q", len(sizes), *sizes)
        head += struct.pack("<IQ", TYPES[tensor.type].tensor, offset)
        offset += tensor.nbytes + -tensor.nbytes % ALIGNMENT
    return bytes(head) + bytes(-len(head) % ALIGNMENT)


def _model_pairs(description: ModelDescription) -> Iterator[Pair]:
    d = description
    yield "general.architecture", _STRING, _string("llama")
    yield "general.name", _STRING, _string("llmproc")
    whole = {
        "general.alignment": ALIGNMENT,
        "general.file_type": TYPES[d.weight_type].file,
        "general.quantization_version": 2,
        "llama.vocab_size": d.vocab_size,
        "llama.context_length": d.seq_len,
        "llama.embedding_length": d.dim,
        "llama.block_count": d.n_layers,
        "llama.feed_forward_length": d.hidden_dim,
        "llama.attention.head_count": d.n_heads,
        "llama.attention.head_count_kv": d.n_kv_heads,
        "llama.rope.dimension_count": d.head_dim,
    }
    for key, number in whole.items():
        yield key, _U32, struct.pack("<I", number)
    yield "llama.attention.layer_norm_rms_epsilon", _F32, struct.pack("<f", d.norm_eps)
    yield "llama.rope.freq_base", _F32, struct.pack("<f", d.rope_theta)


def _token_pairs(description: ModelDescription) -> Iterator[Pair]:
    """Yield as much of a tokenizer as llama.cpp needs to load a model: names that no text ever matches."""
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    kinds = [_UNKNOWN, _CONTROL, _CONTROL, *[_BYTE] * 256]
    count, last = description.vocab_size, description.vocab_size - 1
    tokens = [*tokens, *(f"<token {token}>" for token in range(len(tokens), count))][:count]
    kinds = [*kinds, *[_NORMAL] * max(0, count - len(kinds))][:count]
    end = description.end_tokens[0] if description.end_tokens else 2
    yield "tokenizer.ggml.model", _STRING, _string("llama")
    yield "tokenizer.ggml.tokens", _ARRAY, _array(_STRING, tokens, _string)
    yield "tokenizer.ggml.scores", _ARRAY, _array(_F32, [0.0] * count, lambda score: struct.pack("<f", score))
    yield "tokenizer.ggml.token_type", _ARRAY, _array(_I32, kinds, lambda kind: struct.pack("<i", kind))
    yield "tokenizer.ggml.unknown_token_id", _U32, struct.pack("<I", 0)
    yield "tokenizer.ggml.bos_token_id", _U32, struct.pack("<I", min(1, last))
    yield "tokenizer.ggml.eos_token_id", _U32, struct.pack("<I", min(end, last))


def _string(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _array(kind: int, items: Iterable[Any], pack: Callable[[Any], bytes]) -> bytes:
    packed = [pack(item) for item in items]
    return struct.pack("<IQ", kind, len(packed)) + b"".join(packed)
