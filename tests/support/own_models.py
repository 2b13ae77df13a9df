"""Small random models that bring a tokenizer and a chat template of their own, as GGUF file and as Hugging Face folder.

They are written as float32 and best run with `--weights int8`, whose kernels other tests have compiled already.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from checkpoints import gguf_files, hugging_face_folders
from text.chat_cases import TEMPLATES
from text.small_vocabularies import byte_level_metadata, sentencepiece_metadata, tokenizer_json

ROWS = 1600  # of the embedding; the vocabularies are a little smaller
SIZES: dict[str, int] = {"dim": 64, "hidden": 128, "heads": 4, "kv_heads": 2, "head_dim": 16, "vocab": ROWS}
SPECIAL = {"bos_token": "<|begin_of_text|>", "eos_token": "<|endoftext|>"}


def write_own_folder(folder: Path, template: str = "chatml", context: int = 512, **files: Any) -> Path:
    """Write a folder; `files`: more of them by their names, `generation_config={...}`."""
    hugging_face_folders.write_folder(folder, "llama", {"eos_token_id": 3}, None, context=context, **SIZES)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer_json()))
    (folder / "tokenizer_config.json").write_text(json.dumps(SPECIAL))
    (folder / "chat_template.jinja").write_text(TEMPLATES.get(template, template))
    for name, value in files.items():
        (folder / f"{name}.json").write_text(json.dumps(value))
    return folder


def write_own_gguf(
    path: Path, template: str | None = "chatml", context: int = 512, sentencepiece: bool = False, **keys: Any
) -> Path:
    """Write a GGUF file; `keys`: of the vocabulary, by their names without `tokenizer.ggml.`, None: left out."""
    pairs, tensors = gguf_files.small_model("llama", context=context, **SIZES)
    kept = {key: pair for key, pair in pairs.items() if not key.startswith("tokenizer.")}
    metadata = sentencepiece_metadata(**keys) if sentencepiece else byte_level_metadata(**keys)
    if template is not None:
        metadata["tokenizer.chat_template"] = TEMPLATES.get(template, template)
    path.write_bytes(gguf_files.gguf_bytes({**kept, **{key: _pair(value) for key, value in metadata.items()}}, tensors))
    return path


def _pair(value: Any) -> tuple[int, Any]:
    kinds: dict[type, int] = {str: gguf_files.STRING, bool: gguf_files.BOOL, float: gguf_files.F32}
    if isinstance(value, list):
        return gguf_files.ARRAY, (kinds.get(type(value[0]), gguf_files.I32), value)
    return kinds.get(type(value), gguf_files.U32), value
