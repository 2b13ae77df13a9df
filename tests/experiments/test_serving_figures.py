"""Samples of serving -> microseconds a token, shares, bars; and readings of stages -> seconds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from llmproc.experiments.serving_overhead.figures import ChatSample, ServedSample, bars_of, chat_row, streams_row
from llmproc.experiments.serving_overhead.options import ServingOptions
from llmproc.experiments.serving_overhead.staged import StageReading, seconds_between
from llmproc.experiments.serving_overhead.stages import ALL, STAGES

PLAIN = ServedSample(16, 0, 2.0, 1000, 0, 0.05, 0.1, 2.0, {})
CLOCKED = replace(PLAIN, main_s=0.12, stages={"JSON": 0.01, "socket": 0.02})
CHAT = ChatSample(0, 1.0, 100, 0.005, 0.9)


def test_a_row_of_one_number_of_streams() -> None:
    plain = [PLAIN, replace(PLAIN, repetition=1, main_s=0.3, failed=2), replace(PLAIN, repetition=2, main_s=0.2)]
    clocked = [CLOCKED, replace(CLOCKED, repetition=1, stages={"JSON": 0.03, "socket": 0.02})]
    chat = [CHAT, replace(CHAT, repetition=1, main_s=0.01), replace(CHAT, repetition=2, main_s=0.01)]
    row = streams_row(16, plain, clocked, chat)
    assert row["main_us"]["median"] == pytest.approx(200) and row["client_us"]["median"] == pytest.approx(50)
    assert row["tokens_per_s"]["median"] == 500 and row["share"]["maximum"] == pytest.approx(0.15)
    assert row["stages_us"] == {"JSON": pytest.approx(20), "socket": pytest.approx(20)} and row["failed"] == 2
    assert row["over_chat"]["minimum"] == pytest.approx(2) and row["over_chat"]["maximum"] == pytest.approx(3)
    assert len(row["samples"]["plain"]) == 3 and len(row["samples"]["clocked"]) == 2
    assert chat_row(chat)["main_us"]["median"] == pytest.approx(100)


def test_bars() -> None:
    rows = [streams_row(n, [replace(PLAIN, streams=n)], [CLOCKED], [CHAT]) for n in (1, 16)]
    found = bars_of(rows)
    assert [bar["what"].rpartition(", ")[2] for bar in found] == [
        "incomplete answers", "16 streams", "1 streams", "16 streams"
    ]  # fmt: skip
    assert all(bar["kept"] for bar in found)
    slow = [streams_row(16, [replace(PLAIN, main_s=0.17, failed=1)], [CLOCKED], [CHAT])]
    assert [bar["kept"] for bar in bars_of(slow)] == [False, False, False]


def test_a_run_without_answers_is_no_division_by_nothing() -> None:
    none = replace(PLAIN, tokens=0, failed=16)
    row = streams_row(16, [none], [replace(CLOCKED, tokens=0, failed=16)], [CHAT])
    assert row["tokens_per_s"]["median"] == 0 and row["failed"] == 32 and not bars_of([row])[0]["kept"]


def test_what_no_stage_holds_is_the_event_loops() -> None:
    before = StageReading({"JSON": 1_000}, {"MainThread": 10_000, "llmproc-io": 5_000, "watch": 1, "asyncio_0": 700})
    stages = dict.fromkeys(STAGES, 2000)
    after = StageReading(stages, {"MainThread": 30_000, "llmproc-io": 9_000, "watch": 501})
    found = {name: round(1e9 * seconds) for name, seconds in seconds_between(before, after).items()}
    assert tuple(found) == ALL
    others = (len(STAGES) - 1) * 2_000
    assert found == {
        "frames": 4_000, **{stage: 1_000 if stage == "JSON" else 2_000 for stage in STAGES},
        "event loop": 20_000 - 1_000 - others, "other threads": 500,
    }  # fmt: skip


def test_requests_make_up_the_tokens() -> None:
    options = ServingOptions(new_tokens=128, tokens=2048)
    assert [options.requests(n) for n in (1, 16, 64)] == [16, 1, 1]
