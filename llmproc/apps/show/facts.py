"""A model that opens, as facts: what --json prints, and what `lines` puts into words. No weights are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.model_file import ModelFile
from llmproc.checkpoints.overview.tensors import kv_bytes, parameters, type_shares
from llmproc.checkpoints.overview.tokenizers import kind_of_tokenizer
from llmproc.errors import LlmprocError
from llmproc.text.tokenizers.contract import TextTokenizer


def facts_of(model: ModelFile, tokenizer: Path | None) -> dict[str, Any]:
    """Return everything about a model. `tokenizer`: None for the one that goes with it.

    CheckpointError when it cannot be read.
    """
    d = model.description
    shares = type_shares(model)
    packed, per_token = sum(share.packed for share in shares), kv_bytes(d)
    return {
        "model": str(model.path),
        "format": f"{model.format} {model.version}",
        "architecture": d.features.architecture,
        "runs": True,
        "reason": None,
        "parameters": parameters(model),
        "sizes": _sizes(d),
        "context": d.seq_len,
        "rope": _rope(d),
        "features": _features(d),
        "weights": [
            {name: getattr(share, name) for name in ("name", "type", "tile", "tensors", "stored", "packed")}
            for share in shares
        ],
        "memory": {
            "file": model.size,
            "weights": packed,
            "kv_per_token": per_token,
            "kv_full_context": per_token * d.seq_len,
        },
        "tokenizer": _tokenizer_facts(model, tokenizer),
        "notes": list(model.notes),
        "fingerprint": model.fingerprint(),
    }


def _sizes(d: ModelDescription) -> dict[str, int]:
    return {
        "layers": d.n_layers,
        "width": d.dim,
        "feed_forward": d.hidden_dim,
        "heads": d.n_heads,
        "kv_heads": d.n_kv_heads,
        "head_dim": d.head_dim,
        "vocabulary": d.vocab_size,
    }


def _rope(d: ModelDescription) -> dict[str, Any]:
    rope = d.features.rope
    return {
        "theta": d.rope_theta,
        "scaling": rope.scaling,
        "pairs": rope.pairs,
        "attention_factor": rope.attention_factor,
        "layers_without": list(d.features.no_rope_layers),
    }


def _features(d: ModelDescription) -> dict[str, Any]:
    windows = d.features.windows
    return {
        "output_layer": "the embedding" if d.shared_classifier else "its own",
        "biases": list(d.features.biases),
        "query_key_norm": d.features.query_key_norm,
        "norm_epsilon": d.norm_eps,
        "window": max(windows, default=0),
        "window_layers": [layer for layer, window in enumerate(windows) if window],
    }


def _tokenizer_facts(model: ModelFile, path: Path | None) -> dict[str, Any]:
    """Return what is to be known of the tokenizer, or why it cannot be read."""
    try:
        found = model.load_tokenizer(path or model.tokenizer_path)
    except LlmprocError as error:
        return {"error": str(error)}
    text = found.chat.template if found.chat else None
    return {
        "type": kind_of_tokenizer(model),
        "entries": model.description.vocab_size,
        "bos": _named(found, found.bos),
        "ends": [_named(found, token) for token in _ends(model, found)],
        "special": len(found.special),
        "template": "the model's own" if text is not None else found.template_name,
        "template_text": text,
        "notes": list(getattr(found, "notes", ())),
    }


def _ends(model: ModelFile, tokenizer: TextTokenizer) -> list[int]:
    return list(dict.fromkeys((*tokenizer.eos, *model.description.end_tokens)))


def _named(tokenizer: TextTokenizer, token: int | None) -> dict[str, Any] | None:
    """Return an id with its text."""
    if token is None:
        return None
    return {"id": token, "text": tokenizer.entry(token).decode("utf-8", "replace")}
