"""What a client of a stream gets, byte for byte: the rules that real clients were seen to need."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from server.made_answers import ABOUT, CHAT, FRESH, TEXT, WordTokens, asked, ended, parsed, piece, streamed, written

from llmproc.server.asking import Asked, Event, Piece
from llmproc.server.openai.dialects import ChatDialect
from llmproc.server.openai.responses import ChatChunk, TextChunk

ANSWER: list[Event] = [piece(1), piece(2), ended()]
HEAD = (
    'data: {"id":"chatcmpl-abc","object":"chat.completion.chunk","created":1700000000,"model":"stories",'
    '"system_fingerprint":"stories-1a2b-0.1-avx2","choices":['
)
FINISH = (
    '"finish_reason":"stop","timings":{"queue_s":0.25,"prefill_s":0.5,"decode_s":1.0,"total_s":1.75,'
    '"tokens_per_s":3.0},"resources":{"cpu_user_s":1.5,"cpu_system_s":0.25,"cpu_wait_s":0.125,"kv_bytes":4096}}],'
    '"seed":77'
)
USAGE = (
    '"usage":{"prompt_tokens":5,"completion_tokens":3,"total_tokens":8,'
    '"prompt_tokens_details":{"cached_tokens":2},"completion_tokens_details":{"reasoning_tokens":0}}'
)
MORE = '"logprobs":null,"finish_reason":null}]'


def writes(what: Asked, events: list[Event] = ANSWER, dialect: Any = CHAT) -> list[str]:
    return [one.decode() for one in written(dialect.stream(what, ABOUT), events)]


def test_rule_05_framing_of_a_chat_byte_for_byte() -> None:
    assert CHAT.stream_type == TEXT.stream_type == "text/event-stream"
    assert writes(asked(include_usage=True)) == [
        HEAD + '{"index":0,"delta":{"role":"assistant","content":"A"},' + MORE + ',"usage":null}\n\n',
        HEAD + '{"index":0,"delta":{"content":" pipe"},' + MORE + ',"usage":null}\n\n',
        HEAD + '{"index":0,"delta":{},"logprobs":null,' + FINISH + ',"usage":null}\n\n',
        HEAD + "]," + USAGE + "}\n\n",
        "data: [DONE]\n\n",
    ]


def test_rule_05_framing_of_a_completion_byte_for_byte() -> None:
    head = HEAD.replace("chatcmpl-", "cmpl-").replace("chat.completion.chunk", "text_completion")
    assert writes(asked(), dialect=TEXT) == [
        head + '{"index":0,"text":"A",' + MORE + "}\n\n",
        head + '{"index":0,"text":" pipe",' + MORE + "}\n\n",
        head + '{"index":0,"text":"","logprobs":null,' + FINISH + "}\n\n",
        "data: [DONE]\n\n",
    ]


@pytest.mark.parametrize(
    "text", ["a\nb\r\n\n", 'data: "x"\n\ndata: [DONE]\n\n', "\u2028\u2029\x85\x0b\x00", "é\U0001f600"]
)
def test_rule_05_no_text_breaks_the_framing(text: str) -> None:
    """httpx, which many clients read lines with, ends a line wherever `str.splitlines` does."""
    chunk, *_ = writes(asked(), [Piece(0, text, [1]), Piece(0, "", [1], reasoning=text)])
    assert chunk.startswith("data: {") and len(chunk.splitlines()) == 2 and chunk.endswith("}\n\n")
    assert json.loads(chunk[6:])["choices"][0]["delta"]["content"] == text


def test_rule_06_role_once_with_the_first_text() -> None:
    deltas = [chunk["choices"][0]["delta"] for chunk in streamed(CHAT, asked(), ANSWER) if chunk]
    assert deltas == [{"role": "assistant", "content": "A"}, {"content": " pipe"}, {}]


def test_rule_06_role_with_reasoning_and_with_no_text_at_all() -> None:
    thinks: list[Event] = [
        Piece(0, "", [1], reasoning="hm"),
        Piece(0, "4", [2], reasoning="."),
        Piece(0, "2", [3]),
        ended(),
    ]
    assert [chunk["choices"][0]["delta"] for chunk in streamed(CHAT, asked(), thinks) if chunk] == [
        {"role": "assistant", "reasoning_content": "hm"}, {"reasoning_content": ".", "content": "4"},
        {"content": "2"}, {},
    ]  # fmt: skip
    silent = streamed(CHAT, asked(), [Piece(0, "", [0]), ended(text="")])
    assert silent[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""} and silent[1:] == [None]
    assert silent[0]["choices"][0]["finish_reason"] == "stop"


def test_rule_06_nothing_is_written_before_there_is_text() -> None:
    writer = CHAT.stream(asked(), ABOUT)
    assert [*writer.event(Piece(0, "", [7])), *writer.event(Piece(0, "", []))] == []
    assert len(list(writer.event(Piece(0, "€", [8])))) == 1


def test_choices_of_a_chat_begin_in_their_order() -> None:
    """openai's stream helper numbers choices as they come, and fails if the first one is not choice 0."""
    writer = CHAT.stream(asked(n=4), ABOUT)
    early: list[Event] = [piece(1, 1), piece(1, 3), piece(2, 1), ended(3), Piece(0, "", [0])]
    assert [chunk for event in early for chunk in writer.event(event)] == []
    found = [parsed(chunk)["choices"][0] for chunk in writer.event(piece(1, 0))]
    assert [(one["index"], one["delta"].get("content")) for one in found] == [(0, "A"), (1, "A"), (1, " pipe")]
    found = [parsed(chunk)["choices"][0] for chunk in writer.event(ended(2, text=""))]
    assert [(one["index"], one["finish_reason"]) for one in found] == [(2, "stop"), (3, None), (3, "stop")]
    assert [parsed(chunk)["choices"][0]["index"] for chunk in writer.event(piece(2, 0))] == [0]


def test_rule_06_each_choice_has_the_role_once() -> None:
    events: list[Event] = [piece(1, 1), piece(1, 0), piece(2, 1), ended(1), piece(2, 0), ended(0, text="A pipe")]
    found: dict[int, list[str]] = {0: [], 1: []}
    for chunk in streamed(CHAT, asked(n=2), events)[:-1]:
        found[chunk["choices"][0]["index"]].append(chunk["choices"][0]["delta"].get("role", ""))
    assert found == {0: ["assistant", "", ""], 1: ["assistant", "", ""]}


@pytest.mark.parametrize(("dialect", "kind"), [(CHAT, ChatChunk), (TEXT, TextChunk)])
def test_rule_07_chunk_fields(dialect: Any, kind: Any) -> None:
    for options in ({}, {"include_usage": True}, {"continuous_usage": True}, {"logprobs": 2}):
        *chunks, done = streamed(dialect, asked(**options), [Piece(0, "", [0]), *ANSWER])
        assert done is None
        for chunk in chunks:
            assert msgspec.convert(chunk, kind, strict=True).created == 1700000000
            assert {"id", "object", "created", "model", "system_fingerprint", "choices"} <= chunk.keys()
        told = [choice for chunk in chunks for choice in chunk["choices"]]
        assert all(("delta" if dialect is CHAT else "text") in choice for choice in told)
        assert [choice["finish_reason"] for choice in told if choice["finish_reason"] is not None] == ["stop"]
        assert len({chunk["id"] for chunk in chunks}) == 1


@pytest.mark.parametrize(
    ("reason", "word"), [("end", "stop"), ("stop", "stop"), ("length", "length"), ("context", "length")]
)
def test_rule_07_words_of_the_end(reason: Any, word: str) -> None:
    for dialect in (CHAT, TEXT):
        assert streamed(dialect, asked(), [piece(1), ended(reason=reason)])[1]["choices"][0]["finish_reason"] == word


def test_rule_08_one_token_one_chunk() -> None:
    events: list[Event] = [*(piece(1 + index % 6) for index in range(50)), ended(reason="length", new_tokens=50)]
    for dialect in (CHAT, TEXT):
        chunks = [chunk["choices"][0] for chunk in streamed(dialect, asked(), events) if chunk]
        texts = [choice["text"] if dialect is TEXT else choice["delta"].get("content") for choice in chunks]
        assert len([text for text in texts if text]) == 50 and len(chunks) == 51


def test_rule_08_a_piece_of_several_ids_is_one_chunk() -> None:
    chunks = streamed(CHAT, asked(), [Piece(0, "€", [7, 8]), ended(new_tokens=2)])
    assert [chunk["choices"][0]["delta"].get("content") for chunk in chunks[:-1]] == ["€", None]


def test_rule_09_usage_only_for_those_who_ask() -> None:
    assert not any("usage" in write for write in writes(asked()))
    *chunks, last, done = streamed(CHAT, asked(include_usage=True), ANSWER)
    assert done is None and all(chunk["usage"] is None and chunk["choices"] for chunk in chunks)
    assert last["choices"] == [] and last["usage"]["total_tokens"] == 8


def test_rule_09_running_totals_only_for_those_who_ask() -> None:
    events: list[Event] = [piece(1, prompt_tokens=5), Piece(0, "", [0], prompt_tokens=5), piece(2, prompt_tokens=5)]
    events.append(ended(new_tokens=4))  # the fourth ended the answer: it has no text, so no piece
    chunks = streamed(CHAT, asked(continuous_usage=True), events)
    assert [chunk["usage"] for chunk in chunks[:-1]] == [
        {"prompt_tokens": 5, "completion_tokens": count, "total_tokens": 5 + count} for count in (1, 3, 4)
    ]
    both = streamed(CHAT, asked(continuous_usage=True, include_usage=True), events)
    assert len(both) == 5 and both[-2]["choices"] == [] and both[-2]["usage"]["completion_tokens"] == 4


def test_usage_counts_each_prompt_once() -> None:
    ends = [ended(choice, prompt_tokens=5 + choice // 2, cached_tokens=choice, new_tokens=3, reasoning_tokens=1)
            for choice in range(4)]  # fmt: skip
    *_, last, _ = streamed(TEXT, asked(2, n=2, include_usage=True), ends)
    assert last["usage"] == {
        "prompt_tokens": 11, "completion_tokens": 12, "total_tokens": 23,
        "prompt_tokens_details": {"cached_tokens": 0 + 2}, "completion_tokens_details": {"reasoning_tokens": 4},
    }  # fmt: skip


def test_rule_03_in_stream_error_byte_for_byte() -> None:
    for dialect in (CHAT, TEXT):
        (told,) = dialect.stream(asked(), ABOUT).broken("the worker died\ntwice")
        assert told == (
            b'event: error\ndata: {"error":{"message":"the worker died\\ntwice","type":"server_error",'
            b'"param":null,"code":"request_failed"}}\n\n'
        )


def test_rule_03_a_failed_choice_has_no_finish_reason_and_no_done() -> None:
    for dialect in (CHAT, TEXT):
        for reason in ("failed", "cancelled"):
            *chunks, error = writes(asked(), [piece(1), ended(reason=reason)], dialect)
            assert len(chunks) == 1 and error.startswith("event: error\ndata: {") and f"was {reason}" in error
            assert not any("[DONE]" in one or '"finish_reason":"' in one for one in (*chunks, error))


def test_choices_of_several_prompts_are_numbered_through() -> None:
    events: list[Event] = [piece(2, choice) for choice in (3, 0, 2, 1)]
    events += [ended(choice) for choice in range(4)]
    chunks = [chunk["choices"][0] for chunk in streamed(TEXT, asked(2, n=2), events)[:-1]]
    assert [choice["index"] for choice in chunks] == [3, 0, 2, 1, 0, 1, 2, 3]


def test_an_echo_is_the_first_text() -> None:
    chunks = streamed(TEXT, asked(echo=True), [Piece(0, "Once", []), *ANSWER])
    assert "".join(chunk["choices"][0]["text"] for chunk in chunks if chunk) == "OnceA pipe"


def test_two_answers_have_two_ids() -> None:
    dialect = ChatDialect(WordTokens())
    ids = [streamed(dialect, asked(), ANSWER)[0]["id"] for _ in range(2)]
    assert len(set(ids)) == 2 and all(name.startswith("chatcmpl-") for name in ids) and FRESH.word() == "abc"
