"""A folder of Hugging Face's as a ModelFile: what `checkpoints.model_file.open_model` gives for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.fingerprint import fingerprint_files
from llmproc.checkpoints.huggingface.config import read_config
from llmproc.checkpoints.huggingface.describing import describe
from llmproc.checkpoints.huggingface.shards import WeightFiles, read_weight_files
from llmproc.checkpoints.tokenizer_file import load_tokenizer_file

if TYPE_CHECKING:
    from llmproc.checkpoints.huggingface.loading import FolderReader
    from llmproc.checkpoints.weights import LoadedModel
    from llmproc.text.tokenizers.contract import TextTokenizer


@dataclass(frozen=True, slots=True)
class HuggingFaceFolder:
    """A folder whose config.json and headers broke no rule."""

    path: Path
    files: WeightFiles
    description: ModelDescription
    notes: tuple[str, ...]  # what a user should know about how the files were read, a line each

    @classmethod
    def open(cls, path: Path | str) -> HuggingFaceFolder:
        """Read and check everything but the weights. CheckpointError."""
        folder = Path(path)
        files = read_weight_files(folder)
        found = describe(read_config(folder), {name: info for name, (_, info) in files.tensors().items()})
        return cls(folder, files, found.description, (*files.notes, *found.notes))

    @property
    def format(self) -> str:
        """Return `Hugging Face`."""
        return "Hugging Face"

    @property
    def version(self) -> str:
        """Return how many files of weights there are: `safetensors`, or `safetensors in 3 files`."""
        return "safetensors" if len(self.files.heads) == 1 else f"safetensors in {len(self.files.heads)} files"

    @property
    def size(self) -> int:
        """Return the bytes of all files of weights."""
        return self.files.size

    def fingerprint(self) -> str:
        """Identify the content of the weights' files. CheckpointError when one cannot be read."""
        return fingerprint_files([head.path for head in self.files.heads])

    @property
    def tokenizer_path(self) -> Path:
        """Return the path of the folder, in which tokenizer.json stands."""
        return self.path

    def load_tokenizer(self, path: Path) -> TextTokenizer:
        """Load the tokenizer in `path`. TokenizerError."""
        return load_tokenizer_file(path, self.description.vocab_size)

    def stored_type(self, name: str, layer: int | None) -> str:
        """Return the type in which a matrix is stored."""
        from llmproc.checkpoints.huggingface.names import file_name

        return self.files.tensors()[file_name(name, layer)][1].dtype

    def weight_source(self) -> FolderReader:
        """Return what reads one tensor after another."""
        from llmproc.checkpoints.huggingface.loading import FolderReader

        return FolderReader(self.files)

    def load(self) -> LoadedModel:
        """Read every tensor into private memory. CheckpointError."""
        from llmproc.checkpoints.huggingface.loading import load_files  # main opens models and never imports NumPy

        return load_files(self.files, self.description)
