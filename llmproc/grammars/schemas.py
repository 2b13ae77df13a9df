"""Which JSON schemas are taken: the keywords that decoding enforces, and bounds on size and depth.

A keyword that is not enforced is refused by its place: an answer that breaks it would look like one that keeps it.
Source of the keywords: JSON Schema 2020-12, and those of them that llguidance implements (its docs/json_schema.md);
what of them it can combine is for `checking` to ask. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from llmproc.errors import SchemaError

Place = tuple[str | int, ...]
MAX_BYTES, MAX_DEPTH, MAX_PARTS = 64 << 10, 32, 4096
_ONE = ("items", "additionalProperties")  # keywords whose value is a schema
_LISTS = ("anyOf", "allOf", "oneOf", "prefixItems")  # a list of schemas
_MAPS = ("properties", "patternProperties", "$defs", "definitions")  # names and schemas
_VALUES = (
    "type", "enum", "const", "required", "minLength", "maxLength", "pattern", "format", "minimum", "maximum",
    "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "minProperties", "maxProperties",
    "$ref",
)  # fmt: skip
_NOTES = (  # say something about a value, and ask nothing of it
    "title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly", "$comment",
    "$schema", "$id", "discriminator", "strict",
)  # fmt: skip
KEYWORDS = frozenset((*_ONE, *_LISTS, *_MAPS, *_VALUES))
_REFUSED = {
    "nullable": 'is of OpenAPI 3.0: write "type": [..., "null"]',
    "x-guidance": "is the decoder's own: how JSON is written is chosen here",
}


def check_schema(schema: Any, name: str) -> None:
    """Check a schema that was read from JSON. SchemaError that names the place; it begins with `name`."""
    if len(msgspec.json.encode(schema)) > MAX_BYTES:
        raise SchemaError(name, f"has more than {MAX_BYTES} bytes")
    waiting: list[tuple[Place, Any]] = [((), schema)]
    parts = 0
    while waiting:
        place, part = waiting.pop()
        parts += 1
        if parts > MAX_PARTS:
            raise SchemaError(name, f"has more than {MAX_PARTS} schemas in it")
        _check_part(part, place, name)
        if isinstance(part, dict):
            waiting += [((*place, *key), inner) for key, inner in children(part)][::-1]


def children(schema: dict[str, Any]) -> Iterator[tuple[Place, Any]]:
    """Yield the schemas inside a schema, each with its place in it."""
    for key, value in schema.items():
        if key in _ONE:
            yield (key,), value
        elif key in _LISTS and isinstance(value, list):
            yield from (((key, place), inner) for place, inner in enumerate(value))
        elif key in _MAPS and isinstance(value, dict):
            yield from (((key, inner), part) for inner, part in value.items())


def named(name: str, place: Place) -> str:
    """Return a place as a text: schema.properties.a.pattern, schema.anyOf[1]."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step[:60]}" for step in place)
    return name + "".join(steps)


def _check_part(part: Any, place: Place, name: str) -> None:
    if isinstance(part, bool):
        return
    if not isinstance(part, dict):
        raise SchemaError(named(name, place), "must be a schema: an object, true or false")
    if sum(1 for step in place if step not in _MAPS) > MAX_DEPTH:
        raise SchemaError(name, f"is nested deeper than {MAX_DEPTH}")
    for key, value in part.items():
        where = named(name, (*place, key))
        if key in _REFUSED:
            raise SchemaError(where, _REFUSED[key])
        if key not in KEYWORDS and key not in _NOTES and not key.startswith("x-"):
            raise SchemaError(where, "is not a keyword that decoding can enforce")
        if (key in _LISTS and not isinstance(value, list)) or (key in _MAPS and not isinstance(value, dict)):
            raise SchemaError(where, f"must be {'a list' if key in _LISTS else 'an object'}")
        if key == "$ref" and not (isinstance(value, str) and value.startswith("#")):
            raise SchemaError(where, "must point into the schema itself, like #/$defs/name")
        if key in ("const", "enum", "default", "examples", "example") and _depth(value) > MAX_DEPTH:
            raise SchemaError(where, f"is nested deeper than {MAX_DEPTH}")


def _depth(value: Any) -> int:
    """Return how deep lists and objects stand in each other, MAX_DEPTH + 1 at most."""
    level, depth = [value], 0
    while level and depth <= MAX_DEPTH:
        inner = [one for one in level if isinstance(one, (list, dict)) and one]
        level = [item for one in inner for item in (one.values() if isinstance(one, dict) else one)]
        depth += bool(inner)
    return depth
