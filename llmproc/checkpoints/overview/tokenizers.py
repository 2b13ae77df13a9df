"""What kind of tokenizer a model has. Used by `llmproc show`."""

from __future__ import annotations

from llmproc.checkpoints.gguf.model_file import GgufFile
from llmproc.checkpoints.huggingface.model_file import HuggingFaceFolder
from llmproc.checkpoints.model_file import ModelFile

_MODEL, _PRE = "tokenizer.ggml.model", "tokenizer.ggml.pre"


def kind_of_tokenizer(model: ModelFile) -> str:
    """Return `gpt2 qwen2` and the like for a GGUF file's own, else the name of the file."""
    if isinstance(model, GgufFile) and (kind := model.metadata.text(_MODEL)):
        return f"{kind} {model.metadata.text(_PRE) or ''}".strip()
    return "tokenizer.json" if _brings_json(model) else "tokenizer.bin"


def _brings_json(model: ModelFile) -> bool:
    return isinstance(model, HuggingFaceFolder) and (model.path / "tokenizer.json").exists()
