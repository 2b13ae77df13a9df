"""OpenAI's interface over a real server: what only the whole of it can show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from server.served import Served, served

from llmproc.server.openai.responses import ChatChunk, ChatCompletion, TextCompletion

CHAT, COMPLETIONS = "/v1/chat/completions", "/v1/completions"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, quick: Path) -> Iterator[Served]:
    """A server on a quick random model."""
    with served(tmp_path_factory.mktemp("openai"), "--model", quick, "--sequences", 4) as found:
        assert found.port
        yield found
        assert found.end() == 0


def question(**fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 8, "seed": 7, **fields}


def chunks_of(server: Served, path: str = CHAT, **fields: Any) -> list[Any]:
    reply = server.ask("POST", path, {**(question() if path == CHAT else {}), "stream": True, **fields})
    assert reply.status == 200 and reply.complete and reply.chunks[-1] == b"data: [DONE]\n\n"
    return [json.loads(chunk[6:-2]) for chunk in reply.chunks[:-1]]


def test_rule_11_ignore_eos_gives_all_tokens_asked_for(server: Served) -> None:
    answer = server.ask("POST", CHAT, question(ignore_eos=True, max_completion_tokens=20)).json
    assert answer["usage"]["completion_tokens"] == 20 and answer["choices"][0]["finish_reason"] == "length"
    assert msgspec.convert(answer, ChatCompletion).choices[0].timings.decode_s > 0


def test_rule_09_running_totals_begin_with_the_prompt(server: Served) -> None:
    options = {"include_usage": True, "continuous_usage_stats": True}
    *chunks, last = chunks_of(server, stream_options=options, ignore_eos=True)
    prompt = last["usage"]["prompt_tokens"]
    assert prompt > 0 and all(chunk["usage"]["prompt_tokens"] == prompt for chunk in chunks)
    counts = [chunk["usage"]["completion_tokens"] for chunk in chunks]
    assert counts == sorted(counts) and counts[0] > 0 and counts[-1] == last["usage"]["completion_tokens"] == 8


def test_log_probabilities_of_streams_are_those_of_whole_answers(server: Served) -> None:
    whole = server.ask("POST", CHAT, question(logprobs=True, top_logprobs=3)).json["choices"][0]["logprobs"]["content"]
    chunks = chunks_of(server, logprobs=True, top_logprobs=3)
    told = [choice["logprobs"] for chunk in chunks for choice in chunk["choices"] if choice["logprobs"]]
    assert [entry for one in told for entry in one["content"]] == whole and len(whole) > 3
    for entry in whole:
        assert len(entry["top_logprobs"]) == 3 and entry["logprob"] <= entry["top_logprobs"][0]["logprob"] <= 0
    assert all(msgspec.convert(chunk, ChatChunk).id for chunk in chunks)


def test_choices_begin_in_order_and_are_those_of_the_whole_answer(server: Served) -> None:
    whole = server.ask("POST", CHAT, question(n=6, temperature=1)).json["choices"]
    chunks = [chunk["choices"][0] for chunk in chunks_of(server, n=6, temperature=1)]
    assert list(dict.fromkeys(one["index"] for one in chunks)) == list(range(6))
    texts = ["".join(one["delta"].get("content", "") for one in chunks if one["index"] == i) for i in range(6)]
    assert texts == [one["message"]["content"] for one in whole]


def test_an_echo_begins_the_text(server: Served) -> None:
    fields: dict[str, Any] = {"prompt": ["Hello", "A pipe"], "max_tokens": 4, "seed": 3}
    plain = server.ask("POST", COMPLETIONS, fields).json["choices"]
    echoed = server.ask("POST", COMPLETIONS, {**fields, "echo": True}).json
    assert [one["text"] for one in echoed["choices"]] == [
        prompt + one["text"] for prompt, one in zip(fields["prompt"], plain, strict=True)
    ]
    assert msgspec.convert(echoed, TextCompletion).seed == 3
    streamed = [chunk["choices"][0] for chunk in chunks_of(server, COMPLETIONS, **fields, echo=True)]
    assert "".join(one["text"] for one in streamed if one["index"] == 1) == echoed["choices"][1]["text"]


def test_a_drawn_seed_gives_the_same_answer_again(server: Served) -> None:
    first = server.ask("POST", CHAT, question(seed=None, temperature=1)).json
    again = server.ask("POST", CHAT, question(seed=first["seed"], temperature=1)).json
    assert again["choices"][0]["message"] == first["choices"][0]["message"]
    assert chunks_of(server, seed=5)[-1]["seed"] == 5


def test_an_answer_sent_back_goes_on(server: Served) -> None:
    first = server.ask("POST", CHAT, question()).json["choices"][0]["message"]
    talk = [{"role": "user", "content": "Hello"}, first, {"role": "user", "content": "And?"}]
    assert server.ask("POST", CHAT, question(messages=talk)).json["choices"][0]["finish_reason"]
