"""The sidecar tokenizer.meta.json: {bos, eos[], unk, template}, all four keys, nothing else. Untrusted.

Used by the tokenizer, which has no other way to know its special ids and chat template. Never in it: a template's text;
a sidecar names a built-in one, and code from a stranger is refused.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec

from llmproc.errors import TokenizerError
from llmproc.files.json_text import JsonError, read_json
from llmproc.files.replacing import replace_file
from llmproc.text.small_file import read_small_file

BUILT_IN_TEMPLATES = ("chatml", "plain")
MAX_END_TOKENS = 64
_MAX_BYTES = 1 << 16


class Sidecar(msgspec.Struct, frozen=True, kw_only=True):
    """Special ids and the name of the chat template of one tokenizer."""

    bos: int | None  # begins a text; None: this vocabulary has none
    eos: tuple[int, ...]  # each ends an answer; 1..64 different ids
    unk: int | None  # stands for unknown text; never produced here
    template: str  # "chatml" or "plain"


_FIELDS = Sidecar.__struct_fields__


def sidecar_path(tokenizer: Path) -> Path:
    """Return where the sidecar of `tokenizer` stands unless a path is given: `<stem>.meta.json` beside it."""
    return tokenizer.with_name(f"{tokenizer.stem}.meta.json")


def read_sidecar(path: Path, vocab_size: int) -> Sidecar:
    """Read and check the sidecar at `path` for a vocabulary of `vocab_size` ids. Raises TokenizerError."""
    return parse_sidecar(path, read_small_file(path, _MAX_BYTES), vocab_size)


def parse_sidecar(path: Path, data: bytes, vocab_size: int) -> Sidecar:
    """Check the bytes of a sidecar against every rule. `path` is for messages only."""
    fields = _fields(path, data)
    bos: int | None = _value(path, fields, "bos", int | None, "must be a token id or null")
    eos: tuple[int, ...] = _value(path, fields, "eos", tuple[int, ...], "must be a list of token ids")
    unk: int | None = _value(path, fields, "unk", int | None, "must be a token id or null")
    template: str = _value(path, fields, "template", str, f"must be one of {', '.join(BUILT_IN_TEMPLATES)}")
    # msgspec keeps the last of two equal keys; by now the document is known to be flat, so json cannot overflow on it.
    keys = [key for key, _ in json.loads(data, object_pairs_hook=lambda pairs: pairs)]
    for key in keys:
        if keys.count(key) > 1:
            raise TokenizerError(path, f"field {key}", "given twice", "must be given once")
    named = [("bos", bos), ("unk", unk), *((f"eos[{index}]", token) for index, token in enumerate(eos))]
    for field, token in named:
        if token is not None and not 0 <= token < vocab_size:
            rule = f"must be in 0..{vocab_size - 1}, the checkpoint's vocabulary"
            raise TokenizerError(path, f"field {field}", _short(str(token)), rule)
    if not 1 <= len(eos) <= MAX_END_TOKENS or len(set(eos)) != len(eos):
        rule = f"must list 1 to {MAX_END_TOKENS} different ids"
        raise TokenizerError(path, "field eos", _short(str(list(eos))), rule)
    if template not in BUILT_IN_TEMPLATES:
        if "{{" in template or "{%" in template or "{#" in template or template.endswith((".jinja", ".jinja2")):
            rule = "Jinja templates come with models in other formats (extra `models`); name chatml or plain"
            raise TokenizerError(path, "field template", f"the Jinja template {_short(repr(template))}", rule)
        raise TokenizerError(path, "field template", _short(repr(template)), "must be one of chatml, plain")
    return Sidecar(bos=bos, eos=eos, unk=unk, template=template)


def write_sidecar(path: str | os.PathLike[str], sidecar: Sidecar, vocab_size: int) -> None:
    """Write `sidecar` as JSON (temporary name, fsync, rename). Raises TokenizerError where the reader would."""
    target = Path(path)
    data = msgspec.json.format(msgspec.json.encode(sidecar), indent=1) + b"\n"
    parse_sidecar(target, data, vocab_size)
    replace_file(target, data)


def _fields(path: Path, data: bytes) -> dict[str, msgspec.Raw]:
    try:
        if not isinstance(read_json(data), dict):
            raise TokenizerError(path, "sidecar", "another JSON value", "must be a JSON object")
        fields = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except JsonError as error:
        raise TokenizerError(path, "sidecar", str(error), "must be a JSON object") from None
    for key in fields:
        if key not in _FIELDS:
            rule = f"must not be there; the fields are {', '.join(_FIELDS)}"
            raise TokenizerError(path, f"field {_short(repr(key)[1:-1])}", "unknown", rule)
    for key in _FIELDS:
        if key not in fields:
            raise TokenizerError(path, f"field {key}", "missing", "must be there")
    return fields


def _value(path: Path, fields: dict[str, msgspec.Raw], name: str, kind: Any, rule: str) -> Any:
    try:
        return msgspec.json.decode(fields[name], type=kind)
    except (msgspec.MsgspecError, RecursionError):
        shown = " ".join(bytes(fields[name]).decode().split())
        raise TokenizerError(path, f"field {name}", _short(shown), rule) from None


def _short(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
