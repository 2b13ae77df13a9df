"""JSON schemas that are refused before a grammar is made: each by the place of what cannot be kept."""

from __future__ import annotations

from typing import Any

import pytest

from llmproc.errors import SchemaError
from llmproc.grammars.schemas import MAX_BYTES, MAX_DEPTH, MAX_PARTS, check_schema, children, named


def nested(levels: int, inner: Any = True) -> Any:
    for _ in range(levels):
        inner = {"properties": {"a": inner}}
    return inner


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"type": "object", "properties": {"a": {"type": ["string", "null"], "title": "A"}}, "required": ["a"]},
        {"$defs": {"n": {"type": "integer"}}, "items": {"$ref": "#/$defs/n"}, "x-order": 3, "discriminator": {}},
        {"properties": {"uniqueItems": {"const": {"not": 1}}}},  # names and values are no keywords
        nested(MAX_DEPTH),
    ],
)
def test_taken(schema: Any) -> None:
    check_schema(schema, "schema")


@pytest.mark.parametrize(
    ("schema", "path", "words"),
    [
        ({"properties": {"a": {"items": {"uniqueItems": True}}}}, "schema.properties.a.items.uniqueItems", "enforce"),
        ({"anyOf": [True, {"not": {}}]}, "schema.anyOf[1].not", "enforce"),
        ({"if": {}}, "schema.if", "enforce"),
        ({"propertyNames": {}}, "schema.propertyNames", "enforce"),
        ({"titel": "x"}, "schema.titel", "enforce"),
        ({"type": "string", "nullable": True}, "schema.nullable", "null"),
        ({"x-guidance": {"lenient": True}}, "schema.x-guidance", "chosen here"),
        ({"items": [{}]}, "schema.items", "must be a schema"),
        ({"properties": {"a": 3}}, "schema.properties.a", "must be a schema"),
        ({"properties": []}, "schema.properties", "must be an object"),
        ({"anyOf": {}}, "schema.anyOf", "must be a list"),
        ({"$ref": "https://example.com/x"}, "schema.$ref", "must point into"),
        ({"$ref": 3}, "schema.$ref", "must point into"),
        ([], "schema", "must be a schema"),
        (nested(MAX_DEPTH + 1, {}), "schema", "nested deeper"),
        ({"const": nested(MAX_DEPTH)}, "schema.const", "nested deeper"),
        ({"description": "x" * MAX_BYTES}, "schema", "bytes"),
        ({"anyOf": [{}] * MAX_PARTS}, "schema", "schemas in it"),
    ],
)
def test_refused(schema: Any, path: str, words: str) -> None:
    with pytest.raises(SchemaError, match=words) as caught:
        check_schema(schema, "schema")
    assert caught.value.path == path and str(caught.value).startswith(path + " ")


def test_children_and_their_names() -> None:
    schema = {"items": True, "anyOf": [{}], "properties": {"b": {}, "c": False}, "type": "object"}
    found = dict(children(schema))
    assert list(found) == [("items",), ("anyOf", 0), ("properties", "b"), ("properties", "c")]
    assert named("schema", ("anyOf", 0, "properties", "b")) == "schema.anyOf[0].properties.b"
    assert len(named("schema", ("x" * 1000,))) < 80
