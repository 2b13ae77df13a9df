"""Small random GGUF models with three kinds of vocabulary, and a text: what llama.cpp's perplexity tool was asked.

Used by the tests and by the script that asked it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import random
from pathlib import Path

from llmproc.checkpoints.gguf.model_file import GgufFile
from llmproc.checkpoints.gguf.synthetic import write_synthetic_gguf
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.synth_shapes import synthetic_model
from llmproc.experiments.perplexity.windows import TextWindow, windows_of
from llmproc.text.tokenizers.gguf import load_gguf_tokenizer

CONTEXT = 64
PRE = {"byte-level, no BOS": "smollm", "byte-level with BOS": "llama-bpe", "SentencePiece with BOS": ""}
WORDS = (
    *("pipe", "fork", "wait", "read", "write", "the", "a", "of", "and", "process", "signal", "kernel", "page"),
    *("memory", "thread,", "file.", "Every", "is", "not", "when", "some", "child;", "parent", "12", "4096", "0x1f"),
    *("été", "naïve", "東京", "two"),
)
TEXT = "perplexity.txt"


def write_model_and_text(folder: Path, name: str) -> Path:
    """Write one of the models (a key of PRE) in float32, and the text beside it; return the model's path."""
    found = synthetic_model("tiny", None, gguf=True)
    described = dataclasses.replace(found.description, n_layers=2, vocab_size=512)
    path = folder / f"{PRE[name] or 'sentencepiece'}.gguf"
    write_synthetic_gguf(path, dataclasses.replace(found, description=described, pre=PRE[name]), "f32", seed=5)
    draw = random.Random(3)
    (folder / TEXT).write_text("".join(draw.choice(WORDS) + draw.choice(("  ", " ", "\n", "'s ")) for _ in range(500)))
    return path


def windows_in(path: Path) -> list[TextWindow]:
    """The text's windows, by the model's own tokenizer."""
    model = open_model(path)
    assert isinstance(model, GgufFile)
    tokenizer = load_gguf_tokenizer(path, model.metadata, model.description.vocab_size)
    ids = tokenizer.encode((path.parent / TEXT).read_bytes())
    return windows_of(ids if tokenizer.bos is None else [tokenizer.bos, *ids], CONTEXT, tokenizer.bos)


def digest_of_ids(windows: list[TextWindow]) -> str:
    return hashlib.sha256(str([window.ids for window in windows]).encode()).hexdigest()
