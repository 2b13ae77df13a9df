"""A model of any format written as a GGUF file, its tokenizer and chat template in it.

Used by `llmproc convert`. Without a wanted type every matrix keeps its own, bit for bit; llama2.c's int8 groups become
the float32 values they stand for, since no type of GGUF has float32 scales.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.conversion.tensors import SourceTensors, source_tensors
from llmproc.checkpoints.conversion.vocabularies import vocabulary_of
from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.features import Pairs
from llmproc.checkpoints.gguf.container import Pieces, Progress, write_container
from llmproc.checkpoints.gguf.mixes import MIXES
from llmproc.checkpoints.gguf.model_file import GgufFile
from llmproc.checkpoints.gguf.model_pairs import (
    check_gguf_features,
    gguf_architecture,
    model_pairs,
    rope_divisors,
    yarn_pairs,
)
from llmproc.checkpoints.gguf.names import ROPE_DIVISORS
from llmproc.checkpoints.gguf.pairs import ALIGNMENT, MetadataPair, as_read, whole
from llmproc.checkpoints.gguf.planning import PlannedTensor, planned_tensors
from llmproc.checkpoints.gguf.token_pairs import vocabulary_pairs
from llmproc.checkpoints.gguf.writer import matrix_bytes
from llmproc.checkpoints.huggingface.config import read_config
from llmproc.checkpoints.huggingface.model_file import HuggingFaceFolder
from llmproc.checkpoints.huggingface.rope import read_yarn
from llmproc.checkpoints.model_file import ModelFile
from llmproc.checkpoints.rope_scaling import YarnScaling
from llmproc.checkpoints.source_file import refuse
from llmproc.checkpoints.tensors import MATRICES
from llmproc.checkpoints.weight_types import FLOATS
from llmproc.checkpoints.weights import Float32
from llmproc.errors import UsageError

WEIGHTS = ("f32", "f16", "bf16", "q8_0", "q4_0")  # what float32 values can be made into here
_PIECE = 1 << 20  # values rounded at once
_OWN = ("general.alignment", "general.file_type")


def write_as_gguf(
    model: ModelFile, path: Path | str, weights: str | None, tokenizer: Path | None, progress: Progress | None = None
) -> tuple[str, ...]:
    """Write `model` to `path` and return what a user should know, a line each.

    `weights`: one of WEIGHTS for every matrix, None: as they are. `tokenizer`: a tokenizer.bin instead of the model's
    own. UsageError for another type or one that does not fit a matrix; CheckpointError naming what GGUF cannot express,
    a weight that does not fit or a file that cannot be read or written; TokenizerError for a tokenizer.
    """
    if weights not in (None, *WEIGHTS):
        raise UsageError(f"--weights is {weights}: must be one of {', '.join(WEIGHTS)} with --to gguf")
    description = model.description
    yarn = None
    if not isinstance(model, GgufFile):
        yarn = _yarn(model)
        check_gguf_features(description, model.path, yarn)
    with source_tensors(model, _pairs(description)) as source:
        tensors = list(_planned(model, source, weights))
        if weights:
            _check_types(model, tensors, weights)
        pairs, notes = _metadata(model, tensors, tokenizer, yarn)
        write_container(path, pairs, tensors, lambda tensor: _data(model, source, tensor), progress)
        source.require_unchanged()
    return (*notes, *_requantised_note(model, weights))


def _pairs(description: ModelDescription) -> Pairs:
    """Return the order of rotated pairs in a GGUF file of this architecture."""
    return "half-split" if gguf_architecture(description) in ("qwen2", "qwen3") else "interleaved"


def _yarn(model: ModelFile) -> YarnScaling | None:
    """Return the parameters of yarn that a folder names; None for any other scaling."""
    if isinstance(model, HuggingFaceFolder) and model.description.features.rope.scaling == "yarn":
        return read_yarn(read_config(model.path))
    return None


def _planned(model: ModelFile, source: SourceTensors, weights: str | None) -> Iterator[PlannedTensor]:
    mix = MIXES[weights or "f32"]
    divisors = isinstance(model, GgufFile) and ROPE_DIVISORS in model.tensors
    for tensor in planned_tensors(model.description, mix):
        if tensor.ours == ROPE_DIVISORS and isinstance(model, GgufFile) and not divisors:
            continue  # linear and yarn scaling stand in the metadata, which is copied
        if tensor.ours == ROPE_DIVISORS and model.description.features.rope.scaling == "yarn":
            continue
        matrix = tensor.ours in MATRICES and tensor.part == "weight"
        if matrix and weights is None:
            tensor = dataclasses.replace(tensor, type=source.type_of(tensor.ours, tensor.layer))
        yield tensor


def _check_types(model: ModelFile, tensors: list[PlannedTensor], weights: str) -> None:
    """Raise UsageError when a matrix cannot have the wanted type: rows that 32 does not divide."""
    for tensor in tensors:
        if tensor.ours in MATRICES and tensor.part == "weight" and tensor.type.name != MIXES[weights].base:
            rule = f"rows must be multiples of 32, those of {tensor.label} in {model.path} are {tensor.shape[1]}"
            raise UsageError(f"--weights is {weights}: {rule}")


def _metadata(
    model: ModelFile, tensors: list[PlannedTensor], tokenizer: Path | None, yarn: YarnScaling | None
) -> tuple[list[MetadataPair], tuple[str, ...]]:
    description, file_type = model.description, _file_type(tensors)
    if not isinstance(model, GgufFile):
        written = vocabulary_of(model, tokenizer)
        pairs = [*model_pairs(description, model.path.resolve().stem, file_type), *yarn_pairs(description, yarn)]
        pairs += vocabulary_pairs(written.vocabulary, description.vocab_size)
        return pairs, (*written.notes, *_window_note(description))
    pairs = [whole("general.alignment", ALIGNMENT), whole("general.file_type", file_type)]
    kept = {key: value for key, value in model.metadata.items() if key not in _OWN and not key.startswith("split.")}
    if tokenizer is None:
        return [*pairs, *(as_read(key, value) for key, value in kept.items())], ()
    written = vocabulary_of(model, tokenizer)
    pairs += [as_read(key, value) for key, value in kept.items() if not key.startswith("tokenizer.")]
    return [*pairs, *vocabulary_pairs(written.vocabulary, description.vocab_size)], written.notes


def _file_type(tensors: list[PlannedTensor]) -> int:
    """Return llama.cpp's number for the type that most bytes of the file are in."""
    sizes: dict[str, int] = {}
    for tensor in tensors:
        if tensor.ours in MATRICES:
            sizes[tensor.type.name] = sizes.get(tensor.type.name, 0) + tensor.nbytes
    return MIXES[max(sizes, key=sizes.__getitem__).lower()].file_type


def _requantised_note(model: ModelFile, weights: str | None) -> tuple[str, ...]:
    """Return a note where numbers that were rounded once are rounded again."""
    if weights not in ("q8_0", "q4_0"):
        return ()
    if isinstance(model, GgufFile):
        kinds = {info.type.name for info in model.tensors.values()}
        again = bool(kinds - FLOATS - {weights.upper()})
    else:
        again = bool(model.description.group_size)
    if not again:
        return ()
    return (f"matrices that are quantised already are quantised again to {weights}: without --weights they stay exact",)


def _window_note(description: ModelDescription) -> tuple[str, ...]:
    window = max(description.features.windows, default=0)
    if not 0 < window < description.seq_len:
        return ()
    return (f"llama.cpp ignores the sliding window of {window} in such a file: it differs from position {window} on",)


def _data(model: ModelFile, source: SourceTensors, tensor: PlannedTensor) -> Pieces:
    if tensor.ours == ROPE_DIVISORS:
        return [np.array(rope_divisors(model.description), "<f4")]
    if tensor.ours not in MATRICES or tensor.part == "bias":
        return [source.values(tensor.ours, tensor.layer, tensor.part).astype("<f4", copy=False)]
    if tensor.type == source.type_of(tensor.ours, tensor.layer) and tensor.type.name not in FLOATS:
        return [source.raw(tensor.ours, tensor.layer)]
    values = source.values(tensor.ours, tensor.layer)
    if tensor.type.name == "BF16":
        return (rounded_to_bf16(rows, model.path, tensor.label) for rows in row_pieces(values))
    return matrix_bytes(tensor, values, model.path)


def row_pieces(values: Float32) -> Iterator[Float32]:
    """Yield a matrix some rows at a time, so that what is made of them stays small beside it."""
    step = max(1, _PIECE // values.shape[1])
    for start in range(0, len(values), step):
        yield values[start : start + step]


def rounded_to_bf16(values: Float32, path: Path, label: str) -> npt.NDArray[np.uint16]:
    """Return float32 as BF16, halves to even. CheckpointError for a value that becomes infinity: beyond 3.3895e38."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    found = ((bits + np.uint32(0x7FFF) + ((bits >> 16) & 1)) >> 16).astype("<u2")
    if ((found & 0x7FFF) >= 0x7F80).any():
        rule = "must be at most 3.3895e38 to be held as bf16"
        raise refuse(path, f"{label}: largest magnitude", f"{np.abs(values).max():g}", rule)
    return found
