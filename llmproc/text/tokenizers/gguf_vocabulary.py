"""The vocabulary in a GGUF file's metadata: lists from an untrusted file -> checked entries.

    tokenizer.ggml.model  "llama": pieces with scores, ▁ for a space, byte tokens    (SentencePiece)
                          "gpt2":  pieces in the byte alphabet, with merges
    tokens, scores, token_type, merges; ids of special tokens; add_bos_token, add_space_prefix; tokenizer.chat_template

Scores, merges and token types may be missing. Used by `gguf.py`. Never in it: the file's own layout.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmproc.errors import TokenizerError
from llmproc.text.tokenizers.specials import MARKED_ANYWHERE

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
MODELS = ("llama", "gpt2")
_PREFIX = "tokenizer.ggml."
_NAMED = ("bos", "eos", "eot", "eom", "unknown")


@dataclass(frozen=True, slots=True)
class GgufVocabulary:
    """The checked entries; the index is the token id."""

    path: Path
    model: str  # one of MODELS
    pre: str
    tokens: tuple[bytes, ...]  # all different, but for empty ones
    ids: Mapping[bytes, int]  # of the tokens that are not empty
    scores: tuple[float, ...]
    types: tuple[int, ...]
    merges: tuple[str, ...]
    named: Mapping[str, int]  # "bos", "eos", ... -> id, of those the file gives
    add_bos: bool | None  # None: the file does not say
    add_space: bool
    template: str | None


def read_gguf_vocabulary(path: Path, metadata: Mapping[str, Any], vocab_size: int) -> GgufVocabulary:
    """Check the keys `tokenizer.*` of a file whose embedding has `vocab_size` rows. Raises TokenizerError."""
    model = _one(path, metadata, "model", str, None)
    if model not in MODELS:
        raise TokenizerError(path, f"{_PREFIX}model", f"{model!r:.40}", f"must be one of {', '.join(MODELS)}")
    tokens = _tokens(path, metadata, vocab_size)
    named = _named_ids(path, metadata, len(tokens))
    template = metadata.get("tokenizer.chat_template")
    if template is not None and not isinstance(template, str):
        raise TokenizerError(path, "tokenizer.chat_template", "not text", "must be a Jinja template")
    return GgufVocabulary(
        path=path,
        model=model,
        pre=_one(path, metadata, "pre", str, ""),
        tokens=tokens,
        ids=_ids(path, tokens),
        scores=_scores(path, metadata, len(tokens)),
        types=_types(path, metadata, tokens, set(named.values())),
        merges=_merges(path, metadata),
        named=named,
        add_bos=_one(path, metadata, "add_bos_token", bool, None),
        add_space=_one(path, metadata, "add_space_prefix", bool, model == "llama"),
        template=template,
    )


def _one(path: Path, metadata: Mapping[str, Any], name: str, kind: type, missing: Any) -> Any:
    value = metadata.get(_PREFIX + name, missing)
    if value is not missing and not isinstance(value, kind):
        raise TokenizerError(path, _PREFIX + name, f"{value!r:.40}", f"must be of type {kind.__name__}")
    return value


def _list(path: Path, metadata: Mapping[str, Any], name: str, kinds: tuple[type, ...], least: int) -> list[Any] | None:
    """Return the list `name`, at least `least` values of `kinds`; None if the file has none, or an empty one."""
    value = metadata.get(_PREFIX + name)
    if value is None:
        return None
    found = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(found, Sequence) or isinstance(found, str | bytes):
        raise TokenizerError(path, _PREFIX + name, f"{value!r:.40}", "must be a list")
    if not set(map(type, found)) <= set(kinds):
        index = next(index for index, item in enumerate(found) if type(item) not in kinds)
        rule = f"must be of type {' or '.join(kind.__name__ for kind in kinds)}"
        raise TokenizerError(path, f"{_PREFIX}{name}[{index}]", f"{found[index]!r:.40}", rule)
    if found and len(found) < least:
        rule = f"must be {least} at least, one for each token"
        raise TokenizerError(path, f"number of {_PREFIX}{name}", len(found), rule)
    return list(found)[:least] if least else list(found)


def _tokens(path: Path, metadata: Mapping[str, Any], vocab_size: int) -> tuple[bytes, ...]:
    listed = _list(path, metadata, "tokens", (str, bytes), 0)
    if not listed or len(listed) > vocab_size:
        rule = f"must be in 1..{vocab_size}, the rows of the model's embedding"
        raise TokenizerError(path, f"number of {_PREFIX}tokens", len(listed or ()), rule)
    return tuple(item if isinstance(item, bytes) else item.encode("utf-8", "surrogateescape") for item in listed)


def _ids(path: Path, tokens: tuple[bytes, ...]) -> dict[bytes, int]:
    """Return the id of each token. TokenizerError for one that stands twice; empty ones may."""
    ids = dict(zip(tokens, range(len(tokens)), strict=True))
    if len(ids) < len(tokens):
        first: dict[bytes, int] = {}
        for index, token in enumerate(tokens):
            if token and first.setdefault(token, index) != index:
                rule = f"must differ from every other one, but token {first[token]} is the same"
                raise TokenizerError(path, f"{_PREFIX}tokens[{index}]", f"{token!r:.60}", rule)
    ids.pop(b"", None)
    return ids


def _scores(path: Path, metadata: Mapping[str, Any], count: int) -> tuple[float, ...]:
    """Return the score of each token: 0 if the file has none."""
    scores = _list(path, metadata, "scores", (int, float), count) or [0.0] * count
    if not all(map(math.isfinite, scores)):
        index = next(index for index, score in enumerate(scores) if not math.isfinite(score))
        raise TokenizerError(path, f"{_PREFIX}scores[{index}]", scores[index], "must be finite")
    return tuple(map(float, scores))


def _merges(path: Path, metadata: Mapping[str, Any]) -> tuple[str, ...]:
    merges = _list(path, metadata, "merges", (str, bytes), 0) or ()
    try:
        return tuple(merge.decode() if isinstance(merge, bytes) else merge for merge in merges)
    except UnicodeDecodeError:
        raise TokenizerError(path, f"{_PREFIX}merges", "bytes that are not text", "must be UTF-8") from None


def _types(path: Path, metadata: Mapping[str, Any], tokens: tuple[bytes, ...], named: set[int]) -> tuple[int, ...]:
    """Return the type of each token; without types, BOS, EOS and what looks like <|...|> are control tokens."""
    types = _list(path, metadata, "token_type", (int,), len(tokens))
    if types:
        return tuple(types)
    return tuple(
        CONTROL if index in named or MARKED_ANYWHERE.fullmatch(token) else NORMAL for index, token in enumerate(tokens)
    )


def _named_ids(path: Path, metadata: Mapping[str, Any], count: int) -> dict[str, int]:
    named = {}
    for name in _NAMED:
        token = _one(path, metadata, f"{name}_token_id", int, None)
        if token is not None and not 0 <= token < count:
            raise TokenizerError(path, f"{_PREFIX}{name}_token_id", token, f"must be in 0..{count - 1}")
        if token is not None:
            named[name] = token
    return named
