"""The origin of a results file: input, model, and every option that an answer depends on.

Used by `journal`, whose first line it is, so that a resume with others is refused by name. What no answer depends on
(mode, workers, threads, sequences, batch and memory sizes) is not in it: a run may be resumed with others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import msgspec

from llmproc.checkpoints.fingerprint import fingerprint_file
from llmproc.checkpoints.tokenizer_file import folder_of, is_gguf
from llmproc.errors import TokenizerError
from llmproc.session.option_texts import default_of
from llmproc.text.tokenizers.folder_files import FILES
from llmproc.text.tokenizers.sidecar import sidecar_path

SCHEMA = 1  # of the .part file and of the rows in it


class FirstLine(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a journal of any kind. A kind's first field has a name that no other kind's has."""

    def encode(self) -> bytes:
        """Return one line of JSON with its end."""
        return msgspec.json.encode(self) + b"\n"

    @classmethod
    def beginning(cls) -> bytes:
        """Return the bytes that every first line of this kind begins with."""
        return b'{"%b":' % cls.__struct_fields__[0].encode()

    @classmethod
    def decode(cls, line: bytes) -> Self | None:
        """Return what a first line says; None when it is not of this kind."""
        try:
            return msgspec.json.decode(line, type=cls)
        except (msgspec.DecodeError, RecursionError):
            return None

    def difference(self, now: Self) -> str | None:
        """Return the first difference of a resume from what was begun, in a user's words; None when there is none."""
        return None if self == now else "something else"


class Provenance(FirstLine, frozen=True, kw_only=True):
    """The first line of a .part file. The order of the fields is that of the refusals."""

    llmproc_batch: int = SCHEMA
    input: str | None  # SHA-256; None: it came through a pipe, and is compared row by row
    format: str
    model: str  # fingerprint
    tokenizer: str  # SHA-256 of its files, as `tokenizer_digest` takes it
    template: str  # name, of a model's own its hash, which covers --template-option
    weights: str  # type computed with, or `as stored`
    kv_type: str
    context: int
    instructions: str  # the set that kernels are compiled for
    temperature: float
    top_p: float
    max_tokens: int
    seed: int
    system: str | None
    sampling: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET  # other options, those that are not at their defaults

    @property
    def base(self) -> bytes:
        """Return the part of every row's key beside the row: all but the input, of which the key has the row itself."""
        return hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(self, input=None))).digest()

    def difference(self, now: Provenance) -> str | None:
        """Return the first difference of a resume from what was begun, in a user's words; None when there is none."""
        return difference(self, now)


def decode_origin(line: bytes) -> Provenance | None:
    """Return the provenance in a first line; None when the line is something else."""
    return Provenance.decode(line)


def difference(old: Provenance, new: Provenance) -> str | None:
    """Return the first difference of a resume from what was begun, in a user's words; None when there is none."""
    for name in Provenance.__struct_fields__:
        before, now = getattr(old, name), getattr(new, name)
        if before == now or (name == "input" and None in (before, now)):
            continue
        if name in ("input", "model", "tokenizer"):
            return f"another {name}"
        if name == "sampling":
            name, before, now = _other_option(before or {}, now or {})
        return f"{name.replace('_', ' ')} {_shown(before)}, and now it is {_shown(now)}"
    return None


def _other_option(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, object, object]:
    """Return the name and both values of the first sampling option that differs."""
    name = next(name for name in [*before, *now] if before.get(name) != now.get(name))
    default = default_of(name)
    first, second = (found.get(name, default) for found in (before, now))
    return name, None if first == () else first, None if second == () else second


def tokenizer_digest(path: Path) -> str:
    """Return the SHA-256 of a tokenizer and the files beside it that count. TokenizerError when one cannot be read.

    A GGUF file has its vocabulary inside, and its fingerprint is taken.
    """
    if is_gguf(path):
        return fingerprint_file(path)
    digest, folder = hashlib.sha256(), folder_of(path)
    for file in [folder / name for name in FILES] if folder else (path, sidecar_path(path)):
        try:
            data = file.read_bytes() if file == path or file.exists() else b""
        except OSError as error:
            raise TokenizerError(file, "file", "unreadable", str(error.strerror)) from None
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


def _shown(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:40]}..."
