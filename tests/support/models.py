"""Random models and a tokenizer, made once a session, so that tests of programs do not depend on what ships."""

from __future__ import annotations

from pathlib import Path

from text.invalid_tokenizers import SIDECAR, valid

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.synth import write_synthetic

VOCABULARY = 2048  # one token in 2048 ends an answer


def write_model(folder: Path, dim: int, hidden: int, layers: int, seq_len: int, seed: int = 1) -> Path:
    """Write a random int8 model with 8 heads, its tokenizer and sidecar; return the model's path."""
    (folder / "tokenizer.bin").write_bytes(valid(VOCABULARY))
    (folder / "tokenizer.meta.json").write_text(SIDECAR)
    shape = ModelDescription(dim, hidden, layers, 8, 4, VOCABULARY, seq_len, dim // 8, True, "int8", 32)
    write_synthetic(folder / "model.bin", shape, seed=seed)
    return folder / "model.bin"


def write_slow(folder: Path) -> Path:
    """Write a model of 44 MB, 3 to 10 ms a token: long enough to be killed in the middle of, on a fast machine too."""
    return write_model(folder, 512, 1536, 12, 1024)


def write_quick(folder: Path) -> Path:
    """Write a model that takes well under a millisecond a token; 512 positions."""
    return write_model(folder, 64, 128, 2, 512)
