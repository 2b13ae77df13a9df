"""The child of `doctor --exact`: one number of threads, one forward pass, the same requests in several settings.

    stdin   one JSON object: checkpoint, engine options, questions, runs
    stdout  one JSON object per run, in their order; {"error": class, "message": text} ends it

In a process of its own, so that no team outlives its setting and a crash is only this setting's. Requests go straight
to the engine: what is checked is the engine, not the pipes around it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

from llmproc.apps.doctor.prompts import Question
from llmproc.config import EngineOptions
from llmproc.errors import LlmprocError, RequestError


class EngineLike(Protocol):
    """The part of the engine that is used here."""

    @property
    def busy(self) -> bool: ...
    def add(self, request: Any) -> None: ...
    def step(self) -> list[Any]: ...


MakeEngine = Callable[[EngineOptions], EngineLike]


def replay(order: Mapping[str, Any], make: MakeEngine) -> Iterator[dict[str, Any]]:
    """Run every setting of `order`; `make` gives a fresh engine, with nothing in its prefix cache, over one model.

    cold: a fresh engine for each question; first: one for all of them; again: the engine of the run before, which has
    seen them all.
    """
    options = EngineOptions(**order["engine"])
    questions = [Question(**question) for question in order["questions"]]
    engine: EngineLike | None = None
    for run in order["runs"]:
        chosen = replace(options, sequences=run["sequences"], batch_tokens=run["batch_tokens"])
        started = time.monotonic()
        if run["prefix"] == "cold":
            parts = [_ask(make(chosen), [question], order["tokens"]) for question in questions]
        else:
            if run["prefix"] == "first" or engine is None:
                engine = make(chosen)
            parts = [_ask(engine, questions, order["tokens"])]
        answers = [answer for part in parts for answer in part[0]]
        cached = sum(part[1] for part in parts)
        yield {"answers": answers, "cached": cached, "seconds": time.monotonic() - started}


def _ask(engine: EngineLike, questions: list[Question], tokens: int) -> tuple[list[list[int]], int]:
    """Return (ids of each answer, prompt ids found in the prefix cache). RequestError for one that fails."""
    from llmproc.engine.events import Finish
    from llmproc.engine.sequence import SequenceRequest

    for number, question in enumerate(questions):
        engine.add(
            SequenceRequest(
                number + 1,
                tuple(question.ids),
                tokens,
                temperature=question.temperature,
                top_p=question.top_p,
                seed=question.seed,
            )
        )
    answers: list[list[int]] = [[] for _ in questions]
    cached = 0
    while engine.busy:
        for event in engine.step():
            if not isinstance(event, Finish):
                answers[event.request_id - 1].append(event.token)
            elif event.reason == "failed":
                raise RequestError(f"{questions[event.request_id - 1].name}: {event.message}")
            else:
                cached += event.cached_tokens
    return answers, cached


def main() -> int:
    """Carry out the order on stdin and return the exit code."""
    from llmproc.processes.system import set_parent_death_signal

    with suppress(OSError):
        set_parent_death_signal(signal.SIGKILL)
    order = json.load(sys.stdin)
    try:
        for answer in _replay_for_real(order):
            print(json.dumps(answer), flush=True)
    except LlmprocError as error:
        print(json.dumps({"error": type(error).__name__, "message": str(error)}), flush=True)
        return error.exit_code
    except BrokenPipeError:  # the reader has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    return 0


def _replay_for_real(order: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    from llmproc.engine.engine import Engine
    from llmproc.engine.loading import open_forward

    runs = order["runs"]
    options = replace(
        EngineOptions(**order["engine"]),
        sequences=max(run["sequences"] for run in runs),
        batch_tokens=max(run["batch_tokens"] for run in runs),
    )
    forward = open_forward(Path(order["checkpoint"]), options)
    try:
        yield from replay({**order, "engine": asdict(options)}, lambda chosen: Engine(forward, chosen))
    finally:
        forward.close()


if __name__ == "__main__":
    sys.exit(main())
