"""llama2.c's three layouts as a ModelFile: what `checkpoints.model_file.open_model` gives for such a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.fingerprint import fingerprint_file
from llmproc.checkpoints.llama2c.header import Header, read_header
from llmproc.checkpoints.tokenizer_file import load_tokenizer_file
from llmproc.config import shipped_file

if TYPE_CHECKING:
    from llmproc.checkpoints.llama2c.tensor_reader import SpanReader
    from llmproc.checkpoints.weights import LoadedModel
    from llmproc.text.tokenizers.contract import TextTokenizer


@dataclass(frozen=True, slots=True)
class Llama2cFile:
    """A checkpoint of llama2.c with a checked header."""

    header: Header

    @classmethod
    def open(cls, path: Path | str) -> Llama2cFile:
        """Read and check the header. CheckpointError."""
        return cls(read_header(path))

    @property
    def path(self) -> Path:
        """Return the path of the file."""
        return self.header.path

    @property
    def format(self) -> str:
        """Return `llama2.c`."""
        return "llama2.c"

    @property
    def version(self) -> str:
        """Return `version 2`, `version 1` or `legacy`."""
        return self.header.layout

    @property
    def description(self) -> ModelDescription:
        """Return shape and constants of the model."""
        return self.header.description

    @property
    def size(self) -> int:
        """Return the bytes of the file."""
        return self.header.size

    @property
    def notes(self) -> tuple[str, ...]:
        """Return nothing: everything that such a file holds is read."""
        return ()

    def fingerprint(self) -> str:
        """Identify the content of the file. CheckpointError when it cannot be read."""
        return fingerprint_file(self.path)

    @property
    def tokenizer_path(self) -> Path:
        """Return the tokenizer.bin beside the file, else the shipped one: the format has no place for its own."""
        beside = self.path.parent / "tokenizer.bin"  # with_name would not take a name like `.`
        return beside if beside.exists() else shipped_file("tokenizer", "tokenizer.bin")

    def load_tokenizer(self, path: Path) -> TextTokenizer:
        """Load the tokenizer in `path`. TokenizerError."""
        return load_tokenizer_file(path, self.description.vocab_size)

    def stored_type(self, name: str, layer: int | None) -> str:
        """Return the type of all matrices: `int8` with float32 scales, or `F32`."""
        return "int8" if self.description.weight_type == "int8" else "F32"

    def weight_source(self) -> SpanReader:
        """Return what reads one tensor after another."""
        from llmproc.checkpoints.llama2c.tensor_reader import SpanReader

        return SpanReader(self.header)

    def load(self) -> LoadedModel:
        """Read the whole file into private memory and view its tensors there. CheckpointError."""
        from llmproc.checkpoints.llama2c.reading import load_weights  # main opens models and never imports NumPy

        return load_weights(self.header)
