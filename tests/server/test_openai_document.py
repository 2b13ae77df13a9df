"""The published document: made from the types that validate, so what it says is what is done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server.json_schema import SchemaJudge
from server.made_answers import ABOUT, CHAT, TEXT, asked, ended, piece, streamed

from llmproc.engine.shaping import Likely
from llmproc.server.document import document
from llmproc.server.openai.paths import OPENAI_PATHS
from llmproc.server.openai.requests import ChatRequest, CompletionRequest, RequestMessage, without_effect
from llmproc.server.refusals import RefusedError
from llmproc.server.validating import BodyReader

DOCUMENT = json.loads(document(OPENAI_PATHS, "llmproc", "1.2.3"))
SCHEMAS = DOCUMENT["components"]["schemas"]
JUDGE = SchemaJudge(SCHEMAS)
CHECKS = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def operations(found: Any = DOCUMENT) -> Iterator[tuple[str, str, Any]]:
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_head_and_paths() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.") and DOCUMENT["info"] == {"title": "llmproc", "version": "1.2.3"}
    assert {(path, method) for path, method, _ in operations()} == {
        ("/v1/chat/completions", "post"), ("/v1/completions", "post"), ("/v1/responses", "post"), ("/v1/models", "get"),
        ("/v1/models/{model}", "get"), ("/tokenize", "post"), ("/detokenize", "post"),
    }  # fmt: skip
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(names)) == len(names)


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(DOCUMENT)
    found = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert found <= SCHEMAS.keys() and len(found) > 25


def test_rule_20_each_field_that_takes_null_says_so() -> None:
    """null means absent for every field that need not be there; one client library sends it for each."""
    for name in ("ChatRequest", "CompletionRequest", "RequestMessage", "StreamOptions", "TokenizeText"):
        schema = SCHEMAS[name]
        optional = schema["properties"].keys() - set(schema["required"])
        assert optional
        for field in optional:
            assert JUDGE.valid(None, schema["properties"][field]), f"{name}.{field}"
        assert schema["additionalProperties"] is False


@pytest.mark.parametrize(("kind", "good"), [(ChatRequest, {"messages": [{"role": "user", "content": "Hi"}]}),
                                            (CompletionRequest, {"prompt": "Hi"})])  # fmt: skip
def test_rule_20_null_is_absent_in_fact(kind: Any, good: dict[str, Any]) -> None:
    fields = SCHEMAS[kind.__name__]["properties"].keys() - good.keys()
    body = BodyReader(kind).read(json.dumps({**good, **dict.fromkeys(fields)}).encode())
    assert body == BodyReader(kind).read(json.dumps(good).encode())


def test_rule_20_405_has_allow_and_keys_have_401() -> None:
    keyed = json.loads(document(OPENAI_PATHS, "llmproc", "1", keyed=True))
    assert keyed["components"]["securitySchemes"] == {"key": {"type": "http", "scheme": "bearer"}}
    for _, _, operation in operations(keyed):
        assert operation["security"] == [{"key": []}] and operation["responses"]["405"]["headers"].keys() == {"Allow"}
        assert operation["responses"]["401"]["headers"].keys() == {"WWW-Authenticate"}
    for _, _, operation in operations():
        assert "security" not in operation and "401" not in operation["responses"]
    assert "securitySchemes" not in DOCUMENT["components"]


def test_statuses() -> None:
    for path, method, operation in operations():
        found = set(operation["responses"])
        assert {"200", "403", "405", "500", "503"} <= found
        assert ("requestBody" in operation) == (method == "post") == ({"400", "408", "413"} <= found)
        assert ("429" in found) == (path in ("/v1/chat/completions", "/v1/completions", "/v1/responses"))
        for status, response in operation["responses"].items():
            if status != "200":
                assert response["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ErrorAnswer"}
            assert ("Retry-After" in response.get("headers", {})) == (status in ("429", "503"))
    chat = DOCUMENT["paths"]["/v1/chat/completions"]["post"]["responses"]["200"]["content"]
    assert chat.keys() == {"application/json", "text/event-stream"}
    told = chat["text/event-stream"]["schema"]["properties"]["data"]["anyOf"]
    assert told[0] == {"const": "[DONE]"} and told[1]["contentMediaType"] == "application/json"
    kinds = [one["$ref"].rpartition("/")[2] for one in told[1]["contentSchema"]["anyOf"]]
    assert kinds == ["ChatChunk", "ErrorAnswer"]
    named = DOCUMENT["paths"]["/v1/models/{model}"]["get"]["parameters"]
    assert [(one["name"], one["in"], one["required"]) for one in named] == [("model", "path", True)]


def test_reasons_of_fields_without_effect_are_told() -> None:
    for kind in (ChatRequest, CompletionRequest, RequestMessage):
        for field, reason in without_effect(kind).items():
            assert reason in SCHEMAS[kind.__name__]["properties"][field]["description"]


def test_answers_are_valid() -> None:
    likely = [Likely(-1.0, [(2, -1.0)])]
    for dialect, name, chunk_name in ((CHAT, "ChatCompletion", "ChatChunk"), (TEXT, "TextCompletion", "TextChunk")):
        for options in ({}, {"logprobs": 1}):
            body = json.loads(dialect.whole(asked(**options), ABOUT, [piece(1, likely=likely)], [ended()]))
            assert JUDGE.valid(body, SCHEMAS[name])
            what = asked(include_usage=True, continuous_usage=True, **options)
            for chunk in streamed(dialect, what, [piece(1, likely=likely), ended()])[:-1]:
                assert JUDGE.valid(chunk, SCHEMAS[chunk_name])
        error = json.loads(dialect.errors.refusal(RefusedError("no", 404, param="model", code="x")))
        assert JUDGE.valid(error, SCHEMAS["ErrorAnswer"]) and error["error"]["type"] == "not_found_error"
        assert not JUDGE.valid({**error, "error": "no"}, SCHEMAS["ErrorAnswer"])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 30) | st.floats(-3, 3) | st.text("ab1", max_size=3)
    | st.sampled_from([1 << 20, (1 << 20) + 1, 1 << 63, -(1 << 63), 128, 129, 100.0, 100.5, 1 << 31, "x" * 513, "text"])
    | st.sampled_from(["user", "auto", "none", "04"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["role", "content", "type", "text", "1", "include_usage"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@pytest.mark.parametrize("kind", [ChatRequest, CompletionRequest])
@CHECKS
@given(st.data())
def test_what_the_document_allows_is_read_and_what_it_forbids_is_refused(kind: Any, data: Any) -> None:
    good = {"messages": [{"role": "user", "content": "Hi"}], "prompt": "Hi"}
    judged_later = ("add_generation_prompt", "continue_final_message")  # see the next test
    fields = [name for name in (*kind.__struct_fields__, "frobnicate") if name not in judged_later]
    body = data.draw(st.dictionaries(st.sampled_from(fields), VALUES, max_size=3))
    if data.draw(st.booleans()):
        body = {**{name: value for name, value in good.items() if name in fields}, **body}
    text = json.dumps(body)
    try:
        BodyReader(kind).read(text.encode())
        accepted = True
    except RefusedError as error:
        accepted, message = False, str(error)
        assert "published document" not in message, "the words are about the field"
    allowed = JUDGE.valid(json.loads(text), SCHEMAS[kind.__name__])
    assert accepted is allowed, f"{text}: {allowed}"


def test_fields_with_one_value_are_refused_by_the_dialect() -> None:
    """msgspec has no type for `true` alone, so `reading` looks at them."""
    for field, value in {"add_generation_prompt": False, "continue_final_message": True}.items():
        assert not JUDGE.valid(value, SCHEMAS["ChatRequest"]["properties"][field]), "the document knows this one"
        body = json.dumps({"messages": [{"role": "user", "content": "Hi"}], field: value}).encode()
        with pytest.raises(RefusedError):
            CHAT.read(body)
