"""Many clients at once while workers are killed: every answer is the one that the Python API gives."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from server.load_client import LoadClient, LoadReply, side_by_side
from server.load_questions import LoadQuestion, offline_answers
from server.served import Served, served
from server.tree_watching import fitted_growth, killed_workers, loop_lag, metric, tree_pss, watched_memory

AT_ONCE = 64
KV_MEMORY = (
    "6M"  # of a worker: little, so that a new one has soon touched all of it, and sequences lose their pages, too
)


def asked(server: Served, questions: Sequence[LoadQuestion], at_once: int = AT_ONCE) -> list[LoadReply]:
    """Ask all; replies in the order of the questions."""
    client = LoadClient(server.port)
    jobs = [functools.partial(client.answered, question.path, question.body) for question in questions]
    return asyncio.run(side_by_side(jobs, at_once))


def all_answered(folder: Path, questions: Sequence[LoadQuestion], kill_every_s: float) -> float:
    """Ask the shipped model, killing; compare with the API's answers; return the fitted growth of memory."""
    expected = offline_answers(questions)
    with served(folder, "--workers", 2, "--kv-memory", KV_MEMORY) as server:
        assert server.port
        with watched_memory(server.process.pid, 0.5) as memory, killed_workers(server, kill_every_s) as killed:
            replies = asked(server, questions)
        found = [question.answer(reply) for question, reply in zip(questions, replies, strict=True)]
        different = [one for one, own, told in zip(questions, expected, found, strict=True) if own != told]
        assert not different, f"{len(different)} of {len(questions)} differ, the first is {different[0]}"
        assert killed.count >= 1 and metric(server, "request_retries_total") >= 1, "no death cost anybody anything"
        assert metric(server, "requests_total", outcome="answered") == len(questions)
        assert metric(server, "num_requests_running") == metric(server, "num_requests_waiting") == 0
        print(f"{len(questions)} answers, {killed.count} workers killed, {loop_lag(server)},")
        print(f"{tree_pss(server.process.pid) / 2**20:.1f} MiB at the end")
        assert server.end() == 0
        assert "Traceback" not in server.log.read_text()
    return fitted_growth(memory.samples) if len(memory.samples) > 5 else 0.0


def test_answers_are_those_of_the_api_though_workers_die(tmp_path: Path) -> None:
    all_answered(tmp_path, [LoadQuestion(number) for number in range(150)], 0.2)


@pytest.mark.soak
def test_5000_answers_are_those_of_the_api_though_workers_die(tmp_path: Path) -> None:
    growth = all_answered(tmp_path, [LoadQuestion(number) for number in range(5000)], 2.0)
    print(f"memory grew by {100 * growth:.2f} % over the last 80 % of the time")
    assert growth < 0.01


# -- what the numbers rest on -----------------------------------------------------------------------------------------


def test_questions_are_distinct() -> None:
    questions = [LoadQuestion(number) for number in range(5000)]
    assert len({question.prompt for question in questions}) == 5000
    assert {question.kind for question in questions} == {0, 1, 2, 3}
    assert len({question.params.max_tokens for question in questions}) == 32


@given(st.floats(1, 1e9), st.floats(-0.5, 0.5), st.integers(10, 200))
def test_growth_of_a_line_is_its_own(start: float, growth: float, count: int) -> None:
    line = [(float(at), start * (1 + growth * at / (count - 1))) for at in range(count)]
    kept = [value for at, value in line if at >= 0.2 * (count - 1)]
    assert fitted_growth(line) == pytest.approx((kept[-1] - kept[0]) / (sum(kept) / len(kept)), abs=1e-6)


def test_growth_at_the_beginning_does_not_count() -> None:
    samples = [(float(at), 50.0 if at < 20 else 100.0) for at in range(101)]
    assert fitted_growth(samples) == 0 and fitted_growth(samples, leave_out=0) > 0.1
