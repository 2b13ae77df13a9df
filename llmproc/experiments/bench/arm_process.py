"""One arm in a process of its own: `python -m llmproc.experiments.bench.arm_process`, driven over its standard streams.

    bench, one line of JSON a question                          this process, one line of JSON an answer
    {"do": "open", "target": "module:function", "options": {}}  {"ok": {"name": "...", "about": {}}}
    {"do": "settings", "work": {}}                              {"ok": ["...", ...]}
    {"do": "run", "work": {}, "setting": "..."}                 {"ok": {"seconds": 0.1, "amount": 512}}
    {"do": "trace", "work": {}}                                 {"ok": {...}}, for the arm of `arms.traced` alone
    {"do": "close"}                                             {"ok": null}, and it leaves with status 0
                                                                {"error": "UsageError", "message": "..."}  instead of ok

The other end is `remote.RemoteArm`. Every arm keeps its threads and its libraries to itself that way, and while one
runs the others sleep in a read of their pipe. End of input means the same as close: an arm does not outlive bench.
What libraries print goes to stderr, never between the answers.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, BinaryIO

from llmproc.errors import LlmprocError, UsageError, missing_package
from llmproc.experiments.bench.arms.arm import ArmOptions
from llmproc.experiments.bench.timed import TimedArm
from llmproc.experiments.bench.work import Work


class ArmServer:
    """The far end of the pipe: answers questions in order. The first one opens the arm."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._arm: TimedArm | None = None

    def answer(self, question: dict[str, Any]) -> Any:
        """Return the `ok` of an answer. Raises LlmprocError, or what the arm raises."""
        if question["do"] == "open":
            module, _, function = question["target"].partition(":")
            opened = getattr(importlib.import_module(module), function)(ArmOptions(**question["options"]))
            self._arm = TimedArm(opened, self._clock)
            return {"name": self._arm.name, "about": self._arm.about()}
        if self._arm is None:
            raise UsageError(f"{question['do']} was asked of an arm that is not open")
        if question["do"] == "about":
            return self._arm.about()
        if question["do"] == "settings":
            return self._arm.settings(Work(**question["work"]))
        if question["do"] == "run":
            timing = self._arm.run(Work(**question["work"]), question["setting"])
            return {"seconds": timing.seconds, "amount": timing.amount}
        if question["do"] == "trace":
            return self._arm.trace(Work(**question["work"]))
        raise UsageError(f"an arm was asked to {question['do']}")

    def close(self) -> None:
        """Close the arm if there is one."""
        if self._arm is not None:
            self._arm.close()


def converse(questions: BinaryIO, answers: BinaryIO, conversation: ArmServer) -> None:
    """Answer until `close` or end of input. An LlmprocError becomes an answer; any other error ends the process."""
    for line in questions:
        question = json.loads(line)
        if question["do"] == "close":
            break
        try:
            answer: dict[str, Any] = {"ok": conversation.answer(question)}
        except LlmprocError as error:
            answer = {"error": type(error).__name__, "message": str(error)}
        except ModuleNotFoundError as error:
            missing = missing_package(error)
            if missing is None:
                raise
            answer = {"error": type(missing).__name__, "message": str(missing)}
        _say(answers, answer)
    conversation.close()
    try:
        _say(answers, {"ok": None})
    except OSError:  # the other end has gone
        pass


def _say(answers: BinaryIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer).encode() + b"\n")
    answers.flush()


def main() -> int:
    """Serve one arm and return the exit code."""
    from llmproc.processes.system import set_parent_death_signal, set_process_name

    parent = os.getppid()
    set_parent_death_signal(signal.SIGKILL)
    if os.getppid() != parent:
        return 1
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # bench gets it too, and closes its arms
    set_process_name("bench arm")
    questions = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # in the order it is said, before a traceback
    with questions, answers:
        converse(questions, answers, ArmServer())
    return 0


if __name__ == "__main__":
    sys.exit(main())
