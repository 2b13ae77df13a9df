"""`llmproc doctor --exact`: the same requests in every mode of the engine must give the same token ids.

    threads x sequences x batch tokens x prefix cache   each setting's answers against the first one's

The first setting is the plainest: one sequence, whole prompts, and a fresh engine for every request, so that nothing
can be found in the prefix cache. No engine runs in this process; `replay` is run in one child per number of threads.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from llmproc.apps.doctor.prompts import Question
from llmproc.config import EngineOptions
from llmproc.errors import LlmprocError, StartError, rebuild
from llmproc.files.interpreter import child_command, child_environment

SEQUENCES = (1, 16)
BATCH_TOKENS = (512, 5)  # whole prompts, and chunks of five ids
COLD, FIRST, AGAIN = "cold", "first", "again"
_PREFIX_WORDS = {COLD: "none", FIRST: "shared", AGAIN: "full"}


@dataclass(frozen=True, slots=True)
class EngineSetting:
    """A mode of the engine. `prefix`, what is cached: cold (nothing), first (shared beginnings), again (everything)."""

    threads: int
    sequences: int
    batch_tokens: int
    prefix: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answers of one setting. `difference`: the first one from the reference, "" when all ids are equal."""

    setting: EngineSetting
    answers: list[list[int]]
    cached: int  # prompt ids found in the prefix cache
    seconds: float
    difference: str = ""

    def row(self, reference: bool) -> str:
        """Return a line of the table."""
        s = self.setting
        result = self.difference or ("reference" if reference else "equal")
        return (
            f"{s.threads:>7} {s.sequences:>9} {s.batch_tokens:>12} {_PREFIX_WORDS[s.prefix]:>7} {self.cached:>10} "
            f"{self.seconds:>8.2f}  {result}"
        )


HEAD = f"{'threads':>7} {'sequences':>9} {'batch tokens':>12} {'prefix':>7} {'found ids':>10} {'seconds':>8}  result"
Replay = Callable[[dict[str, Any]], Iterable[dict[str, Any]]]


def settings(threads: Sequence[int]) -> list[EngineSetting]:
    """Return all settings, the reference first, grouped by number of threads."""
    found = [EngineSetting(threads[0], 1, BATCH_TOKENS[0], COLD)]
    for count in threads:
        for sequences in SEQUENCES:
            for batch_tokens in BATCH_TOKENS:
                found += [EngineSetting(count, sequences, batch_tokens, prefix) for prefix in (FIRST, AGAIN)]
    return found


def compare(
    checkpoint: Path,
    options: EngineOptions,
    questions: Sequence[Question],
    tokens: int,
    threads: Sequence[int],
    replay: Replay | None = None,
) -> Iterator[Outcome]:
    """Run every setting; the first outcome is the reference. Raises what the engine raised, StartError if it died."""
    run_all = replay or run_child
    reference: list[list[int]] | None = None
    everything = settings(threads)
    for count in dict.fromkeys(threads):
        chosen = [setting for setting in everything if setting.threads == count]
        order = {
            "checkpoint": str(checkpoint),
            "engine": {**asdict(options), "threads": count},
            "questions": [asdict(question) for question in questions],
            "tokens": tokens,
            "runs": [asdict(setting) for setting in chosen],
        }
        for setting, got in zip(chosen, run_all(order), strict=True):
            reference = reference or got["answers"]
            difference = first_difference(questions, reference, got["answers"])
            yield Outcome(setting, got["answers"], got["cached"], got["seconds"], difference)


def first_difference(questions: Sequence[Question], wanted: list[list[int]], got: list[list[int]]) -> str:
    """Return where the first answer that differs leaves the reference; "" when none does."""
    for question, one, other in zip(questions, wanted, got, strict=True):
        if one != other:
            at = next(
                (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
            )
            return f"{question.name}: token {at} is {_at(other, at)}, in the reference {_at(one, at)}"
    return ""


def _at(ids: list[int], index: int) -> str:
    return str(ids[index]) if index < len(ids) else "missing"


def run_child(order: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Run `replay` in a process of its own, which has ended when this has."""
    output = os.memfd_create("llmproc-doctor", os.MFD_CLOEXEC)
    process = subprocess.Popen(
        child_command("llmproc.apps.doctor.replay"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=output,
        text=True,
        env=child_environment(),
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        try:
            process.stdin.write(json.dumps(order))
            process.stdin.close()
        except BrokenPipeError:  # it died at once: its end says why
            pass
        seen = 0
        for line in process.stdout:
            answer = json.loads(line)
            if "error" in answer:
                raise rebuild(answer["error"], answer["message"])
            seen += 1
            yield answer
        if seen < len(order["runs"]):
            raise _death(process.wait(), order["runs"][seen], output)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            try:
                stream.close()
            except OSError:  # what was not written goes nowhere
                pass
        os.close(output)


def _death(status: int, run: dict[str, Any], output: int) -> LlmprocError:
    lines = (
        os.pread(output, 1 << 16, max(0, os.fstat(output).st_size - (1 << 16))).decode(errors="replace").splitlines()
    )
    how = f"signal {-status}" if status < 0 else f"status {status}"
    where = ", ".join(f"{name} {value}" for name, value in run.items())
    return StartError(f"the engine died ({how}) at {where}: {lines[-1] if lines else 'it said nothing'}")


def as_json(questions: Sequence[Question], tokens: int, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return what --json prints: every setting, and the reference's ids."""
    return {
        "equal": not any(outcome.difference for outcome in outcomes),
        "tokens": tokens,
        "questions": [
            {**asdict(question), "answer": answer}
            for question, answer in zip(questions, outcomes[0].answers, strict=True)
        ],
        "settings": [
            {**asdict(outcome.setting), "found_ids": outcome.cached, "seconds": outcome.seconds,
             "equal": not outcome.difference, "difference": outcome.difference}
            for outcome in outcomes
        ],
    }  # fmt: skip
