"""A GGUF model, in one file or several, as a ModelFile: what `checkpoints.model_file.open_model` gives for it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.fingerprint import fingerprint_files
from llmproc.checkpoints.gguf.describing import describe
from llmproc.checkpoints.gguf.head import TensorInfo
from llmproc.checkpoints.gguf.metadata import Metadata
from llmproc.checkpoints.gguf.names import ROPE_DIVISORS, file_name
from llmproc.checkpoints.gguf.split import GgufSet, read_set
from llmproc.checkpoints.ranges import HEAD_DIM
from llmproc.checkpoints.source_file import open_regular, read_span, refuse
from llmproc.checkpoints.tokenizer_file import load_tokenizer_file

if TYPE_CHECKING:
    from llmproc.checkpoints.gguf.loading import TensorReader
    from llmproc.checkpoints.weights import LoadedModel
    from llmproc.text.tokenizers.contract import TextTokenizer


@dataclass(frozen=True)
class GgufFile:
    """A GGUF model whose head broke no rule."""

    files: GgufSet
    description: ModelDescription

    @classmethod
    def open(cls, path: Path | str) -> GgufFile:
        """Read and check everything but the weights. CheckpointError."""
        files = read_set(path)
        infos = {name: info for name, (_, info) in files.tensors().items()}
        return cls(files, describe(files.metadata, infos, _rope_divisors(files)))

    @property
    def path(self) -> Path:
        """Return the path of the (first) file."""
        return self.files.heads[0].path

    @property
    def format(self) -> str:
        """Return `GGUF`."""
        return "GGUF"

    @property
    def version(self) -> str:
        """Return `version 3` or `version 2`."""
        return f"version {self.files.heads[0].version}"

    @property
    def size(self) -> int:
        """Return the bytes of all files."""
        return self.files.size

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what a user should know about how the files were read, a line each."""
        return ()

    @property
    def metadata(self) -> Metadata:
        """Return what the file says of itself and of its tokenizer."""
        return self.files.metadata

    @cached_property
    def tensors(self) -> dict[str, TensorInfo]:
        """Return every tensor by its name in the file, with its type."""
        return {name: info for name, (_, info) in self.files.tensors().items()}

    def fingerprint(self) -> str:
        """Identify the content of all files. CheckpointError when one cannot be read."""
        return fingerprint_files([head.path for head in self.files.heads])

    @property
    def tokenizer_path(self) -> Path:
        """Return the path of the (first) file, whose metadata holds the vocabulary."""
        return self.path

    def load_tokenizer(self, path: Path) -> TextTokenizer:
        """Load the tokenizer of the file's own metadata, or the one in another file. TokenizerError."""
        if path != self.path:
            return load_tokenizer_file(path, self.description.vocab_size)
        from llmproc.text.tokenizers.gguf import load_gguf_tokenizer  # the template opens models and needs none

        return load_gguf_tokenizer(path, self.metadata, self.description.vocab_size)

    def stored_type(self, name: str, layer: int | None) -> str:
        """Return the type in which a matrix is stored."""
        return self.tensors[file_name(name, layer)].type.name

    def weight_source(self) -> TensorReader:
        """Return what reads one tensor after another."""
        from llmproc.checkpoints.gguf.loading import TensorReader

        return TensorReader(self.files)

    def load(self) -> LoadedModel:
        """Read every tensor into private memory. CheckpointError."""
        from llmproc.checkpoints.gguf.loading import load_set  # main opens models and never imports NumPy

        return load_set(self.files, self.description)


def _rope_divisors(files: GgufSet) -> tuple[float, ...]:
    """Return the values of rope_freqs.weight, () without it. CheckpointError."""
    found = files.tensors().get(ROPE_DIVISORS)
    if found is None:
        return ()
    head, info = found
    if info.type.name != "F32" or len(info.shape) != 1 or info.shape[0] > HEAD_DIM[1] // 2:
        shown = f"{info.type.name} {list(info.shape)}"
        raise refuse(head.path, ROPE_DIVISORS, shown, f"must be F32 and at most {HEAD_DIM[1] // 2} values")
    raw = bytearray(info.nbytes)
    with open_regular(head.path) as (fd, _), memoryview(raw) as view:
        read_span(head.path, fd, info.offset, view)
    return struct.unpack(f"<{info.shape[0]}f", raw)
