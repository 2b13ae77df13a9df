"""The file tokenizer.json: untrusted bytes -> checked parts. It alone says how text becomes ids.

Of `truncation` and `padding`, which the library would apply, nothing is read; nor of dropout. Used by the reader of
Hugging Face folders. Never in it: the files beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from llmproc.errors import TokenizerError
from llmproc.files.escaping import one_line
from llmproc.files.json_text import JsonError, read_json
from llmproc.text.small_file import read_small_file
from llmproc.text.tokenizers.pipeline import EncodingSteps, NamedToken

MAX_FILE_BYTES = 1 << 28


class BpeModel(msgspec.Struct, frozen=True):
    """The field `model` for byte-pair encoding."""

    vocab: dict[str, int]
    merges: list[str | tuple[str, str]]
    unk_token: str | None = None
    continuing_subword_prefix: str | None = None
    end_of_word_suffix: str | None = None
    fuse_unk: bool | None = None
    byte_fallback: bool | None = None
    ignore_merges: bool | None = None


class TokenizerFile(msgspec.Struct, frozen=True):
    """The fields that count."""

    model: msgspec.Raw
    added_tokens: list[NamedToken] | None = None
    normalizer: Any = None
    pre_tokenizer: Any = None
    post_processor: Any = None
    decoder: Any = None


class TokenizerParts(msgspec.Struct, frozen=True):
    """A checked tokenizer.json."""

    pipeline: EncodingSteps
    decoder: Any


def read_tokenizer_json(path: Path) -> TokenizerParts:
    """Read and check `path`. TokenizerError for what is not a tokenizer.json or holds another model than BPE."""
    return parse_tokenizer_json(path, read_small_file(path, MAX_FILE_BYTES))


def parse_tokenizer_json(path: Path, data: bytes) -> TokenizerParts:
    """Check the bytes of a tokenizer.json. `path` is for messages only."""
    file: TokenizerFile = _decoded(path, data, TokenizerFile, "must be an object with a model and added_tokens")
    kind = _kind(path, file.model)
    if kind not in (None, "BPE"):
        raise TokenizerError(path, "model", f"of type {one_line(str(kind)[:40])}", "must be BPE")
    model: BpeModel = _decoded(path, file.model, BpeModel, "must have a vocab of ids and a list of merges", "model")
    options = {name: getattr(model, name) for name in BpeModel.__struct_fields__[2:]}
    pipeline = EncodingSteps(
        vocab=model.vocab,
        merges=[_pair(path, index, merge) for index, merge in enumerate(model.merges)],
        model={name: value for name, value in options.items() if value is not None},
        normalizer=file.normalizer,
        pre_tokenizer=file.pre_tokenizer,
        post_processor=file.post_processor,
        named=tuple(file.added_tokens or ()),
    )
    return TokenizerParts(pipeline, file.decoder)


def _decoded(path: Path, data: bytes | msgspec.Raw, kind: Any, rule: str, field: str = "file") -> Any:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        try:
            read_json(bytes(data))
        except JsonError as error:
            raise TokenizerError(path, field, str(error), "must be JSON") from None
        raise TokenizerError(path, field, "another JSON value", rule) from None


def _kind(path: Path, model: msgspec.Raw) -> Any:
    fields = _decoded(path, model, dict[str, msgspec.Raw], "must be an object", "model")
    return msgspec.json.decode(fields["type"]) if "type" in fields else None


def _pair(path: Path, index: int, merge: str | tuple[str, str]) -> tuple[str, str]:
    """Return the two pieces of a merge, in either form of the file."""
    if isinstance(merge, tuple):
        return merge
    first, _, second = merge.partition(" ")
    if not first or not second:
        raise TokenizerError(path, f"merge {index}", f"{merge!r:.60}", "must be two pieces with a space between them")
    return first, second
