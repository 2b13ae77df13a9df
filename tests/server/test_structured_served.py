"""Answers of a given form from a real server on the shipped model: what each interface takes, refuses and answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from server.served import Served, served

ANSWER = {
    "type": "object", "additionalProperties": False, "required": ["word", "count"],
    "properties": {
        "word": {"type": "string", "maxLength": 12}, "count": {"type": "integer", "minimum": 1, "maximum": 99},
    },
}  # fmt: skip
BAD = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(?=a)"}}}
WEATHER = {
    "type": "object", "additionalProperties": False, "required": ["city", "unit"],
    "properties": {"city": {"type": "string", "maxLength": 10}, "unit": {"$ref": "#/$defs/unit"}},
    "$defs": {"unit": {"enum": ["C", "F"]}},
}  # fmt: skip
TOOLS = [
    {"type": "function", "function": {"name": "weather", "description": "of a city", "parameters": WEATHER}},
    {"type": "function", "function": {"name": "now"}},
]
TALK = [{"role": "user", "content": "Tell me of pipes."}]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("structured"), "--sequences", 4, "--workers", 1) as found:
        assert found.port
        yield found
        assert found.end() == 0


def chat(server: Served, **fields: Any) -> Any:
    return server.ask("POST", "/v1/chat/completions", {"messages": TALK, "seed": 5, "max_tokens": 250, **fields})


def ollama(server: Served, path: str = "/api/chat", **fields: Any) -> Any:
    asked = {"messages": TALK} if path == "/api/chat" else {"prompt": "Tell me of pipes."}
    options = {"seed": 5, "num_predict": 250}
    return server.ask("POST", path, {"stream": False, "options": options, **asked, **fields})


def one(name: str) -> dict[str, Any]:
    """Return the choice of one function."""
    return {"type": "function", "function": {"name": name}}


def called(role: str, arguments: str) -> dict[str, Any]:
    """Return a message with a call."""
    call = {"id": "1", "function": {"name": "f", "arguments": arguments}}
    return {"role": role, "content": "x", "tool_calls": [call]}


def named(schema: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": False, "description": "d"}}


def valid(text: str, schema: Any = ANSWER) -> bool:
    return Draft202012Validator(schema).is_valid(json.loads(text))


# -- a schema ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0, 1])
def test_chat_with_a_schema(server: Served, temperature: float) -> None:
    one, two = (chat(server, response_format=named(ANSWER), temperature=temperature).json for _ in range(2))
    (choice,) = one["choices"]
    assert choice["finish_reason"] == "stop" and valid(choice["message"]["content"])
    assert two["choices"][0]["message"] == choice["message"], "same seed, same bytes"


def test_n_answers_of_a_form_and_each_cut_one_says_so(server: Served) -> None:
    several = chat(server, response_format=named(ANSWER), n=3).json["choices"]
    assert all(valid(choice["message"]["content"]) for choice in several)
    (cut,) = chat(server, response_format=named(ANSWER), max_tokens=4).json["choices"]
    assert cut["finish_reason"] == "length"


def test_json_object(server: Served) -> None:
    (choice,) = chat(server, response_format={"type": "json_object"}, max_tokens=40).json["choices"]
    assert choice["message"]["content"].startswith("{") and choice["finish_reason"] in ("stop", "length")


def test_a_stream_with_a_schema_is_the_same_text(server: Served) -> None:
    whole = chat(server, response_format=named(ANSWER)).json["choices"][0]["message"]["content"]
    chunks = events(chat(server, response_format=named(ANSWER), stream=True).body)
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == whole


@pytest.mark.parametrize("path", ["/api/chat", "/api/generate"])
def test_format_of_ollama(server: Served, path: str) -> None:
    found = ollama(server, path, format=ANSWER).json
    text = found["message"]["content"] if path == "/api/chat" else found["response"]
    assert found["done_reason"] == "stop" and valid(text)
    lines = ollama(server, path, format=ANSWER, stream=True).body.decode().splitlines()
    told = [json.loads(line) for line in lines]
    assert "".join(one["message"]["content"] if path == "/api/chat" else one["response"] for one in told) == text
    plain = ollama(server, path, format="json", options={"num_predict": 12, "seed": 1}).json
    assert (plain["message"]["content"] if path == "/api/chat" else plain["response"]).startswith("{")


def test_a_raw_prompt_keeps_a_form_too(server: Served) -> None:
    assert valid(ollama(server, "/api/generate", format=ANSWER, raw=True).json["response"])


def test_a_schema_that_cannot_be_kept_is_refused_by_its_place(server: Served) -> None:
    before = server.worker()
    reply = chat(server, response_format=named(BAD))
    path = "response_format.json_schema.schema.properties.a.pattern"
    assert (reply.status, reply.json["error"]["param"], reply.json["error"]["code"]) == (400, path, "invalid_schema")
    assert reply.json["error"]["message"] == (
        f"{path} is refused: look-around, including look-ahead and look-behind, is not supported"
    )
    reply = ollama(server, format={"type": "object", "properties": {"a": {"uniqueItems": True}}})
    assert reply.status == 400
    assert reply.json == {"error": "format.properties.a.uniqueItems is not a keyword that decoding can enforce"}
    reply = chat(server, tools=[{"type": "function", "function": {"name": "f", "parameters": BAD}}])
    assert (reply.status, reply.json["error"]["param"]) == (400, "tools[0].function.parameters.properties.a.pattern")
    assert server.worker() == before


# -- calls ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", ["required", one("weather")])
def test_a_call_that_must_come(server: Served, choice: Any) -> None:
    found = chat(server, tools=TOOLS, tool_choice=choice, parallel_tool_calls=False).json["choices"][0]
    (call,) = found["message"]["tool_calls"]
    assert found["finish_reason"] == "tool_calls" and found["message"]["content"] is None
    assert call["id"].startswith("call_") and call["type"] == "function"
    assert choice == "required" or call["function"]["name"] == "weather"
    if call["function"]["name"] == "weather":
        assert valid(call["function"]["arguments"], WEATHER)


def test_a_streamed_call_comes_with_its_name_first(server: Served) -> None:
    fields = {"tools": TOOLS, "tool_choice": one("weather")}
    whole = chat(server, **fields, parallel_tool_calls=False).json["choices"][0]["message"]["tool_calls"][0]
    chunks = events(chat(server, **fields, parallel_tool_calls=False, stream=True).body)
    parts = [part for chunk in chunks for part in chunk["choices"][0]["delta"].get("tool_calls", ())]
    first, *rest = parts
    assert first["index"] == 0 and first["id"] and first["function"] == {"name": "weather", "arguments": ""}
    assert rest and all(part.keys() == {"index", "function"} and part["index"] == 0 for part in rest)
    assert "".join(part["function"]["arguments"] for part in rest) == whole["function"]["arguments"]
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks][-1] == "tool_calls"


def test_text_may_come_in_place_of_a_call(server: Served) -> None:
    found = chat(server, tools=TOOLS, max_tokens=60).json["choices"][0]
    assert found["message"]["content"] or found["message"]["tool_calls"]
    none = chat(server, tools=TOOLS, tool_choice="none", max_tokens=20).json
    assert none["choices"][0]["message"] == chat(server, max_tokens=20).json["choices"][0]["message"]


def test_calls_and_their_results_are_part_of_a_conversation(server: Served) -> None:
    message = chat(server, tools=TOOLS, tool_choice="required", parallel_tool_calls=False).json["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "12:00"}
    reply = chat(server, messages=[*TALK, message, result], tools=TOOLS, max_tokens=20)
    assert reply.status == 200
    assert chat(server, messages=[*TALK, message, result], max_tokens=20).status == 200


def test_ollama_calls_with_an_object(server: Served) -> None:
    tools = [TOOLS[0]]
    for seed in range(40):  # a model of this size calls now and then
        found = ollama(server, tools=tools, format=ANSWER, options={"seed": seed, "temperature": 2}).json
        if calls := found["message"].get("tool_calls"):
            break
        assert valid(found["message"]["content"])
    assert found["done_reason"] == "stop" and found["message"]["content"] == ""
    assert calls[0]["function"]["name"] == "weather" and valid(json.dumps(calls[0]["function"]["arguments"]), WEATHER)
    lines = ollama(server, tools=tools, format=ANSWER, options={"seed": seed, "temperature": 2}, stream=True).body
    told = [json.loads(line) for line in lines.decode().splitlines()]
    assert [one["message"]["tool_calls"] for one in told if "tool_calls" in one["message"]] == [calls]
    back = [*TALK, found["message"], {"role": "tool", "tool_name": "weather", "content": "sunny"}]
    assert ollama(server, messages=back, tools=tools, options={"num_predict": 5}).status == 200


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": TOOLS, "tool_choice": one("no")}, "tool_choice.function.name"),
        ({"tools": [TOOLS[1], TOOLS[1]]}, "tools"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"response_format": {"type": "text", "json_schema": {"name": "x"}}}, "response_format.json_schema"),
        ({"messages": [{"role": "assistant"}]}, "messages[0].content"),
        ({"messages": [called("user", "{}")]}, "messages[0].tool_calls"),
        ({"messages": [called("assistant", "[]")]}, "messages[0].tool_calls[0].function.arguments"),
    ],
)
def test_fields_that_do_not_go_together(server: Served, fields: dict[str, Any], param: str) -> None:
    reply = chat(server, **fields)
    assert (reply.status, reply.json["error"]["param"]) == (400, param)


def events(body: bytes) -> list[dict[str, Any]]:
    """The chunks of a stream."""
    parts = [part.removeprefix("data: ") for part in body.decode().split("\n\n") if part]
    assert parts.pop() == "[DONE]"
    return [json.loads(part) for part in parts]
