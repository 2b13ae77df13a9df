"""What Ollama's clients send is understood, and what this version cannot do is refused by its name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from server.ollama.ollama_answers import BOTH, CHAT, GENERATE, asked, question, refused

from llmproc.server.asking import DEFAULT_MAX_TOKENS, Asked
from llmproc.server.ollama.dialects import OllamaChat, OllamaGenerate
from llmproc.server.ollama.durations import seconds
from llmproc.server.ollama.requests import OllamaChatRequest, OllamaGenerateRequest

HI = [{"role": "user", "content": "Hi"}]
NULLS = dict.fromkeys(
    ("mirostat", "mirostat_eta", "mirostat_tau", "num_ctx", "num_gpu", "num_thread", "repeat_last_n", "repeat_penalty",
     "temperature", "stop", "tfs_z", "top_k", "top_p")
)  # fmt: skip
# What each client sends unless told otherwise: table B of the collection of real clients.
CHATS: dict[str, dict[str, Any]] = {
    "ollama py": {"model": "m", "stream": False, "messages": HI, "tools": []},
    "ollama js": {"model": "m", "stream": True, "messages": HI},
    "langchain ChatOllama": {
        "model": "m", "stream": True, "options": {}, "tools": [],
        "messages": [{"role": "user", "content": "Hi", "images": []}],
    },
    "litellm ollama_chat": {
        "model": "m", "options": {}, "stream": False, "messages": [{"role": "user", "content": "Hi", "images": []}],
    },
    "langchaingo": {
        "model": "m", "format": "", "messages": HI, "options": {"temperature": 0, "num_gqa": 8, "f16_kv": True},
    },
    "with nulls": {"model": "m", "messages": HI, "options": NULLS, "keep_alive": None, "format": None, "think": None},
}  # fmt: skip
GENERATIONS: dict[str, dict[str, Any]] = {
    "ollama py, js": {"model": "m", "prompt": "Hi", "stream": False},
    "langchain OllamaLLM": {"model": "m", "prompt": "Hi", "stream": True, "options": {}, "format": ""},
    "litellm ollama": {"model": "m", "prompt": "### User:\nHi", "options": {}, "stream": False, "images": []},
    "nothing set": {"model": "m", "prompt": "Hi", "suffix": "", "system": "", "template": "", "context": []},
}


@pytest.mark.parametrize("fields", CHATS.values(), ids=CHATS)
def test_rule_10_chats_of_real_clients_are_understood(fields: dict[str, Any]) -> None:
    found = CHAT.read(json.dumps(fields).encode())
    assert found.prompts == ([{"role": "user", "content": "Hi"}],) and found.model == "m"
    assert found.stream is fields.get("stream", True) and not found.raw


@pytest.mark.parametrize("fields", GENERATIONS.values(), ids=GENERATIONS)
def test_rule_10_generations_of_real_clients_are_understood(fields: dict[str, Any]) -> None:
    found = GENERATE.read(json.dumps(fields).encode())
    assert found.prompts == (fields["prompt"],) and found.system is None and found.ignored == ()


@BOTH
@pytest.mark.parametrize("field", ["think", "format", "keep_alive", "options", "stream", "truncate", "shift", "model"])
def test_null_is_absent(dialect: OllamaChat | OllamaGenerate, field: str) -> None:
    without = json.loads(question(dialect))
    without.pop(field, None)
    plain = dialect.read(json.dumps(without).encode())
    assert dialect.read(json.dumps({**without, field: None}).encode()) == plain


def test_every_field_of_the_types_takes_null() -> None:
    for dialect, kind in ((CHAT, OllamaChatRequest), (GENERATE, OllamaGenerateRequest)):
        assert not dialect.read(json.dumps(dict.fromkeys(kind.__struct_fields__)).encode()).prompts


def test_rule_12_the_body_alone_chooses_the_stream() -> None:
    assert asked().stream and asked(stream=True).stream and asked(stream=None).stream
    assert not asked(stream=False).stream
    assert GENERATE.stream_type == CHAT.stream_type == "application/x-ndjson"


def test_what_a_generation_carries() -> None:
    found = asked(GENERATE, system="Be brief.", stream=False)
    assert found == Asked(("Hi",), found.sampling, False, model="llama3.2", system="Be brief.")
    assert asked(GENERATE, raw=True).raw
    assert found.sampling.max_tokens == DEFAULT_MAX_TOKENS


def test_a_conversation_keeps_its_order_and_leaves_out_earlier_reasoning() -> None:
    said: list[dict[str, Any]] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello", "thinking": "A greeting.", "tool_calls": None},
        {"role": "user", "content": "Bye", "images": None},
    ]
    found = CHAT.read(json.dumps({"messages": said}).encode())
    assert found.prompts == ([{"role": one["role"], "content": one["content"]} for one in said],)
    assert found.ignored == ("messages.thinking",) and found.model is None


@BOTH
@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"format": "yaml"}, "format is 'yaml': must be \"json\" or a JSON schema"),
        ({"format": ["json"]}, 'format is a list of 1: must be "json" or a JSON schema'),
        ({"stream": "yes"}, "stream is 'yes': must be true or false"),
        ({"think": "yes"}, "think is 'yes': must be true, false, low, medium, high or max"),
        ({"options": []}, "options is a list of 0: must be an object"),
        ({"options": {"num_ctx": 513}}, "options.num_ctx is 513: must be 512 at most"),
        ({"options": {"top_p": 1.5}}, "options.top_p is 1.5: must be a number from 0 to 1"),
        ({"options": {"top_k": 1.5}}, "options.top_k is 1.5: must be a whole number from -1 to 1048576"),
        ({"options": {"stop": ["a", 3]}}, "options.stop[1] is 3: must be a text"),
        ({"options": {"num_predict": -3}}, "options.num_predict is -3: must be a whole number from -2 to 1048576"),
        ({"top_logprobs": 21}, "top_logprobs is 21: must be a whole number from 0 to 20"),
        ({"width": 8}, "width is unknown here"),
        ({"_debug_render_only": True}, "_debug_render_only is unknown here"),
        ({"max_tokens": 5}, "max_tokens is unknown here"),
    ],
)
def test_refused_by_name(dialect: OllamaChat | OllamaGenerate, fields: dict[str, Any], told: str) -> None:
    assert refused(dialect, question(dialect, **fields)).startswith(told)


def test_a_whole_number_is_asked_for_once_however_it_may_be_written() -> None:
    told = refused(CHAT, question(options={"top_k": "x"}))
    assert told == "options.top_k is 'x': must be a whole number from -1 to 1048576"


@pytest.mark.parametrize("field", ["images", "context", "suffix", "template"])
def test_what_a_generation_cannot_do_is_refused_by_name(field: str) -> None:
    value: Any = "x" if field in ("suffix", "template") else [1]
    assert refused(GENERATE, question(GENERATE, **{field: value})).startswith(f"{field} is ")
    assert "must be empty: " in refused(GENERATE, question(GENERATE, **{field: value}))


def test_a_raw_prompt_stands_alone() -> None:
    assert refused(GENERATE, question(GENERATE, raw=True, system="Be brief.")).startswith("system is given and raw is")


@pytest.mark.parametrize("field", ["images", "tool_calls", "audio"])
def test_what_a_message_cannot_have_is_refused_by_name(field: str) -> None:
    message = {"role": "user", "content": "Hi", field: "x" if field == "tool_calls" else ["x"]}
    assert refused(CHAT, json.dumps({"messages": [message]}).encode()).startswith(f"messages[0].{field} is ")


def test_tools_that_are_none() -> None:
    body = json.dumps({"messages": [{"role": "function", "content": "x"}]}).encode()
    assert refused(CHAT, body).startswith("messages[0].role is 'function': must be")
    twice = [{"type": "function", "function": {"name": "f"}}] * 2
    assert refused(CHAT, question(tools=twice)) == "tools has a name twice"
    assert refused(CHAT, question(tools=[{"function": {"name": "a b"}}])).startswith(
        "tools[0].function.name is 'a b': must"
    )
    assert refused(CHAT, question(tools=[{"type": "function"}])) == "tools[0].function is missing"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (0, 0), (300, 300), (-1, -1), (1.5, 1.5), ("0", 0), ("5m", 300), ("1h30m", 5400), ("-1m", -60), ("+2s", 2),
        ("1.5h", 5400), (".5s", 0.5), ("1ms", 1e-3), ("2us", 2e-6), ("2µs", 2e-6), ("2μs", 2e-6), ("3ns", 3e-9),
        ("-1s", -1), ("0s", 0),
    ],
)  # fmt: skip
def test_fact_25_keep_alive_is_a_number_or_a_text_with_a_unit(given: float | str, expected: float) -> None:
    assert asked(keep_alive=given).prompts and seconds(given) == pytest.approx(expected)


@pytest.mark.parametrize("given", ["30", "", "m", "5 m", "5m\n", "five", "1d", "--1s", "1h30", [], {}, True, "1s" * 33])
def test_fact_25_other_texts_are_refused(given: Any) -> None:
    assert refused(CHAT, question(keep_alive=given)).startswith("keep_alive is ")


def test_a_long_text_in_keep_alive_takes_no_time() -> None:
    """Patterns that can be read in many ways take a time that grows with the square of the length, or worse."""
    assert refused(CHAT, question(keep_alive="1" * 1_000_000 + "x")).startswith("keep_alive is ")
