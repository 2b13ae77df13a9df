"""Grammars by what they take: JSON of a schema, calls of functions, both after reasoning."""

from __future__ import annotations

import pytest
from grammars.vocabularies import read, takes

from llmproc.grammars.functions import MAX_CALLS, Function
from llmproc.grammars.writing import call_grammar, schema_grammar

POINT = {"type": "object", "properties": {"x": {"$ref": "#/$defs/n"}}, "required": ["x"], "additionalProperties": False,
         "$defs": {"n": {"type": "integer"}}}  # fmt: skip
FUNCTIONS = (Function("move", POINT), Function.described("now", None, None, "tools[1]"))
MOVE = '<tool_call>\n{"name": "move", "arguments": {"x": 12}}\n</tool_call>'
NOW = '<tool_call>\n{"name": "now", "arguments": {}}\n</tool_call>'


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ('{"x":1}', True),
        ('{"x": 1}', True),
        ('{\n  "x": 1\n}', True),
        ('{\n\t"x" : 1 }', True),
        ('{  "x":1}', False),  # two spaces in a line
        ('{\n\n"x":1}', False),
        (' {"x":1}', False),
        ('{"x":1} ', False),
        ('{"x":"1"}', False),
        ('{"x":1,"y":2}', False),
        ("{}", False),
    ],
)
def test_json_of_a_schema(text: str, taken: bool) -> None:
    assert takes(schema_grammar(POINT), text) is taken
    assert takes(schema_grammar(POINT, reasoning=True), f"hm</think>\n\n{text}") is taken
    assert not takes(schema_grammar(POINT, reasoning=True), text)


def test_a_schema_that_is_true_takes_any_json() -> None:
    assert all(takes(schema_grammar(True), text) for text in ("[1]", "null", '"a"', '{"a":{}}'))


CASES = {  # text -> taken by: auto, auto and one call, required, required and one call
    "": (True, True, False, False),
    "Just text, with <b> and {": (True, True, False, False),
    MOVE: (True, True, True, True),
    NOW: (True, True, True, True),
    f"I look.\n{NOW}": (True, True, False, False),
    f"{MOVE}\n{NOW}": (True, False, True, False),
    f"{MOVE}{NOW}": (False, False, False, False),
    f"{MOVE}\ntext": (False, False, False, False),
    MOVE.replace("12", '"a"'): (False, False, False, False),
    MOVE.replace("move", "stop"): (False, False, False, False),
    NOW.replace("{}", '{"x": 1}'): (False, False, False, False),
    "<tool_call>": (False, False, False, False),
    NOW[:-1]: (False, False, False, False),
}


@pytest.mark.parametrize("text", CASES)
def test_calls(text: str) -> None:
    ways = [(required, parallel) for required in (False, True) for parallel in (True, False)]
    found = tuple(
        takes(call_grammar(FUNCTIONS, required=required, parallel=parallel), text) for required, parallel in ways
    )
    assert found == CASES[text]
    for (required, parallel), taken in zip(ways, CASES[text], strict=True):
        after = call_grammar(FUNCTIONS, required=required, parallel=parallel, reasoning=True)
        assert takes(after, f"we {MOVE[:30]} think</think>\n{text}") is taken


def test_an_answer_of_a_form_in_place_of_calls() -> None:
    grammar = call_grammar(FUNCTIONS, required=False, parallel=False, answer=POINT)
    assert takes(grammar, '{"x":1}') and takes(grammar, NOW) and not takes(grammar, "text")


def test_one_call_is_the_end_and_so_is_the_last_of_many() -> None:
    assert read(call_grammar(FUNCTIONS, required=True, parallel=False), NOW)[1].complete
    many = "\n".join([NOW] * MAX_CALLS)
    count, state = read(call_grammar(FUNCTIONS, required=True, parallel=True), many)
    assert count == len(many) and state.complete
