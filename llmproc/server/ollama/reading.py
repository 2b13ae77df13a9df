"""A request's bytes as one of `requests`' types; what is wrong with them as one line that names field, value and rule.

Pure. Used by the endpoints that have a body.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from llmproc.files.escaping import one_line
from llmproc.server.refusals import RefusedError

_Request = TypeVar("_Request", bound=msgspec.Struct)
_SHOWN = 60  # characters of a client's own text that come back to it
_PATH = re.compile(r"\.([^.\[\]]+)|\[([0-9]+)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_EXPECTED = re.compile(r"Expected `([^`]*)`(, got `[^`]*`)?(.*)", re.DOTALL)
_WORDS = {
    "bool": "true or false", "int": "a whole number", "float": "a number", "str": "a text", "array": "a list",
    "object": "an object",
}  # fmt: skip
# Where a type does not say why. A number in brackets stands for every place of a list.
_RULES = {
    "format": "must be empty: an answer's format cannot be chosen in this version",
    "tools": "must be empty: tools cannot be called in this version",
    "images": "must be empty: images cannot be read",
    "context": "must be left out: ids of earlier requests are not continued; send the messages to /api/chat",
    "suffix": "must be empty: text cannot be filled in between a prompt and a suffix",
    "template": "must be empty: the template is the model's own",
    "think": 'must be true, false, "low", "medium", "high" or "max"',
    "keep_alive": "must be a number of seconds, or a text with a unit such as 5m, 30s or -1s",
    "options.stop": "must be a text or a list of texts",
    "messages[].role": "must be system, user or assistant",
    "messages[].images": "must be empty: images cannot be read",
    "messages[].tool_calls": "must be empty: tools cannot be called in this version",
    "messages[].tool_name": "must be empty: tools cannot be called in this version",
    "messages[].tool_call_id": "must be empty: tools cannot be called in this version",
}


def read(body: bytes, kind: type[_Request]) -> _Request:
    """Return what a body says. RefusedError with status 400 that names the field."""
    if not body.strip():
        raise RefusedError("the body is empty: must be a JSON object")
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _refused(str(error), body) from None
    except RecursionError:
        raise RefusedError("the body is nested too deeply") from None
    except (msgspec.DecodeError, ValueError) as error:  # which one is the library's choice
        raise RefusedError(f"the body is not JSON: {one_line(str(error))[:200]}") from None


def _refused(said: str, body: bytes) -> RefusedError:
    """Return msgspec's words for what breaks a rule in this house's."""
    what, _, path = said.rpartition(" - at `$")
    if not what:
        what, path = said, ""
    keys = [name or int(place) for name, place in _PATH.findall(path.rstrip("`"))]
    field = _field(keys)
    if unknown := _UNKNOWN.match(what):
        name = _shown(unknown[1])
        whole = f"{field}.{name}" if field else name
        return RefusedError(f"{whole} is unknown: there is no such field", param=whole)
    if missing := _MISSING.match(what):
        whole = f"{field}.{missing[1]}"
        return RefusedError(f"{whole} is missing: it must be given", param=whole)
    if not field:
        return RefusedError("the body must be a JSON object")
    rule = _RULES.get(re.sub(r"\[[0-9]+\]", "[]", field)) or _rule(what)
    value = _value(body, keys)
    return RefusedError(f"{field} is {value}: {rule}" if value else f"{field}: {rule}", param=field)


def _rule(what: str) -> str:
    """Return the rule in an error of msgspec, such as "Expected `float` <= 1.0"."""
    expected = _EXPECTED.match(what)
    if expected is None:
        return "must be a number that a float64 can hold"
    if "a multiple of 1" in expected[3]:
        return "must be a whole number"
    kinds = [_WORDS.get(kind, kind) for kind in expected[1].split(" | ") if kind != "null"]
    if "a number" in kinds and "a whole number" in kinds:
        kinds.remove("a whole number")
    return f"must be {' or '.join(kinds) or 'left out'}{expected[3]}"


def _field(keys: list[str | int]) -> str:
    """Return a path as people write it: messages[0].role."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")


def _value(body: bytes, keys: list[str | int]) -> str:
    """Return what stands at a path, shortened; "" where the rest of the body hides it."""
    try:
        found: Any = msgspec.json.decode(body)
        for key in keys:
            found = found[key]
        return _shown(msgspec.json.encode(found).decode())
    except (msgspec.MsgspecError, ValueError, RecursionError, LookupError, TypeError):
        return ""


def _shown(text: str) -> str:
    found = one_line(text)
    return found if len(found) <= _SHOWN else f"{found[:_SHOWN]}..."
