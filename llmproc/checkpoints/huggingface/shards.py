"""Which files of a folder hold its weights: one file, or the shards that an index names. Used by `model_file`.

As transformers does it: model.safetensors counts before an index beside it, which may be of an older or newer save and
may name files that are gone. What is ignored is said.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from llmproc.checkpoints.huggingface.json_files import INDEX_LIMIT, read_object
from llmproc.checkpoints.huggingface.safetensors import SafetensorInfo, SafetensorsHead, read_safetensors
from llmproc.checkpoints.source_file import refuse

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
FILES_LIMIT = 1000
_OTHERS = {  # what else a folder may hold, and what to say
    "mlc-chat-config.json": "is compiled for MLC: take the same model as safetensors or GGUF",
    "pytorch_model.bin": "is a pickle, which is not read: take the same model as safetensors or GGUF",
    "pytorch_model.bin.index.json": "names pickles, which are not read: take the same model as safetensors or GGUF",
}


@dataclass(frozen=True, slots=True)
class WeightFiles:
    """The files of weights of one folder, and what a user should know about the choice."""

    heads: tuple[SafetensorsHead, ...]
    notes: tuple[str, ...]

    @property
    def size(self) -> int:
        """Return the bytes of all files."""
        return sum(head.size for head in self.heads)

    def tensors(self) -> dict[str, tuple[SafetensorsHead, SafetensorInfo]]:
        """Return every tensor by name, with the file it is in."""
        return {name: (head, info) for head in self.heads for name, info in head.tensors.items()}


def read_weight_files(folder: Path) -> WeightFiles:
    """Read the headers of a folder's files of weights. CheckpointError when there are none, or one breaks a rule."""
    single, index = folder / SINGLE, folder / INDEX
    if os.path.exists(single):
        notes = (f"{SINGLE} is read, {INDEX} beside it is ignored",) if os.path.exists(index) else ()
        return WeightFiles((read_safetensors(single),), notes)
    if not os.path.exists(index):
        raise _nothing(folder)
    wanted = _weight_map(index)
    heads = tuple(read_safetensors(folder / name) for name in sorted(set(wanted.values())))
    _check_map(index, wanted, heads)
    return WeightFiles(heads, ())


def _nothing(folder: Path) -> Exception:
    for name, reason in _OTHERS.items():
        if os.path.exists(folder / name):
            return refuse(folder, name, "all there is", f"{name} {reason}")
    return refuse(folder, SINGLE, "missing", f"must be in a folder, or {INDEX} (a GGUF model is named by its file)")


def _weight_map(index: Path) -> dict[str, str]:
    found = read_object(index, INDEX_LIMIT).get("weight_map")
    if not isinstance(found, dict) or not found or not all(isinstance(name, str) for name in found.values()):
        raise refuse(index, "weight_map", type(found).__name__, "must be an object of tensor names and file names")
    for name in set(found.values()):
        if Path(name).name != name or not name.endswith(".safetensors") or "\0" in name:
            raise refuse(index, "weight_map", repr(name[:60]), "must name .safetensors files in the same folder")
    if len(set(found.values())) > FILES_LIMIT:
        raise refuse(index, "weight_map", f"{len(set(found.values()))} files", f"must be at most {FILES_LIMIT}")
    return found


def _check_map(index: Path, wanted: dict[str, str], heads: tuple[SafetensorsHead, ...]) -> None:
    """Check that each tensor is in the file that the index names, and in no other."""
    places: dict[str, str] = {}
    for head in heads:
        for name in head.tensors:
            if name in places:
                raise refuse(head.path, "tensor", name, f"must stand in one file, it is in {places[name]} too")
            places[name] = head.path.name
    for name, file in wanted.items():
        if places.get(name) != file:
            raise refuse(
                index, f"weight_map: {name}", file, f"must be in that file, it is in {places.get(name, 'none')}"
            )
