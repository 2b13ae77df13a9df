"""The checks of the processes lab: what the runs showed -> pass or fail, and what was seen. Pure; see `runs.py`."""

from __future__ import annotations

import itertools
import re

from llmproc.labs.checking.report import Finding
from llmproc.labs.checking.transcript import AskedTurn, LogLine, Transcript
from llmproc.labs.processes.reference import answers, difference
from llmproc.labs.processes.runs import SIGN, LabRuns
from llmproc.labs.processes.windows import judge_windows
from llmproc.monitor.courselog import parse_speed_line
from llmproc.monitor.proc import policy_name

_BATCH = 3
_EXITED = re.compile(r"^Child exited with (.+)$", re.MULTILINE)
_KILLED = re.compile(r"^.*xited with .*?(?:SIGKILL|\b9\b|\b137\b).*$", re.MULTILINE | re.IGNORECASE)


def judge_prompt(runs: LabRuns) -> Finding:
    """Judge the sign, then per prompt: answer, speed line, sign."""
    seen = runs.talk
    if seen is None or not seen.exchanges:
        return _nothing(seen)
    first = seen.out[: seen.exchanges[0].begin]
    if not first.endswith(SIGN):
        return Finding(False, f"no `>>> ` before the first prompt: {seen.ending()}")
    for number, exchange in enumerate(seen.exchanges, 1):
        fault = _fault_of_turn(seen, exchange)
        if fault:
            return Finding(False, f"prompt {number}: {fault}")
    return Finding(True, f"{len(seen.exchanges)} prompts, each with an answer, a speed line and then `>>> `")


def _fault_of_turn(seen: Transcript, exchange: AskedTurn) -> str:
    """Find what is wrong with the order of one turn's output; "" when nothing is."""
    lines = seen.text(exchange.begin, exchange.end).splitlines()
    spoken = next((place for place, line in enumerate(lines) if parse_speed_line(line)), None)
    if any(line.startswith(">>> ") for line in lines[:spoken]) and not (spoken is None and len(lines) == 1):
        return "`>>> ` came before the answer was complete"
    if spoken is None:
        return f"no speed line such as `[INFO] SEQ LEN: 266, Speed: 61.2 tok/s` ({seen.ending()})"
    if not "".join(lines[:spoken]).strip():
        return "no answer before the speed line"
    if not seen.out[: exchange.end].endswith(SIGN):
        return f"no `>>> ` after the speed line: the output ends with {seen.text(0, exchange.end)[-20:]!r}"
    return ""


def judge_processes(runs: LabRuns) -> Finding:
    """Judge whether a child of the program computes the answers."""
    seen = runs.talk
    worker, main = (seen.worker, seen.main) if seen else (None, None)
    if seen is None or worker is None or main is None or not any(answers(seen)):
        return _nothing(seen)
    if worker is main:
        return Finding(False, f"process {seen.pid}, which reads the prompts, used the CPU time for the answers itself")
    if seen.pid not in worker.parents:
        parents = ", ".join(map(str, sorted(worker.parents)))
        hint = "a grandchild; if --main is a wrapper script, it should end with exec"
        return Finding(False, f"process {worker.last.pid} answers, its parent is {parents} and not {seen.pid}: {hint}")
    used = worker.used_since(seen.exchanges[0].sent)
    return Finding(True, f"{seen.pid} is the parent of {worker.last.pid}, which used {used} ticks for the answers")


def judge_log(runs: LabRuns) -> Finding:
    """Judge whether each turn has course lines about the process that answers, and nothing else is on stderr."""
    seen = runs.talk
    if seen is None or not any(answers(seen)):
        return _nothing(seen)
    foreign = next((line.text for line in seen.log if line.course is None), None)
    if foreign is not None:
        return Finding(False, f"not a log line, but on stderr: {foreign[:160]!r}")
    counts = [len(lines) for lines in _lines_by_turn(seen)]
    if 0 in counts:
        return Finding(False, f"no line in turn {counts.index(0) + 1} (lines per turn: {counts})")
    worker = seen.worker
    strange = next((line.course for line in seen.log if line.course and worker and not _is_about(line, seen)), None)
    if strange is not None and worker is not None:
        about = f"{strange.pid} {strange.comm}"
        return Finding(False, f"a line is about {about}, the answers come from {worker.describe()}")
    about = f"process {worker.last.pid}" if worker else "no process"
    return Finding(True, f"{len(seen.log)} log lines about {about}; lines per turn: {counts}")


def _lines_by_turn(seen: Transcript) -> list[list[LogLine]]:
    bounds = [exchange.sent for exchange in seen.exchanges] + [float("inf")]
    return [[line for line in seen.log if begin <= line.arrived < end] for begin, end in itertools.pairwise(bounds)]


def _is_about(logged: LogLine, seen: Transcript) -> bool:
    line, worker = logged.course, seen.worker
    return line is not None and worker is not None and (line.pid, line.comm) == (worker.last.pid, worker.last.comm)


def judge_cpu(runs: LabRuns) -> Finding:
    """Judge whether cpu% of each line agrees with its ticks and the time that has passed."""
    seen = runs.talk
    windows = judge_windows(seen) if seen else []
    if not windows:
        return Finding(False, "no log line about a process of the program")
    wrong = [window for window in windows if not window.agrees]
    if wrong:
        return Finding(False, f"{len(wrong)} of {len(windows)} lines disagree: {wrong[0].describe()}")
    longest = max(windows, key=lambda window: window.elapsed[0])
    return Finding(True, f"{len(windows)} lines agree with their ticks; longest window: {longest.describe()}")


def judge_text(runs: LabRuns) -> Finding:
    """Judge whether the answers are those of `--course`."""
    seen, expected = runs.talk, runs.expected
    if seen is None or not any(answers(seen)):
        return _nothing(seen)
    if runs.no_reference or expected is None:
        return Finding(None, f"cannot be compared: {runs.no_reference or 'no reference was run'}")
    for exchange, text, wanted in zip(seen.exchanges, answers(seen), answers(expected), strict=True):
        place = difference(text, wanted, exchange.prompt)
        if place is not None:
            there, here = wanted[place : place + 30], text[place : place + 30]
            return Finding(False, f"{exchange.prompt!r}: after {place} characters {here!r} instead of {there!r}")
    return Finding(True, f"{sum(map(len, answers(expected)))} characters in {len(seen.exchanges)} answers are the same")


def judge_end(runs: LabRuns) -> Finding:
    """Judge whether end of input ends the program, which then says how its child ended."""
    seen = runs.talk
    if seen is None or not any(answers(seen)):
        return _nothing(seen)
    if seen.status is None or seen.status < 0:
        return Finding(False, f"after end of input: {seen.ending()}")
    return _said_status(seen, "after end of input")


def judge_scheduling(runs: LabRuns) -> Finding:
    """Judge whether the process that answers has the policy and nice value asked for, in /proc and in the log."""
    seen, asked = runs.scheduled, (_BATCH, runs.nice)
    worker = seen.worker if seen else None
    if seen is None or worker is None or not seen.others or not seen.exchanges:
        return _nothing(seen)
    wanted = f"asked for {_named(*asked)}"
    if (worker.last.policy, worker.last.nice) != asked:
        return Finding(False, f"{wanted}; /proc says {_named(worker.last.policy, worker.last.nice)}")
    lines = [line.course for line in seen.log if line.course is not None and line.course.pid == worker.last.pid]
    other = next((line for line in lines if (line.policy, line.nice) != (policy_name(_BATCH), runs.nice)), None)
    if other is not None:
        return Finding(False, f"{wanted}, and /proc says so; the log says {other.policy} and nice {other.nice}")
    return Finding(True, f"{wanted}, and /proc says so of process {worker.last.pid}")


def judge_idle_interrupt(runs: LabRuns) -> Finding:
    """Judge SIGINT while the program waits for a prompt."""
    return _judge_interrupts(runs.idle)


def judge_busy_interrupt(runs: LabRuns) -> Finding:
    """Judge SIGINT while the program answers."""
    return _judge_interrupts(runs.busy)


def _judge_interrupts(runs: list[Transcript]) -> Finding:
    """Judge two runs: in the first the signal went to the program alone, in the second to its whole group."""
    for seen, way in zip(runs, ("kill -INT of the program", "Ctrl-C for its group"), strict=False):
        if not seen.others:
            return _nothing(seen)
        if seen.status is None:
            return Finding(False, f"{way}: {seen.ending()}")
        finding = _said_status(seen, way)
        if not finding.passed:
            return finding
    found = [_EXITED.search(seen.text(seen.told_at)) for seen in runs]
    said = " and ".join(match[0] for match in found if match)
    return Finding(bool(runs), f"by kill and by Ctrl-C: {said}" if runs else "no run")


def judge_killed(runs: LabRuns) -> Finding:
    """Judge whether a killed child is reported with its signal, and the program ends."""
    seen = runs.killed
    if seen is None or not seen.target:
        return _nothing(seen)
    after = seen.text(seen.told_at)
    told = _KILLED.search(after)
    if told is None:
        said = _EXITED.search(after)
        words = f"the program said {said[0]!r}" if said else f"the program did not say so; {seen.ending()}"
        return Finding(False, f"process {seen.target} was killed with signal 9, {words}")
    if seen.status is None:
        return Finding(False, f"{told[0].strip()!r}, but then {seen.ending()}")
    return Finding(True, f"process {seen.target} was killed: {told[0].strip()!r}")


def judge_left_behind(runs: LabRuns) -> Finding:
    """Judge whether no process outlives the program, and its child is waited for."""
    ended = [seen for seen in runs.ended() if seen.status is not None and seen.others]
    left = [what for seen in ended for what in seen.left]
    if not ended:
        return Finding(False, "no run in which the program had a child and ended by itself")
    if left:
        return Finding(False, f"after the program's end: {left[0]}" + (f" and {len(left) - 1} more" * (len(left) > 1)))
    if runs.unreaped:
        return Finding(False, f"the program ended without waiting for process {runs.unreaped[0]}")
    return Finding(True, f"nothing after {len(ended)} runs that ended by themselves")


def _said_status(seen: Transcript, when: str) -> Finding:
    said = _EXITED.search(seen.text(seen.told_at))
    if said is None:
        return Finding(False, f"{when}: no line `Child exited with ...`; {seen.ending()}")
    return Finding(True, f"{when}: {said[0]!r}")


def _named(policy: int, nice: int) -> str:
    return f"{policy_name(policy)} and nice {nice}"


def _nothing(seen: Transcript | None) -> Finding:
    return Finding(False, f"no answer from a child process: {seen.ending() if seen else 'it was not run'}")
