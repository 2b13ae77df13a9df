"""The runs of the processes lab: what is done with a program, each time from its start to its end.

Used by `lab.py`. A run goes on as far as it can whatever the program does; whether that was right is for `judges.py`.
"""

from __future__ import annotations

import math
import os
import signal
import time
from dataclasses import dataclass, field

from llmproc.labs.checking.program import CheckedProgram
from llmproc.labs.checking.transcript import AskedTurn, Transcript
from llmproc.labs.lab import CheckRequest
from llmproc.monitor.courselog import parse_speed_line
from llmproc.monitor.proc import read_schedstat, read_stat

SIGN = b">>> "
SEED = 7
PROMPTS = ("What is a process?", "And a thread?")
NICE_STEP = 5
_HELD_TICKS = 60
_HELD_S = 3.0
_SETTLED_S = 1.5  # a sign, and then neither output nor CPU time: the answer is complete
_NO_SIGN_S = 3.0
_LATE_LINE_S = 2.0
_READY_S = 5.0
_GRACE_S = 8.0
_STILL_S = 0.25
_BUSY_TICKS = 300


@dataclass(slots=True)
class LabRuns:
    """The transcripts of all runs."""

    talk: Transcript | None = None
    scheduled: Transcript | None = None
    nice: int = 0  # that was asked for
    idle: list[Transcript] = field(default_factory=list)  # SIGINT to the program, SIGINT to its group
    busy: list[Transcript] = field(default_factory=list)
    killed: Transcript | None = None
    expected: Transcript | None = None  # `--course` with the same prompts
    no_reference: str = ""  # why there is none
    unreaped: list[int] = field(default_factory=list)  # inference processes that were not waited for

    def ended(self) -> list[Transcript]:
        """Return the runs that a program should end by itself, in order."""
        runs = [self.talk, *self.idle, *self.busy, self.killed]
        return [run for run in runs if run is not None]


def asked_nice(own: int) -> int:
    """Choose a nice value that any user may ask for: above the one that the checker runs with."""
    return min(19, max(NICE_STEP, own + 3))


def talk(request: CheckRequest, runs: LabRuns) -> None:
    """Ask two prompts and end the input. In the second turn the program, not its child, is stopped for a while."""
    with _start(request, str(SEED)) as program:
        runs.talk = program.seen
        converse(program)
        _finish(program, runs, "the end after end of input")


def converse(program: CheckedProgram, hold: bool = True) -> None:
    """Ask all prompts, each when the answer before it is complete, then end the input."""
    _await_sign(program, math.inf)
    for prompt in PROMPTS:
        _ask(program, prompt, hold and prompt is PROMPTS[-1])
    program.close_input()


def _ask(program: CheckedProgram, prompt: str, hold: bool) -> None:
    """Ask one prompt; wait for its whole answer and a course line, which may come a little later on its own pipe."""
    lines, exchange = len(program.seen.log), program.say(prompt)
    if hold:
        program.wait(lambda: _begun(program, exchange), "the beginning of an answer")
        program.hold(_HELD_TICKS, _HELD_S)
    program.wait(lambda: _over(program, exchange), "the end of the answer")
    exchange.end, exchange.done = len(program.seen.out), time.monotonic()
    program.wait(lambda: len(program.seen.log) > lines or program.still_s > _LATE_LINE_S, "a course line")


def schedule(request: CheckRequest, runs: LabRuns) -> None:
    """Ask one prompt with a policy and a nice value, until the log shows them; then the run is cut off."""
    own = read_stat(os.getpid())
    runs.nice = asked_nice(own.nice if own else 0)
    with _start(request, str(SEED), "--policy", "batch", "--nice", str(runs.nice)) as program:
        runs.scheduled = program.seen
        _await_sign(program)
        exchange = program.say(PROMPTS[0])
        program.wait(lambda: bool(program.seen.log) or _over(program, exchange), "a course line")
        program.look()


def interrupt(request: CheckRequest, runs: LabRuns, generating: bool, group: bool) -> None:
    """Send SIGINT while the program waits for a prompt or while it answers one."""
    with _start(request, str(SEED)) as program:
        (runs.busy if generating else runs.idle).append(program.seen)
        _await_sign(program)
        if generating:
            _begin_answer(program)
        program.signal(signal.SIGINT, group)
        _finish(program, runs, "the end after SIGINT")


def kill_child(request: CheckRequest, runs: LabRuns) -> None:
    """Kill the process that answers while it answers; the program must say so without further input."""
    with _start(request, str(SEED)) as program:
        runs.killed = program.seen
        _await_sign(program)
        before = _run_times(program)
        _begin_answer(program)
        after = _run_times(program)
        if not after:
            return
        victim = max(after, key=lambda pid: after[pid] - before.get(pid, 0))
        program.kill(victim)
        at = program.seen.told_at

        def told() -> bool:
            said = "xited with" in program.seen.text(at)
            return said or (program.still_s > _SETTLED_S and program.seen.out.endswith(SIGN))

        if program.wait(told, "word of the killed child") or not program.running:
            program.close_input()
            program.seen.told_at = at
            _finish(program, runs, "the end after the child was killed")


def _run_times(program: CheckedProgram) -> dict[int, int]:
    """Read the CPU time of each process below the program in nanoseconds: ticks are too coarse for a quick answer."""
    found = {}
    for trace in program.seen.others:
        times = read_schedstat(trace.last.pid) if trace.alive else None
        if trace.alive:
            found[trace.last.pid] = times.run_ns if times else trace.glimpses[-1].ticks
    return found


def _start(request: CheckRequest, *arguments: str) -> CheckedProgram:
    return CheckedProgram([*request.command, *arguments], request.folder, request.patience)


def _await_sign(program: CheckedProgram, most_idle_s: float = _READY_S) -> None:
    """Wait for the first sign, and until the program has loaded what it loads: from then on CPU time means an answer.

    Only the run that judges the sign has the whole patience for a program without one.
    """
    program.wait(lambda: program.seen.out.endswith(SIGN) or program.idle_s > most_idle_s, "the first `>>> `")
    deadline = time.monotonic() + _READY_S  # some programs wait by asking again and again
    program.wait(lambda: program.still_s > _STILL_S or time.monotonic() > deadline, "a quiet moment")


def _begin_answer(program: CheckedProgram) -> AskedTurn:
    """Ask, and wait until the program has begun to answer."""
    exchange = program.say(PROMPTS[0])
    program.wait(lambda: _begun(program, exchange), "the beginning of an answer")
    program.look()
    return exchange


def _begun(program: CheckedProgram, exchange: AskedTurn) -> bool:
    """Return whether there is text, a course line, or much CPU time: some programs write only complete answers."""
    seen = program.seen
    lines = [line for line in seen.text(exchange.begin).splitlines() if not line.startswith("[INFO]")]
    used = max((trace.used_since(exchange.sent) for trace in seen.others), default=0)
    text = "".join(lines).replace(">>>", "").strip()
    logged = bool(seen.log) and seen.log[-1].arrived > exchange.sent
    return bool(text) or logged or used >= _BUSY_TICKS or _over(program, exchange)


def _over(program: CheckedProgram, exchange: AskedTurn) -> bool:
    """Return whether the answer is complete: a speed line and a sign; without one of them, when nothing moves."""
    seen = program.seen
    sign = seen.out.endswith(SIGN) and len(seen.out) > exchange.begin
    spoken = any(parse_speed_line(line) for line in seen.text(exchange.begin).splitlines())
    if spoken and sign:
        return True
    return (sign and program.still_s > _SETTLED_S) or (spoken and program.still_s > _NO_SIGN_S)


def _finish(program: CheckedProgram, runs: LabRuns, what: str) -> None:
    known = any(run.left for run in runs.ended())  # one that stays has been seen: no need to wait as long again
    program.wait_end(what, 1.0 if known else _GRACE_S)
    worker = program.seen.worker
    if worker is not None and worker.last.pid in program.unreaped():
        runs.unreaped.append(worker.last.pid)
