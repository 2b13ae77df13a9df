"""The arm of `compare-modes` with real processes: every run has its own, and gives the answers of all others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from llmproc.apps.compare_modes.options import parse_options
from llmproc.config import Environment
from llmproc.errors import CheckpointError, RequestError, StartError
from llmproc.experiments.compare_modes.arm import ArmRun, Prompt, judge_run
from llmproc.experiments.compare_modes.service_arm import ProcessArm, open_arm

PROMPTS = [Prompt(text, cost, tokens) for text, cost, tokens in (
    ("What is a pipe?", 4, 20), ("Go on", 1, 5), ("And a thread?", 3, 15), ("Go on", 1, 5), ("Again", 2, None),
)]  # fmt: skip
UNIT_S = 0.02


def arm(*arguments: object):  # type: ignore[no-untyped-def]
    return open_arm(parse_options("x", [str(argument) for argument in arguments], Environment()))


def generating(quick: Path, *more: object):  # type: ignore[no-untyped-def]
    return arm("--model", quick, "--tokenizer", quick.with_name("tokenizer.bin"), "--max-tokens", 30, *more)


def run(opened: ProcessArm, mode: str, workers: int) -> ArmRun:
    found = opened.run(mode, workers, PROMPTS)
    judge_run(found, mode, workers, PROMPTS)
    return found


def test_every_mode_gives_the_same_answers_of_the_wanted_lengths(quick: Path) -> None:
    with generating(quick) as opened:
        runs = {(mode, workers): run(opened, mode, workers) for mode, workers in (("seq", 1), ("sp", 2), ("ws", 2))}
    answers = {tuple(row.digest for row in found.in_order()) for found in runs.values()}
    assert len(answers) == 1 and all(len(digest) == 16 for digest in answers.pop())
    for found in runs.values():
        rows = found.in_order()
        assert [row.tokens for row in rows[:4]] == [20, 5, 15, 5] and 0 < rows[4].tokens <= 30
        assert not found.failed and found.pss_bytes and found.pss_bytes > quick.stat().st_size
        assert found.wait_s is None or found.wait_s >= 0
        assert max(row.ended_s for row in rows) == pytest.approx(found.elapsed_s)
    assert [row.worker for row in runs["sp", 2].in_order()] == [0, 1, 0, 1, 0], "dealt in turn, never moved"
    assert runs["seq", 1].steals == runs["sp", 2].steals == 0
    dealt = [place % 2 for place in range(len(PROMPTS))]
    moved = sum(row.worker != home for row, home in zip(runs["ws", 2].in_order(), dealt, strict=True))
    assert runs["ws", 2].steals == moved


def test_waits_take_their_cost_and_have_no_answer() -> None:
    with arm("--work", "wait", "--unit", UNIT_S, "--model", "/none") as opened:
        found = run(opened, "sp", 2)
    rows = found.in_order()
    assert [row.digest for row in rows] == [""] * 5, "what waits says nothing that could be compared"
    for row, prompt in zip(rows, PROMPTS, strict=True):
        assert row.service_s >= UNIT_S * (prompt.cost or 0)
    assert rows[2].started_s >= rows[0].started_s + 4 * UNIT_S, "the first and the third are for the same worker"


def test_seeds_and_the_system_prompt_count(quick: Path) -> None:
    def digests(*more: object) -> list[str]:
        with generating(quick, *more) as opened:
            return [row.digest for row in run(opened, "seq", 1).in_order()]

    usual = digests("--seed", 1)
    assert usual != digests("--seed", 2) and usual != digests("--seed", 1, "--system", "Be brief.")


def test_what_does_not_fit_is_said_before_anything_starts(quick: Path) -> None:
    before = set(os.listdir("/proc/self/fd"))
    with generating(quick) as opened, pytest.raises(RequestError, match=r"^prompt 'Long': \d+ ids and 600 of answer"):
        opened.run("seq", 1, [Prompt("Long", 1, 600)])
    assert set(os.listdir("/proc/self/fd")) == before


def test_what_cannot_start_is_one_line(quick: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.bin"
    with pytest.raises(CheckpointError), generating(quick, "--model", torn):
        pass
    copied = tmp_path / "copied.bin"
    copied.write_bytes(quick.read_bytes())
    with generating(quick, "--model", copied) as opened:
        copied.write_bytes(quick.read_bytes()[:-64])  # after the arm looked at its header
        with pytest.raises((StartError, CheckpointError), match=r"copied\.bin"):
            opened.run("sp", 2, PROMPTS)
