"""`SamplingParams(json_schema=...)`: one home for programs, rows of batch files and saved conversations."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator

from llmproc.api import LLM
from llmproc.config import SamplingParams
from llmproc.errors import RequestError, UsageError
from llmproc.session.openai import from_batch_row
from llmproc.session.option_texts import other_options, value_of, with_options

SCHEMA = {
    "type": "object", "required": ["kind", "size"], "additionalProperties": False,
    "properties": {"kind": {"enum": ["pipe", "file"]}, "size": {"type": "integer", "minimum": 0, "maximum": 99}},
}  # fmt: skip


@pytest.fixture(scope="module")
def llm() -> Iterator[LLM]:
    with LLM(sequences=4) as found:
        yield found


def test_answers_keep_the_schema_beside_free_ones(llm: LLM) -> None:
    free = SamplingParams(0.8, 0.9, 30)
    kept = SamplingParams(0.8, 0.9, 100, json_schema=SCHEMA, n=2)
    alone = llm.generate("What is a pipe?", free)
    found = llm.generate(["What is a pipe?"] * 2, [free, kept])
    assert found[0].text == alone[0].text
    texts = [result.text for result in found[1:]]
    assert texts and all(Draft202012Validator(SCHEMA).is_valid(json.loads(text)) for text in texts)
    assert all(result.finish_reason in ("stop", "end") for result in found[1:])


def test_a_schema_that_cannot_be_kept_is_the_prompts_own_error(llm: LLM) -> None:
    (result,) = llm.generate("What is a pipe?", SamplingParams(json_schema={"properties": {"a": {"not": {}}}}))
    assert not result.ok and result.error == "json_schema.properties.a.not is not a keyword that decoding can enforce"


@pytest.mark.parametrize("given", [SCHEMA, json.dumps(SCHEMA), json.dumps(SCHEMA, indent=2)])
def test_a_mapping_and_its_text_are_the_same(given: object) -> None:
    found = SamplingParams(json_schema=given)
    assert found == SamplingParams(json_schema=SCHEMA) and hash(found) == hash(SamplingParams(json_schema=SCHEMA))
    assert with_options(SamplingParams(), other_options(found)) == found
    assert SamplingParams(json_schema=value_of("json_schema", json.dumps(SCHEMA))) == found


@pytest.mark.parametrize("given", [3, [], "[1]", "{", {"a": float("nan")}, {"a": object()}, {"a": "\ud800"}])
def test_what_is_no_schema(given: object) -> None:
    with pytest.raises(UsageError, match=r"json_schema is .* must be a JSON object"):
        SamplingParams(json_schema=given)


@pytest.mark.parametrize("given", [None, ""])
def test_none(given: object) -> None:
    assert SamplingParams(json_schema=given) == SamplingParams()


def test_rows_of_openais_batch_files() -> None:
    def row(form: object) -> dict[str, object]:
        return from_batch_row({"custom_id": "a", "body": {"messages": [], "response_format": form}})

    assert row({"type": "json_object"})["json_schema"] == {"type": "object"}
    named = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}
    assert row(named)["json_schema"] == SCHEMA and "response_format" not in row(named)
    assert "json_schema" not in row({"type": "text"})
    for wrong in ({"type": "json_schema"}, {"type": "json_schema", "json_schema": {"schema": 3}}, {"type": "grammar"}):
        with pytest.raises(RequestError, match="response_format"):
            row(wrong)
