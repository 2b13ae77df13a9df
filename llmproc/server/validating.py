"""Bytes of a request to a record of a declared type, or a refusal that names the field, its value and the rule.

The types are msgspec's, and the published document is made from the same ones. A body is decoded once; only one that is
refused is looked at again, for the words. Of a name that stands twice in an object the last one counts, as in most JSON
readers. Used by every interface. Pure.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Generic, TypeVar

import msgspec
import msgspec.inspect

from llmproc.files.json_text import JsonError, read_json
from llmproc.server.faults import first_fault
from llmproc.server.refusals import RefusedError

_Body = TypeVar("_Body", bound=msgspec.Struct)
MAX_DEPTH = 32  # of free-form values; everything else is as deep as its type


class BodyReader(Generic[_Body]):
    """Reads bodies of one type."""

    def __init__(self, kind: type[_Body]) -> None:
        """Take a Struct. Fields that may be null have None as their default: null means absent."""
        self._kind = kind
        self._decode = msgspec.json.Decoder(kind).decode

    def read(self, body: bytes) -> _Body:
        """Return what a body says. RefusedError (400) for anything else than JSON of the type."""
        try:
            return self._decode(body)
        except (msgspec.MsgspecError, ValueError, RecursionError):  # ValueError: not UTF-8
            raise self._refusal(body) from None

    @cached_property
    def _rules(self) -> msgspec.inspect.Type:
        return msgspec.inspect.type_info(self._kind)  # some milliseconds, so once, and only if it is needed

    def _refusal(self, body: bytes) -> RefusedError:
        value = read_plain(body)
        fault = first_fault(value, self._rules)
        if fault is None:
            return RefusedError("the body breaks a rule of the published document", code="invalid_value")
        return RefusedError(str(fault), param=fault.path or None, code=fault.code)


def read_plain(body: bytes) -> Any:
    """Return the JSON value of a body. RefusedError if there is none."""
    try:
        return read_json(body)
    except JsonError as error:
        reason = str(error)
    if reason == "not JSON":  # but the standard library's reader takes it
        reason = "not JSON: NaN, Infinity, numbers out of range and halves of surrogate pairs are not read"
    raise RefusedError(f"the body is {reason}" if body.strip() else "the body is empty", code="invalid_json")


def check_depth(value: Any, name: str) -> None:
    """Check a free-form value of the field `name`. RefusedError if it is nested deeper than MAX_DEPTH."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise RefusedError(f"{name} is nested deeper than {MAX_DEPTH}", param=name, code="invalid_value")
        level = [
            item
            for one in level
            if isinstance(one, (list, dict))
            for item in (one.values() if isinstance(one, dict) else one)
        ]
