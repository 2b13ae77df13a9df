"""What is in an open model, tensor by tensor, and what it needs to run. No weights are read, no NumPy.

Used by `llmproc show`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.gguf.model_file import GgufFile
from llmproc.checkpoints.gguf.names import file_name as gguf_name
from llmproc.checkpoints.huggingface.model_file import HuggingFaceFolder
from llmproc.checkpoints.huggingface.names import file_name as folder_name
from llmproc.checkpoints.llama2c.layout import ROPE_TABLES, spans
from llmproc.checkpoints.llama2c.model_file import Llama2cFile
from llmproc.checkpoints.model_file import ModelFile
from llmproc.checkpoints.tensors import MATRICES, all_tensors, tensor_shape
from llmproc.kernels.stored import tiles_of
from llmproc.simd.layout import LANES

KV_BYTES = 2  # of a half, in which keys and values are kept unless --kv-type says otherwise


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """One tensor: its name here, its type in the file, and how much it takes there and in memory."""

    name: str  # of `tensors`; a bias has its matrix's name and ` bias`
    layer: int | None
    type: str
    tile: str
    count: int  # values
    stored: int  # bytes
    packed: int  # bytes


@dataclass(frozen=True, slots=True)
class TypeShare:
    """All tensors of one kind that are of one type: how many, and their bytes."""

    name: str
    type: str
    tile: str
    tensors: int
    stored: int
    packed: int


def stored_tensors(model: ModelFile) -> Iterator[StoredTensor]:
    """Yield every tensor of a model that the engine uses."""
    d = model.description
    types = _types(model)
    for name, layer, part in all_tensors(d):
        shape = tensor_shape(d, name)[:1] if part == "bias" else tensor_shape(d, name)
        count = shape[0] * (shape[1] if len(shape) == 2 else 1)
        kind, stored = types[name, layer, part]
        tiles = tiles_of(kind if name in MATRICES and part == "weight" else "F32", d.group_size)
        rows, columns = shape if len(shape) == 2 else (shape[0], 1)
        packed = -(-rows // LANES) * sum(tiles.bytes_of(columns))
        label = name if part == "weight" else f"{name} {part}"
        yield StoredTensor(label, layer, kind, tiles.name, count, stored, packed)


def type_shares(model: ModelFile) -> list[TypeShare]:
    """Return how many tensors of each kind are of each type, kind by kind."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for tensor in stored_tensors(model):
        sums = found.setdefault((tensor.name, tensor.type, tensor.tile), [0, 0, 0])
        for place, value in enumerate((1, tensor.stored, tensor.packed)):
            sums[place] += value
    order = list(dict.fromkeys(name for name, _, _ in found))
    shares = [TypeShare(*key, *sums) for key, sums in found.items()]
    return sorted(shares, key=lambda share: order.index(share.name))


def parameters(model: ModelFile) -> int:
    """Return how many numbers the model is made of; a shared embedding counts once."""
    return sum(tensor.count for tensor in stored_tensors(model))


def kv_bytes(description: ModelDescription) -> int:
    """Return the bytes of the keys and values of one position."""
    return 2 * description.n_layers * description.kv_dim * KV_BYTES


def _types(model: ModelFile) -> dict[tuple[str, int | None, str], tuple[str, int]]:
    """Return type and bytes of each tensor in the file."""
    found: dict[tuple[str, int | None, str], tuple[str, int]] = {}
    if isinstance(model, Llama2cFile):
        for span in spans(model.description, model.header.layout):
            if span.name not in ROPE_TABLES:
                kind = "F32" if span.scales_offset is None else "int8"
                found[span.name, span.layer, "weight"] = (kind, span.nbytes)
        return found
    for name, layer, part in all_tensors(model.description):
        if isinstance(model, GgufFile):
            info = model.tensors[gguf_name(name, layer, part)]
            found[name, layer, part] = (info.type.name, info.nbytes)
        else:
            assert isinstance(model, HuggingFaceFolder)
            stored = model.files.tensors()[folder_name(name, layer, part)][1]
            found[name, layer, part] = (stored.dtype, stored.nbytes)
    return found
