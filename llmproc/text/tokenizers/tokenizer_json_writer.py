"""A byte-level vocabulary as tokenizer.json and the files beside it, in the form that transformers 5 writes.

Used by synthetic models. Never in it: the model's own config.json.
"""

from __future__ import annotations

import json
from typing import Any

from llmproc.text.tokenizers.gguf_pre import PRE_TOKENIZERS
from llmproc.text.tokenizers.gguf_vocabulary import CONTROL, USER_DEFINED, GgufVocabulary


def folder_files(vocabulary: GgufVocabulary) -> dict[str, bytes]:
    """Return the files of a folder by name. ValueError for a vocabulary that is not byte-level."""
    v = vocabulary
    if v.model != "gpt2":
        raise ValueError(f"a vocabulary of {v.model} has no merges, which tokenizer.json needs")
    texts = {name: v.tokens[token].decode() for name, token in v.named.items()}
    config = {
        "backend": "tokenizers",
        **{f"{name}_token": text for name, text in texts.items() if name in ("bos", "eos")},
        "model_max_length": 1_000_000_000,
        "tokenizer_class": "TokenizersBackend",
    }
    files = {"tokenizer.json": _packed(tokenizer_json_of(v)), "tokenizer_config.json": _packed(config, 2)}
    if v.template is not None:
        files["chat_template.jinja"] = v.template.encode()
    return files


def tokenizer_json_of(vocabulary: GgufVocabulary) -> dict[str, Any]:
    """Return the content of tokenizer.json."""
    v, pre = vocabulary, PRE_TOKENIZERS[vocabulary.pre]
    named = {token: v.tokens[token].decode() for token, kind in enumerate(v.types) if kind in (CONTROL, USER_DEFINED)}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    added = [
        {"id": token, "content": text, **flags, "special": v.types[token] == CONTROL} for token, text in named.items()
    ]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": pre.as_json(),
        "post_processor": _beginning(v) if v.add_bos else None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": pre.whole_words,
            "vocab": {text.decode(): token for token, text in enumerate(v.tokens)},
            "merges": [merge.split(" ") for merge in v.merges],
        },
    }


def _beginning(v: GgufVocabulary) -> dict[str, Any]:
    """Return the post-processor that puts BOS before a text."""
    bos = v.tokens[v.named["bos"]].decode()
    first = [{"SpecialToken": {"id": bos, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    second = [{"SpecialToken": {"id": bos, "type_id": 1}}, {"Sequence": {"id": "B", "type_id": 1}}]
    named = {bos: {"id": bos, "ids": [v.named["bos"]], "tokens": [bos]}}
    return {"type": "TemplateProcessing", "single": first, "pair": [*first, *second], "special_tokens": named}


def _packed(content: dict[str, Any], indent: int | None = None) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=indent).encode()
