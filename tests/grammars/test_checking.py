"""What llguidance refuses is refused with the place in the schema; and large schemas end in time, or are refused."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from llmproc.errors import MissingPackageError, RequestError, SchemaError
from llmproc.grammars.checking import check_compiles, check_grammar, fault
from llmproc.grammars.forms import CallForm, SchemaForm
from llmproc.grammars.functions import Function
from llmproc.grammars.library import MAX_GRAMMAR
from llmproc.grammars.writing import schema_grammar


def inside(part: Any) -> Any:
    return {"type": "object", "properties": {"a": {"type": "array", "items": part}, "b": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("part", "path", "words"),
    [
        ({"type": "string", "pattern": "^(?=a)"}, ".pattern", "look-around"),
        ({"type": "string", "pattern": "("}, ".pattern", "unclosed group"),
        ({"type": "string", "format": "iri"}, ".format", "Unknown format: iri"),
        ({"type": "strin"}, ".type", "Invalid type"),
        ({"oneOf": [{"type": "number"}, {"type": "integer"}]}, ".oneOf", "oneOf"),
        ({"anyOf": [{"type": "null"}, {"type": "string", "format": "iri"}]}, ".anyOf[1].format", "iri"),
        ({"$ref": "#/$defs/none"}, ".$ref", "."),
    ],
)
def test_the_place_of_a_fault(part: Any, path: str, words: str) -> None:
    with pytest.raises(SchemaError, match=words) as caught:
        check_compiles(inside(part), "schema")
    found = caught.value.path
    assert found.startswith("schema.properties.a.items")
    assert found == f"schema.properties.a.items{path}"
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500


def test_definitions_go_with_a_part() -> None:
    schema = {"$defs": {"n": {"type": "integer"}}, "anyOf": [{"$ref": "#/$defs/n"}, {"format": "iri"}]}
    with pytest.raises(SchemaError) as caught:
        check_compiles(schema, "format")
    assert caught.value.path == "format.anyOf[1].format"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {f"p{i}": {"type": "string", "maxLength": 90} for i in range(800)}},
        {"enum": [f"value {i}" for i in range(3000)]},
        {"type": "array", "items": {"type": "integer"}, "minItems": 200, "maxItems": 5000},
        {"type": "string", "pattern": "^(a|b|c|d){1,2000}$"},
        {
            "anyOf": [
                {"type": "object", "properties": {f"k{i}": {"const": i}}, "required": [f"k{i}"]} for i in range(300)
            ]
        },
    ],
)
def test_a_large_schema_is_judged(schema: Any) -> None:
    """Taken or refused, but judged: what is too much for the library's limits is an error of the request."""
    found = fault(schema_grammar(schema))
    assert isinstance(found, str) and len(found) < 400


def test_a_grammar_that_is_too_long_is_not_compiled() -> None:
    with pytest.raises(RequestError, match="more than"):
        check_grammar(schema_grammar({"enum": ["x" * MAX_GRAMMAR]}))


def test_forms_check_what_they_hold() -> None:
    bad = {"type": "object", "properties": {"x": {"format": "iri"}}}
    for form, path in (
        (SchemaForm(bad, "format"), "format.properties.x.format"),
        (
            CallForm((Function("f", bad, place="tools[0].function.parameters"),)),
            "tools[0].function.parameters.properties",
        ),
        (CallForm((Function("f", {"type": "array"}, place="tools[0]"),)), "tools[0].type"),
        (CallForm((Function("f", {"type": "object"}),), answer=SchemaForm({"not": {}}, "format")), "format.not"),
    ):
        with pytest.raises(SchemaError) as caught:
            form.check()
        assert caught.value.path.startswith(path)
    CallForm((Function("f", {"type": "object"}),), answer=SchemaForm({"type": "object"}, "format")).check()


def test_without_llguidance_the_command_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llguidance", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'llmproc-cpu\[structured\]'"):
        SchemaForm({"type": "object", "title": "not asked before"}, "schema").check()
