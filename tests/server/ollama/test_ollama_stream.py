"""A streamed answer, byte for byte: one JSON object a line, a line for each piece, the numbers in the last one."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from server.ollama.ollama_answers import (
    ABOUT,
    BOTH,
    CHAT,
    GENERATE,
    NOW,
    REASONS,
    STAMP,
    asked,
    ended,
    lines,
    piece,
    question,
    served,
    text_of,
    thinking_of,
    written,
)

from llmproc.engine.shaping import Likely
from llmproc.server.asking import About, Event
from llmproc.server.ollama.answers import OllamaAnswer
from llmproc.server.ollama.dialects import OllamaChat, OllamaGenerate
from llmproc.server.ollama.lines import stamp

PIECES = [piece("A"), piece(" pipe", ids=[2])]
TEXTS = st.text(max_size=12) | st.sampled_from(["\u2028", "\x85\n\r", '"}{"', "\ud800", "", "\x00\x1c"])


def test_rule_17_the_lines_of_a_chat() -> None:
    head = b'{"model":"stories","created_at":"2026-11-30T18:00:00.123456Z","message":{"role":"assistant","content":'
    assert written(CHAT, asked(), [*PIECES, ended()]) == [
        head + b'"A"},"done":false}\n',
        head + b'" pipe"},"done":false}\n',
        head + b'""},"done":true,"done_reason":"stop","total_duration":1750000000,"load_duration":0,'
        b'"prompt_eval_count":5,"prompt_eval_duration":500000000,"eval_count":3,"eval_duration":1000000000,"seed":77,'
        b'"timings":{"queue_s":0.25,"prefill_s":0.5,"decode_s":1.0,"total_s":1.75,"tokens_per_s":2.0},'
        b'"resources":{"cpu_user_s":1.5,"cpu_system_s":0.25,"cpu_wait_s":0.125,"kv_bytes":4096}}\n',
    ]


def test_rule_17_the_lines_of_a_generation() -> None:
    head = b'{"model":"stories","created_at":"2026-11-30T18:00:00.123456Z","response":'
    first, second, last = written(GENERATE, asked(GENERATE), [*PIECES, ended()])
    assert (first, second) == (head + b'"A","done":false}\n', head + b'" pipe","done":false}\n')
    assert last.startswith(head + b'"","done":true,"done_reason":"stop","total_duration":1750000000,')


@BOTH
@pytest.mark.parametrize(
    ("reason", "told"), [("end", "stop"), ("stop", "stop"), ("length", "length"), ("context", "length")]
)
def test_rule_17_why_it_ended(dialect: OllamaChat | OllamaGenerate, reason: str, told: str) -> None:
    found = lines(written(dialect, asked(dialect), [*PIECES, ended(reason)]))  # type: ignore[arg-type]
    assert [line["done"] for line in found] == [False, False, True]
    assert [line.get("done_reason") for line in found] == [None, None, told]


@BOTH
def test_rule_05_one_piece_one_write_one_line(dialect: OllamaChat | OllamaGenerate) -> None:
    writes = written(dialect, asked(dialect), [*PIECES, piece("", ids=[4]), ended()])
    assert len(writes) == 3 and all(write.count(b"\n") == 1 and b"\r" not in write for write in writes)
    assert len(lines(writes)) == 3


@BOTH
@settings(max_examples=150, deadline=None)
@given(said=st.lists(st.tuples(TEXTS, TEXTS), max_size=6))
def test_rule_12_any_text_is_one_line_and_comes_back(
    dialect: OllamaChat | OllamaGenerate, said: list[tuple[str, str]]
) -> None:
    """U+0085 and U+2028 end a line for httpx, so for Ollama's client in Python: they must be written as escapes."""
    events = [piece(text, reasoning) for text, reasoning in said]
    found = lines(written(dialect, asked(dialect), [*events, ended()]))
    whole = "".join(text for text, _ in said), "".join(reasoning for _, reasoning in said)
    told = "".join(map(text_of, found)), "".join(map(thinking_of, found))
    assert told == tuple(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in whole)


@BOTH
def test_quick_lines_are_what_the_types_make(dialect: OllamaChat | OllamaGenerate) -> None:
    """Lines of pieces are put together from parts; field for field they are what OllamaAnswer encodes to."""
    for event in (piece("A"), piece("", "Hm"), piece("A", "Hm")):
        (write,) = dialect.stream(asked(dialect), ABOUT).event(event)
        assert msgspec.json.encode(msgspec.json.decode(write, type=OllamaAnswer)) + b"\n" == write


def test_rule_04_an_error_in_a_stream_is_a_line_with_a_text() -> None:
    for dialect in (CHAT, GENERATE):
        (told,) = dialect.stream(asked(dialect), ABOUT).broken('the worker died: "signal 9"\u2028')
        assert told == b'{"error":"the worker died: \\"signal 9\\"\\u2028"}\n'
        assert lines([told]) == [{"error": 'the worker died: "signal 9"\u2028'}]


def test_rule_04_nothing_of_a_failed_choice_is_told_as_if_it_were_good() -> None:
    failed = ended("failed", error="the worker died")
    for dialect in (CHAT, GENERATE):
        writer = dialect.stream(asked(dialect), ABOUT)
        assert list(writer.event(failed)) == []
        assert list(writer.end([failed])) == [b'{"error":"the worker died"}\n']


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "1970-01-01T00:00:00.000000Z"), (NOW, STAMP), (1795975199.999999, "2026-11-29T17:59:59.999999Z"),
        (1795975200, "2026-11-29T18:00:00.000000Z"), (951782400.5, "2000-02-29T00:00:00.500000Z"),
        (-0.5, "1969-12-31T23:59:59.500000Z"),
    ],
)  # fmt: skip
def test_rule_16_times_are_rfc_3339_with_z(seconds: float, told: str) -> None:
    assert stamp(seconds) == told


@settings(max_examples=300, deadline=None)
@given(seconds=st.floats(0, 4e9))
def test_rule_16_any_moment(seconds: float) -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", stamp(seconds))


@BOTH
def test_rule_16_every_line_has_a_time(dialect: OllamaChat | OllamaGenerate) -> None:
    assert {line["created_at"] for line in lines(written(dialect, asked(dialect), [*PIECES, ended()]))} == {STAMP}


@BOTH
@pytest.mark.parametrize("think", [None, True, False])
def test_reasoning_is_told_apart_or_left_out(dialect: OllamaChat | OllamaGenerate, think: bool | None) -> None:
    what = type(dialect)(served(REASONS)).read(question(dialect, think=think))
    events: list[Event] = [piece("", "Hm"), piece("", "."), piece("Yes", "!"), piece("."), ended()]
    found = lines(written(dialect, what, events))
    assert "".join(map(text_of, found)) == "Yes."
    assert "".join(map(thinking_of, found)) == ("" if think is False else "Hm.!")
    assert len(found) == (3 if think is False else 5)


@BOTH
def test_log_probabilities_stand_with_their_piece(dialect: OllamaChat | OllamaGenerate) -> None:
    likely = [Likely(-0.5, [(1, -0.5), (2, -1.0)]), Likely(float("-inf"), [(4, -0.25), (1, -2.0)])]
    found = lines(written(dialect, asked(dialect, logprobs=True, top_logprobs=1), [
        piece("", ids=[4], likely=likely[1:]), piece("€ A", ids=[5, 1], likely=likely), ended(),
    ]))  # fmt: skip
    half = {"token": "\ufffd", "logprob": -9999.0, "bytes": [0xE2, 0x82]}
    half["top_logprobs"] = [{"token": "\ufffd", "logprob": -0.25, "bytes": [0xE2, 0x82]}]
    assert text_of(found[0]) == "" and found[0]["logprobs"] == [half]
    assert [entry["token"] for entry in found[1]["logprobs"]] == ["\ufffd", "A"]
    assert all(len(entry["top_logprobs"]) == 1 for entry in found[1]["logprobs"]) and "logprobs" not in found[2]


def test_log_probabilities_of_reasoning_that_is_left_out_are_left_out() -> None:
    what = asked(think=False, logprobs=True)
    found = lines(written(CHAT, what, [piece("", "Hm", likely=[Likely(-1.0)]), piece("A", likely=[Likely(-2.0)])]))
    assert [entry["logprob"] for line in found for entry in line.get("logprobs", [])] == [-2.0]
    assert "top_logprobs" not in found[0]["logprobs"][0]


def test_the_model_that_answers_is_named_whatever_its_file_is_called() -> None:
    about = About('a"\udce9\u2028b', "f", 512)
    (write,) = CHAT.stream(asked(), about).event(piece("A"))
    assert json.loads(write)["model"] == 'a"\ufffd\u2028b' and len(write.decode().splitlines()) == 1
