"""Small models with tokenizers, as folders and files, for tests of conversions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from checkpoints import hugging_face_folders
from checkpoints.plain_forward import logits_of
from text.small_vocabularies import ROWS, sentencepiece_json, tokenizer_json, write_folder

from llmproc.checkpoints.gguf.model_file import GgufFile
from llmproc.checkpoints.gguf.synthetic import write_synthetic_gguf
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.synth_shapes import synthetic_model
from llmproc.text.tokenizers.vocabulary import write_tokenizer

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SIZES = {"dim": 64, "hidden": 96, "layers": 4, "heads": 4, "kv_heads": 2, "head_dim": 16, "vocab": ROWS}


def folder_with_tokenizer(
    folder: Path, architecture: str = "llama", family: str = "llama-bpe", dtype: str = "F32", **changes: Any
) -> Path:
    """A folder with random weights and the tokenizer of a family; `sentencepiece`: as Llama 2's. `changes`: config."""
    found = hugging_face_folders.small_arrays(architecture, 1, dtype, **SIZES)
    hugging_face_folders.write_folder(folder, architecture, changes, found, **SIZES)
    tokenizer = sentencepiece_json() if family == "sentencepiece" else tokenizer_json(family)
    if family == "llama-bpe":
        tokenizer["model"]["ignore_merges"] = True
    eos = "</s>" if family == "sentencepiece" else "<|im_end|>"
    template = {} if family == "sentencepiece" else {"chat_template_jinja": CHATML}
    return write_folder(folder, tokenizer, tokenizer_config_json={"eos_token": eos}, **template)


def letters_tokenizer(path: Path, count: int) -> Path:
    """A tokenizer.bin of `count` entries in which nothing is joined."""
    write_tokenizer(path, [b"<unk>", b"<s>", b"</s>", *(b"%c" % (97 + at) for at in range(count - 3))], [0.0] * count)
    return path


def logits(path: Path, positions: int = 60) -> np.ndarray:
    """What the model at `path` says at every position of a fixed text, in float64."""
    model = open_model(path)
    tokens = np.random.default_rng(3).integers(0, model.description.vocab_size, positions)
    return logits_of(model.description, model.load().weights, tokens)


def same_logits(first: Path, second: Path, bound: float = 1e-5, positions: int = 60) -> bool:
    """Whether two models agree at every position, as far as the rounding of their constants allows."""
    one, other = logits(first, positions), logits(second, positions)
    return bool(np.abs(one - other).max() <= bound * np.abs(one).max())


def synthetic(folder: Path, weights: str, architecture: str | None = None) -> GgufFile:
    path = folder / f"{weights}.gguf"
    write_synthetic_gguf(path, synthetic_model("tiny", architecture, gguf=True), weights, 1)
    found = open_model(path)
    assert isinstance(found, GgufFile)
    return found
