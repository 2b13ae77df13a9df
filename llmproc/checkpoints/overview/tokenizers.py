"""The tokenizer of an open model: its own, else a tokenizer.bin; and what kind that is. Used by `llmproc show`."""

from __future__ import annotations

from pathlib import Path

from llmproc.checkpoints.gguf.model_file import GgufFile
from llmproc.checkpoints.huggingface.model_file import HuggingFaceFolder
from llmproc.checkpoints.model_file import ModelFile
from llmproc.errors import require_package
from llmproc.text.tokenizers.contract import TextTokenizer

_MODEL, _PRE = "tokenizer.ggml.model", "tokenizer.ggml.pre"


def tokenizer_of(model: ModelFile, path: Path) -> TextTokenizer:
    """Return the tokenizer that a model brings, else the one at `path`. TokenizerError, MissingPackageError."""
    if isinstance(model, GgufFile) and _MODEL in model.metadata:
        from llmproc.text.tokenizers.gguf import load_gguf_tokenizer

        return load_gguf_tokenizer(model.path, model.metadata, model.description.vocab_size)
    if _brings_json(model):
        require_package("tokenizers")
        from llmproc.text.tokenizers.folder import load_folder_tokenizer  # needs the library

        return load_folder_tokenizer(model.path, model.description.vocab_size)
    return model.load_tokenizer(path)


def kind_of_tokenizer(model: ModelFile) -> str:
    """Return what kind `tokenizer_of` finds: `gpt2 qwen2` and the like in GGUF, else the file's name."""
    if isinstance(model, GgufFile) and (kind := model.metadata.text(_MODEL)):
        return f"{kind} {model.metadata.text(_PRE) or ''}".strip()
    return "tokenizer.json" if _brings_json(model) else "tokenizer.bin"


def _brings_json(model: ModelFile) -> bool:
    return isinstance(model, HuggingFaceFolder) and (model.path / "tokenizer.json").exists()
