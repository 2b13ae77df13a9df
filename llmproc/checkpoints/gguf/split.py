"""A model split into several GGUF files: NAME-00001-of-00003.gguf and its siblings, as one set of tensors.

Used by `model_file`. The first file holds the metadata of the model; each holds its number, how many files there are,
and tensors of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from llmproc.checkpoints.gguf.head import GgufHead, TensorInfo, read_head
from llmproc.checkpoints.gguf.metadata import Metadata
from llmproc.checkpoints.source_file import refuse

FILES_LIMIT = 1000
NUMBER, COUNT, TENSORS = "split.no", "split.count", "split.tensors.count"
_NAME = re.compile(r"(?P<stem>.*)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.DOTALL)


@dataclass(frozen=True, slots=True)
class GgufSet:
    """The heads of all files of one model, in order."""

    heads: tuple[GgufHead, ...]

    @property
    def metadata(self) -> Metadata:
        """Return the metadata of the model: the first file's."""
        return self.heads[0].metadata

    @property
    def size(self) -> int:
        """Return the bytes of all files."""
        return sum(head.size for head in self.heads)

    def tensors(self) -> dict[str, tuple[GgufHead, TensorInfo]]:
        """Return every tensor by name, with the file it is in."""
        return {name: (head, info) for head in self.heads for name, info in head.tensors.items()}


def read_set(path: Path | str) -> GgufSet:
    """Read the head of `path` and, if it is the first of several files, of the others beside it. CheckpointError."""
    first = read_head(path)
    count = first.metadata.whole(COUNT, 0, FILES_LIMIT) or 1
    number = first.metadata.whole(NUMBER, 0, FILES_LIMIT) or 0
    if count == 1:
        return GgufSet((first,))
    names = _names(first.path, count)
    if number:
        raise refuse(path, NUMBER, number, f"must be 0: give the first file, {names[0].name}")
    heads = (first, *(_sibling(name, index, count) for index, name in enumerate(names) if index))
    found = GgufSet(heads)
    _check_tensors(found)
    return found


def _names(path: Path, count: int) -> list[Path]:
    match = _NAME.fullmatch(path.name)
    if match is None or int(match["count"]) != count:
        raise refuse(path, "name", path.name, f"must be NAME-00001-of-{count:05}.gguf, since {COUNT} is {count}")
    return [path.with_name(f"{match['stem']}-{index:05}-of-{count:05}.gguf") for index in range(1, count + 1)]


def _sibling(path: Path, index: int, count: int) -> GgufHead:
    head = read_head(path)
    for key, wanted in ((NUMBER, index), (COUNT, count)):
        found = head.metadata.whole(key, 0, FILES_LIMIT)
        if found != wanted:
            raise refuse(path, key, "missing" if found is None else found, f"must be {wanted}, as its name says")
    return head


def _check_tensors(found: GgufSet) -> None:
    seen: dict[str, Path] = {}
    for head in found.heads:
        for name in head.tensors:
            if name in seen:
                raise refuse(head.path, "tensor", name, f"must stand in one file, it is in {seen[name].name} too")
            seen[name] = head.path
    stated = found.metadata.whole(TENSORS, 0, 1 << 31)
    if stated is not None and stated != len(seen):
        raise refuse(found.heads[0].path, TENSORS, stated, f"must be the {len(seen)} tensors that the files hold")
