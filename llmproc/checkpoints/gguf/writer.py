"""A model as a GGUF file (version 3, architecture llama) that llama.cpp loads, from the very arrays we compute with.

Used by bench, which sets llama.cpp beside us on the same weights, and tests. Tokens in the file are placeholders: it is
fed with ids. The layout of the file is `container`'s, that of its blocks:

    Q8_0      for 32 values: scale:f16 value:i8[32]
    Q4_0      for 32 values: scale:f16 byte:u8[16]   byte j holds value j in its low half and value j + 16 in its high

llama2.c rotates neighbouring pairs, as llama.cpp does for this architecture: no row changes its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.ggml_types import convert
from llmproc.checkpoints.gguf.container import write_container
from llmproc.checkpoints.gguf.mixes import MIXES
from llmproc.checkpoints.gguf.model_pairs import model_pairs
from llmproc.checkpoints.gguf.pairs import MetadataPair, numbers, text, texts, whole, wholes
from llmproc.checkpoints.gguf.planning import PlannedTensor, planned_tensors
from llmproc.checkpoints.source_file import refuse, shown
from llmproc.checkpoints.weight_types import GROUP, STORED, converted_description
from llmproc.checkpoints.weights import Int8Matrix, Matrix, Q4Matrix, Weights
from llmproc.config import WeightType
from llmproc.errors import UsageError
from llmproc.text.tokenizers.gguf_vocabulary import BYTE, CONTROL, NORMAL, UNKNOWN

PIECE_GROUPS = 1 << 15  # groups of one matrix put into file order at once
_STORED: dict[str, WeightType] = {"F32": "f32", "F16": "f16", "Q8_0": "int8", "Q4_0": "q4"}
_Q8_0 = np.dtype([("scale", "<f2"), ("values", "i1", GROUP)])
_Q4_0 = np.dtype([("scale", "<f2"), ("values", "u1", GROUP // 2)])


def write_gguf(path: Path | str, description: ModelDescription, weights: Weights, weight_type: WeightType) -> None:
    """Write `weights` to `path` with every matrix as `weight_type` and norms as float32, a tensor at a time.

    Float32 matrices are quantised as `--weights` does it, those of the type already are written as they are.
    UsageError when `weight_type` cannot be made of `description` or GGUF cannot hold its groups; CheckpointError when a
    weight does not fit the type or the file cannot be written; ValueError when weights and description do not fit.
    """
    converted = converted_description(description, weight_type, path)
    _check_groups(path, converted, weights)
    mix = MIXES[STORED[weight_type].label.lower()]
    pairs = [*model_pairs(converted, "llmproc", mix.file_type), *_token_pairs(converted)]
    tensors = list(planned_tensors(converted, mix))
    write_container(path, pairs, tensors, lambda tensor: matrix_bytes(tensor, _taken(weights, tensor), path))


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


def _taken(weights: Weights, tensor: PlannedTensor) -> Matrix:
    array: Matrix = getattr(weights if tensor.layer is None else weights.layers[tensor.layer], tensor.ours)
    shape = array.values.shape if isinstance(array, (Int8Matrix, Q4Matrix)) else array.shape
    if shape != tensor.shape:
        raise ValueError(f"{tensor.label} is {shape}, it must be {tensor.shape}")
    return array


def matrix_bytes(tensor: PlannedTensor, array: Matrix, path: Path | str) -> Iterator[np.ndarray]:
    """Yield a tensor's bytes in file order, as arrays: float32 is quantised where its type in the file asks for it.

    CheckpointError when a weight does not fit the type.
    """
    stored = _STORED[tensor.type.name]
    matrix = array if len(tensor.shape) == 1 else convert(array, stored, path, tensor.label)
    if isinstance(matrix, np.ndarray):
        if not np.isfinite(matrix).all():
            raise refuse(path, tensor.label, "not finite", "every weight must be finite")
        yield matrix.astype("<f2" if stored == "f16" else "<f4", copy=False)
        return
    rows, cols = tensor.shape
    if matrix.scales.dtype != np.float16 or matrix.scales.shape != (rows, cols // GROUP):
        found = f"{matrix.scales.dtype} {matrix.scales.shape}"
        raise ValueError(f"{tensor.label} has scales {found}, they must be float16 {(rows, cols // GROUP)}")
    values, scales = matrix.values.reshape(-1, GROUP), matrix.scales.reshape(-1)
    for start in range(0, len(scales), PIECE_GROUPS):
        part = slice(start, start + PIECE_GROUPS)
        if stored == "int8":
            blocks = np.empty(len(scales[part]), _Q8_0)
            blocks["values"] = values[part]
        else:
            blocks = np.empty(len(scales[part]), _Q4_0)
            half = GROUP // 2
            blocks["values"] = values[part, :half] | values[part, half:] << 4
        blocks["scale"] = scales[part]
        yield blocks


def _token_pairs(description: ModelDescription) -> Iterator[MetadataPair]:
    """Yield as much of a tokenizer as llama.cpp needs to load a model: names that no text ever matches."""
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    kinds = [UNKNOWN, CONTROL, CONTROL, *[BYTE] * 256]
    count, last = description.vocab_size, description.vocab_size - 1
    tokens = [*tokens, *(f"<token {token}>" for token in range(len(tokens), count))][:count]
    kinds = [*kinds, *[NORMAL] * max(0, count - len(kinds))][:count]
    end = description.end_tokens[0] if description.end_tokens else 2
    yield text("tokenizer.ggml.model", "llama")
    yield texts("tokenizer.ggml.tokens", tokens)
    yield numbers("tokenizer.ggml.scores", [0.0] * count)
    yield wholes("tokenizer.ggml.token_type", kinds)
    yield whole("tokenizer.ggml.unknown_token_id", 0)
    yield whole("tokenizer.ggml.bos_token_id", min(1, last))
    yield whole("tokenizer.ggml.eos_token_id", min(end, last))
