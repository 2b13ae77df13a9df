"""A model that does not open, shown as far as it can be read: an architecture or a feature that is not known.

A file that is damaged has nothing to show but the error. Used by `llmproc show`.
"""

from __future__ import annotations

import os
from array import array
from pathlib import Path
from typing import Any

from llmproc.checkpoints.gguf.head import read_metadata
from llmproc.checkpoints.gguf.split import read_set
from llmproc.checkpoints.huggingface.config import CONFIG, CONFIG_LIMIT
from llmproc.checkpoints.huggingface.json_files import read_object
from llmproc.checkpoints.huggingface.shards import read_weight_files
from llmproc.errors import CheckpointError
from llmproc.kernels.stored import tiles_of

_KEYS = ("model_type", "architectures", "hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size")


def partial_facts(path: Path, error: CheckpointError) -> dict[str, Any]:
    """Return what can be said of a model that was refused with `error`. The same error when nothing can."""
    try:
        found = _folder(path) if os.path.isdir(path) else _gguf(path)
    except CheckpointError:
        raise error from None
    return {"model": str(path), **found, "runs": False, "reason": str(error)}


def _gguf(path: Path) -> dict[str, Any]:
    values = read_metadata(path)
    name = values.text("general.architecture") or "not named"
    numbers = {
        key: value
        for key, value in values.items()
        if key.startswith(f"{name}.") and not isinstance(value, array) and isinstance(value, (int, float, str))
    }
    tokens = values.strings("tokenizer.ggml.tokens")
    return {
        "format": "GGUF",
        "architecture": name,
        "values": numbers,
        "types": _gguf_types(path),
        "memory": {"file": path.stat().st_size},
        "tokenizer": {"type": values.text("tokenizer.ggml.model"), "entries": len(tokens or ())},
    }


def _gguf_types(path: Path) -> list[dict[str, Any]]:
    """Return the types of the tensors; [] where one of them is not known."""
    try:
        files = read_set(path)
    except CheckpointError:
        return []
    kinds: dict[str, list[int]] = {}
    for _, info in files.tensors().values():
        sums = kinds.setdefault(info.type.name, [0, 0])
        sums[0], sums[1] = sums[0] + 1, sums[1] + info.nbytes
    return [
        {"type": kind, "tile": tiles_of(kind, 0).name, "tensors": count, "stored": stored}
        for kind, (count, stored) in kinds.items()
    ]


def _folder(path: Path) -> dict[str, Any]:
    config = read_object(path / CONFIG, CONFIG_LIMIT)
    files = read_weight_files(path)
    kinds: dict[str, list[int]] = {}
    for _, info in files.tensors().values():
        sums = kinds.setdefault(info.dtype, [0, 0])
        sums[0], sums[1] = sums[0] + 1, sums[1] + info.nbytes
    return {
        "format": "Hugging Face safetensors",
        "architecture": str(config.get("model_type") or "not named"),
        "values": {key: config[key] for key in _KEYS if isinstance(config.get(key), (int, str, list))},
        "types": [{"type": kind, "tensors": count, "stored": stored} for kind, (count, stored) in kinds.items()],
        "memory": {"file": files.size},
    }
