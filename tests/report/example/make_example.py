#!/usr/bin/env python3
"""Writes the example run beside this file. IT IS SYNTHETIC: no model ran, every number comes from the formulas below.

run.json says "simulated": true, and the pictures made from it say SIMULATED. It exists so that the reports, their
tests and the documents have a run in the final schema before (and without) a real one. The lines are written by the
program's own code (course line, proc.csv, events.jsonl), so the format cannot drift. It starts no process.

    python3 tests/report/example/make_example.py [FOLDER]     # the same bytes every time
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2]))  # where it runs as a program

from llmproc.monitor import table  # noqa: E402
from llmproc.monitor.cgroup import Throttling  # noqa: E402
from llmproc.monitor.courselog import format_line  # noqa: E402
from llmproc.monitor.proc import SchedStat, Stat  # noqa: E402
from llmproc.monitor.usage import ProcSample, cpu_percent  # noqa: E402

START, TEMPLATE, FIRST, SECOND = 5000.0, 4711, 4713, 4716  # seconds; pids
TURNS = (  # arrival, prompt tokens, cached tokens, new tokens, prefill s, tokens/s
    (1.9, 24, 0, 118, 0.21, 61.0),
    (5.2, 21, 142, 164, 0.19, 58.5),
    (9.8, 18, 327, 92, 0.17, 54.0),
)
DEATH_S = 1.4  # the first worker is killed so long after the second turn's arrival
QUESTIONS = ("What is a process?", "And a thread?", "What does the scheduler do?")


class Simulation:
    """Keeps the invented counters of one worker after another and collects the lines."""

    def __init__(self) -> None:
        self.random = random.Random(2)
        self.log: list[str] = []
        self.rows: list[str] = [table.header()]
        self.events: list[dict[str, object]] = []
        self.position, self.watched = 0, 0  # watched: turns as the watch counts them
        self.begin_worker(FIRST)

    def begin_worker(self, pid: int) -> None:
        """A fresh worker: all counters at 0."""
        self.pid, self.user, self.system, self.wait, self.slices, self.faults = pid, 0.0, 0.01, 0.0, 3, 900
        self.last: ProcSample | None = None
        self.t = 0.0

    def event(self, t: float, kind: str, **fields: object) -> None:
        """One event `t` seconds after the start."""
        self.events.append({"t": round(START + t, 6), "kind": kind, **fields})

    def advance(self, t: float, busy: float) -> None:
        """Time passes: the worker uses `busy` of a core, some of it in the kernel, and waits a little."""
        seconds = max(t - self.t, 0.0)
        waiting = seconds * busy * self.random.uniform(0.004, 0.05)
        used = seconds * busy - waiting
        self.user, self.system = self.user + 0.96 * used, self.system + 0.04 * used
        self.wait, self.t = self.wait + waiting, t
        self.slices += int(1 + 40 * seconds)
        self.faults += int(30 * seconds * busy)

    def sample(self, t: float, *, generating: bool, line: bool, pss: bool = False, state: str = "R") -> None:
        """What the watch would write at that moment."""
        stat = Stat(
            self.pid,
            "(inference)",
            state,
            4710,
            self.faults,
            0,
            int(self.user * 100),
            int(self.system * 100),
            0,
            1,
            500000 + self.pid,
            0 if state == "Z" else 358088704,
            0 if state == "Z" else 31_400_000 + self.faults * 1024,
            self.slices % 2,
            0,
        )
        sched = SchedStat(round((self.user + self.system) * 1e9), round(self.wait * 1e9), self.slices)
        now = ProcSample(START + t, stat, {self.pid: sched})
        switches = (self.slices // 3, self.slices // 2)
        size = 11_800_000 + self.faults * 512 if pss else None
        throttling = Throttling(0, 0, 0.0)
        for scope in ("process", "thread"):
            self.rows.append(
                table.row(
                    START + t,
                    scope,
                    self.pid,
                    stat,
                    generating=generating,
                    sched=sched,
                    switches=switches,
                    pss=size if scope == "process" else None,
                    throttling=throttling if scope == "process" else None,
                )
            )
        if line and self.last is not None:
            self.log.append(format_line(stat, cpu_percent(self.last, now, cpus=2)))
        self.last = now

    def turn(self, number: int) -> None:
        """One turn, sampled every 300 ms; the second loses its worker half-way."""
        arrival, prompt, cached, new, prefill, speed = TURNS[number]
        request = f"r{number + 1}"
        self.event(arrival, "request_arrived", request=request, session="s1", prompt_tokens=prompt)
        begin = arrival + 0.0012
        self.event(begin, "request_dispatched", request=request, worker=0, pid=self.pid)
        self.watched += 1
        self.event(begin, "turn_began", pid=self.pid, turn=self.watched)
        self.advance(begin, 0.0)
        self.sample(begin, generating=False, line=False, state="S")
        first = begin + prefill
        self.event(first, "first_token", request=request)
        began, lost = self.user + self.system, 0.0
        decode = new / speed
        end = first + decode
        before = len(self.log)
        t, tokens, killed = begin, 0, number != 1
        while t < end:
            t = min(t + 0.3, end)
            if not killed and t > arrival + DEATH_S:
                killed, lost = True, 0.35
                self.die(begin, arrival + DEATH_S, began, before)
                end += lost
                t = begin = arrival + DEATH_S + lost
                began, before = self.user + self.system, len(self.log)
                self.event(t, "request_dispatched", request=request, worker=0, pid=self.pid)
                self.watched += 1
                self.event(t, "turn_began", pid=self.pid, turn=self.watched)
                self.sample(t, generating=False, line=False, state="S")
                continue
            self.advance(t, 1.0 if t < end else 0.98)
            self.sample(t, generating=True, line=True, pss=len(self.log) % 4 == 0)
            if t >= first and t < end:
                tokens = int((t - first - lost) * speed * self.random.uniform(0.97, 1.0))
                where = self.position + prompt + tokens
                self.event(t, "step", request=request, position=where, tokens=tokens)
        self.position += prompt + new
        used = self.user + self.system - began
        self.event(
            end,
            "request_done",
            request=request,
            reason="end",
            prompt_tokens=prompt,
            cached_tokens=0 if number == 0 else cached,
            new_tokens=new,
            positions=prompt + new,
            seq_len=self.position,
            prefill_s=prefill,
            decode_s=round(decode, 6),
        )
        self.event(
            end,
            "turn_ended",
            pid=self.pid,
            turn=self.watched,
            lines=len(self.log) - before,
            wall_s=round(end - begin, 6),
            user_s=round(0.96 * used, 2),
            system_s=round(0.04 * used, 2),
        )

    def die(self, begin: float, t: float, began: float, lines: int) -> None:
        """SIGKILL in mid-turn: closing sample of the zombie, its rusage, a replacement."""
        self.advance(t, 1.0)
        self.sample(t, generating=True, line=True, state="Z")
        used = self.user + self.system - began
        self.event(
            t,
            "turn_ended",
            pid=self.pid,
            turn=self.watched,
            lines=len(self.log) - lines,
            wall_s=round(t - begin, 6),
            user_s=round(0.96 * used, 2),
            system_s=round(0.04 * used, 2),
        )
        user, system = round(self.user, 6), round(self.system, 6)
        assert self.last is not None
        self.rows.append(table.closing_row(START + t + 0.001, self.last.stat, user, system, 33_000_000))
        self.event(t + 0.001, "worker_died", worker=0, pid=self.pid, status=-9, user_s=user, system_s=system)
        self.begin_worker(SECOND)
        self.event(t + 0.004, "worker_forked", worker=0, pid=SECOND)
        self.event(t + 0.012, "worker_ready", worker=0, pid=SECOND)
        self.event(t + 0.012, "worker_replaced", worker=0, pid=FIRST, by=SECOND)
        self.t = t + 0.012
        self.sample(self.t, generating=False, line=False, pss=True, state="S")
        self.t = t + 0.35


def write(folder: Path) -> None:
    """Writes the five files and a saved stdout."""
    run = Simulation()
    run.event(0.05, "template_started", pid=TEMPLATE)
    run.event(1.35, "template_ready", pid=TEMPLATE, load_s=0.09, compile_s=0.97)
    run.event(1.36, "worker_forked", worker=0, pid=FIRST)
    run.event(1.372, "worker_ready", worker=0, pid=FIRST)
    run.t = 1.372
    run.sample(1.372, generating=False, line=False, pss=True, state="S")
    for number in range(len(TURNS)):
        run.turn(number)
    end = run.t + 0.6
    run.event(end, "watch_cost", share=0.0021, cpu_s=0.0251, wall_s=round(end, 3))
    description = {
        "schema": 1,
        "simulated": True,
        "note": "synthetic: written by tests/report/example/make_example.py; no model ran",
        "command": "python3 -m llmproc.main 42",
        "pid": 4710,
        "started": "2026-01-01T12:00:00+0000",
        "started_t": START,
        "wall_clock_offset_s": 1767263200.0,
        "machine": {"cpu": "simulated", "cpus": 2, "cpus_allowed": [0, 1], "ticks_per_second": 100},
        "versions": {},
        "seed": 42,
    }
    stdout = "".join(
        f">>> (synthetic answer to: {question})\n[INFO] SEQ LEN: {done['seq_len']}, "
        f"Speed: {done['positions'] / (done['decode_s']):.4f} tok/s\n"
        for question, done in zip(QUESTIONS, (e for e in run.events if e["kind"] == "request_done"), strict=True)
    )
    events = sorted(run.events, key=lambda event: event["t"])  # type: ignore[arg-type, return-value]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "proc.log").write_text("".join(f"{line}\n" for line in run.log))
    (folder / "proc.csv").write_text("".join(f"{line}\n" for line in run.rows))
    (folder / "events.jsonl").write_text("".join(json.dumps(e, separators=(",", ":")) + "\n" for e in events))
    (folder / "run.json").write_text(json.dumps(description, indent=1) + "\n")
    (folder / "stderr.txt").write_text("")
    (folder / "stdout.txt").write_text(stdout + ">>> Child exited with 0\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
