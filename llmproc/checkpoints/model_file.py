"""One way to open a model, whatever format it is stored in: `open_model(path)`.

    open_model(path) --> ModelFile     .path .format .version .description .size     what main needs; no NumPy
                                       .fingerprint()                                reads the file, keeps nothing
                                       .tokenizer_path .load_tokenizer(path)
                                       .weight_source()                              the template: tensor by tensor
                                       .load()                                       all weights at once

Used by everything that reads a model. A new format is a folder of this room with a class of ModelFile's shape and one
line in `open_model`: the reader brings the format's own names to those of `tensors` and its types to those of
`weight_types`, and no caller changes. Formats that store a tokenizer with the model name it as `tokenizer_path`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.llama2c.model_file import Llama2cFile
from llmproc.checkpoints.source_file import open_regular
from llmproc.checkpoints.tensors import MATRICES, all_tensors
from llmproc.errors import CheckpointError

if TYPE_CHECKING:
    from llmproc.checkpoints.weight_source import WeightSource
    from llmproc.checkpoints.weights import LoadedModel
    from llmproc.text.tokenizers.contract import TextTokenizer

_GGUF = b"GGUF"
_FOLDER_FILES = (  # of Hugging Face, any of them; the last one is MLC's, which is refused by name
    "config.json", "model.safetensors", "model.safetensors.index.json", "mlc-chat-config.json",
)  # fmt: skip


class ModelFile(Protocol):
    """A model on disk whose header broke no rule. Of its weights nothing has been read yet."""

    @property
    def path(self) -> Path:
        """Return the path of the file, or of the folder if the format has several files."""

    @property
    def format(self) -> str:
        """Return the format's name, such as `llama2.c`."""

    @property
    def version(self) -> str:
        """Return the version or layout of the format, such as `version 2`."""

    @property
    def description(self) -> ModelDescription:
        """Return shape and constants of the model."""

    @property
    def size(self) -> int:
        """Return the bytes of all weights as stored; loading takes about as much memory."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what a user should know about how the files were read, a line each."""

    def fingerprint(self) -> str:
        """Identify the content by reading the file, without keeping it. CheckpointError when it cannot be read."""

    @property
    def tokenizer_path(self) -> Path:
        """Return where the tokenizer is unless a user names another one: the model itself, if it brings one."""

    def load_tokenizer(self, path: Path) -> TextTokenizer:
        """Load the tokenizer from `path`. TokenizerError when it breaks a rule or does not fit the vocabulary.

        MissingPackageError when it needs a package that is not installed.
        """

    def stored_type(self, name: str, layer: int | None) -> str:
        """Return the type in which a matrix is stored, by GGUF's name; `int8` is llama2.c's."""

    def weight_source(self) -> WeightSource:
        """Return what reads one tensor after another."""

    def load(self) -> LoadedModel:
        """Read every tensor. CheckpointError when the file has changed, is cut short, or holds NaN or infinity."""


def stored_types(model: ModelFile) -> frozenset[str]:
    """Return the types in which the matrices of a model are stored."""
    keys = [
        (name, layer) for name, layer, part in all_tensors(model.description) if name in MATRICES and part != "bias"
    ]
    return frozenset(model.stored_type(name, layer) for name, layer in keys)


def open_model(path: Path | str) -> ModelFile:
    """Read and check the header of the model at `path`: a file, or a folder of Hugging Face's.

    Of the file no more than the header is read (of llama2.c's a few hundred bytes, of GGUF's the vocabulary too), and
    it never hangs. CheckpointError naming file, field, value and rule.
    """
    if os.path.isdir(path):
        if not any(os.path.exists(os.path.join(path, name)) for name in _FOLDER_FILES):
            raise CheckpointError(path, "file", "a directory", "must be a model, or a folder with config.json")
        from llmproc.checkpoints.huggingface.model_file import HuggingFaceFolder  # needs msgspec, a start does not

        return HuggingFaceFolder.open(path)
    with open_regular(path) as (fd, _):
        magic = os.pread(fd, 4, 0)
    if magic == _GGUF:
        from llmproc.checkpoints.gguf.model_file import GgufFile  # here: a start with another format is quicker

        return GgufFile.open(path)
    return Llama2cFile.open(path)
