"""A run folder -> RunData: proc.csv differenced into windows, events.jsonl put together into turns.

Used by `source.load`. Torn and foreign lines (a writer killed at any moment) are passed over and counted. Nothing is
drawn here.
"""

from __future__ import annotations

import io
import json
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from llmproc.errors import LogError
from llmproc.monitor.events import (
    FirstToken,
    RequestArrived,
    RequestDispatched,
    RequestDone,
    StepSummary,
    TemplateDied,
    TemplateReady,
    TemplateStarted,
    TemplateStopping,
    WorkerDied,
    WorkerReady,
    WorkerReplaced,
    WorkerStopping,
    kind_of,
)
from llmproc.monitor.table import COLUMNS
from llmproc.report.rundata import CPU_COLUMNS, MEMORY_COLUMNS, STEP_COLUMNS, TURN_COLUMNS, RunData, empty, table

_TEXT = ("scope", "comm", "state", "policy")
_MARKS = {
    kind_of(WorkerDied): "worker {pid} {ended}",
    kind_of(WorkerReplaced): "worker {pid} replaced",
    kind_of(TemplateDied): "template {ended}",
}
_STOPPING = (kind_of(WorkerStopping), kind_of(TemplateStopping))
_ARRIVED, _DISPATCHED, _DONE = kind_of(RequestArrived), kind_of(RequestDispatched), kind_of(RequestDone)
_FIRST_TOKEN, _STEP = kind_of(FirstToken), kind_of(StepSummary)
Event = dict[str, Any]


def load_folder(folder: Path) -> RunData:
    """Read a run folder. Raises LogError when it holds neither samples nor events."""
    events, torn = _events(folder / "events.jsonl")
    samples, torn_rows = _samples(folder / "proc.csv")
    facts, notes = description(folder / "run.json"), []
    if samples.empty and not events:
        raise LogError(f"{folder}: not a run folder: events.jsonl and proc.csv are missing or empty")
    if samples.empty:
        notes.append("proc.csv holds no samples: no CPU use, no memory")
    if not events:
        notes.append("events.jsonl holds no events: no turns, no tokens")
    if torn + torn_rows:
        notes.append(f"{torn + torn_rows} torn lines passed over")
    times = [facts.get("started_t"), *(e["t"] for e in events[:1]), *samples["t"].head(1)]
    zero = min(float(t) for t in times if t is not None)
    turns, steps = _turns(events, zero)
    machine = facts.get("machine")
    allowed = machine.get("cpus_allowed") if isinstance(machine, dict) else None
    memory = samples[samples["scope"] == "process"].assign(t_s=samples["t"] - zero)
    return RunData(
        folder,
        "run folder",
        cpu=_windows(samples, zero),
        memory=memory[memory["vsize"] > 0].loc[:, list(MEMORY_COLUMNS)].reset_index(drop=True),
        turns=table(turns, TURN_COLUMNS),
        steps=table(steps, STEP_COLUMNS),
        marks=_marks(events, zero),
        cpus=len(allowed) if isinstance(allowed, list) else None,
        simulated=bool(facts.get("simulated")),
        notes=tuple(notes),
    )


def _marks(events: list[Event], zero: float) -> tuple[tuple[float, str], ...]:
    """Return (seconds, text) for every death and replacement.

    A process did not die but was stopped in order if it ended with status 0, or by SIGTERM while main stopped it.
    """
    found, stopping = [], set()
    for event in _of(events, *_MARKS, *_STOPPING):
        pid, status = event.get("pid", "?"), event.get("status")
        if event["kind"] in _STOPPING:
            stopping.add(pid)
            continue
        in_order = status == 0 or (status == -signal.SIGTERM and pid in stopping)
        text = _MARKS[event["kind"]].format(pid=pid, ended="stopped" if in_order else "died")
        found.append((event["t"] - zero, text))
    return tuple(found)


def _events(path: Path) -> tuple[list[Event], int]:
    """Return (events in order of time, number of torn lines)."""
    found, torn = [], 0
    for line in _whole_lines(path).split("\n")[:-1]:
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        known = isinstance(event, dict) and isinstance(event.get("kind"), str)
        if known and isinstance(event.get("t"), int | float):
            found.append(event)
        else:
            torn += 1
    return sorted(found, key=lambda e: e["t"]), torn


def _samples(path: Path) -> tuple[pd.DataFrame, int]:
    """Return (proc.csv with numbers as numbers, number of torn rows)."""
    text = _whole_lines(path)
    if text.count("\n") < 2:
        return empty(COLUMNS), 0
    raw = pd.read_csv(io.StringIO(text), dtype=str, on_bad_lines="skip")
    raw = raw.reindex(columns=list(COLUMNS))
    for name in COLUMNS:
        if name not in _TEXT:
            raw[name] = pd.to_numeric(raw[name], errors="coerce")
    good = raw.dropna(subset=["t", "scope", "pid", "starttime", "user_s", "system_s"])
    good = good.astype({"pid": int}).sort_values("t", kind="stable")
    return good, text.count("\n") - 1 - len(good)


def _whole_lines(path: Path) -> str:
    """Return the file up to its last newline; empty when it cannot be read."""
    try:
        text = path.read_bytes().decode("utf-8-sig", "replace")
    except OSError:
        return ""
    return text[: text.rfind("\n") + 1]


def description(path: Path) -> dict[str, Any]:
    """Read run.json; empty when it is absent or torn."""
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig", errors="replace"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _windows(samples: pd.DataFrame, zero: float) -> pd.DataFrame:
    """Compute the differences between neighbouring rows of one process.

    The total comes from schedstat's nanoseconds (from the ticks if tasks ended, which makes the sum shrink), the
    split into user and system from the ticks.
    """
    rows: list[dict[str, object]] = []
    for (pid, _), group in samples[samples["scope"] == "process"].groupby(["pid", "starttime"], sort=False):
        before = None
        for now in group.to_dict("records"):
            seconds = now["t"] - before["t"] if before is not None else 0.0
            if before is not None and seconds > 0:
                user, system = now["user_s"] - before["user_s"], now["system_s"] - before["system_s"]
                run, wait = now["run_s"] - before["run_s"], now["wait_s"] - before["wait_s"]
                used = run if run >= 0 and now["threads"] >= before["threads"] else user + system
                used = min(
                    used, seconds * max(1.0, before["threads"], now["threads"])
                )  # short windows get a whole tick
                share = user / (user + system) if user + system > 0 else 1.0
                rows.append(
                    {
                        "pid": pid,
                        "start_s": before["t"] - zero,
                        "end_s": now["t"] - zero,
                        "cpu_percent": 100 * used / seconds,
                        "user_percent": 100 * used * share / seconds,
                        "system_percent": 100 * used * (1 - share) / seconds,
                        "wait_percent": 100 * max(wait, 0.0) / seconds if wait == wait else None,
                        "state": now["state"],
                        "policy": now["policy"],
                        "nice": now["nice"],
                        "core": now["core"],
                        "generating": now["generating"] == 1,
                        "time": "measured",
                        "comm": now["comm"],
                    }
                )
            before = now
    return table(rows, CPU_COLUMNS)


def _turns(events: list[Event], zero: float) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Return (a row for the start and one per request, the speed over position)."""
    rows: list[dict[str, object]] = []
    steps: list[dict[str, object]] = []
    ready = next(iter(_of(events, kind_of(TemplateReady))), None)
    if ready is not None:
        started = next(iter(_of(events, kind_of(TemplateStarted))), ready)
        kernels = "kernel_load_s" if ready.get("compiled") == 0 else "compile_s"
        load = {"load_s": ready.get("load_s"), kernels: ready.get("compile_s")}
        rows.append({"turn": 0, "start_s": started["t"] - zero, **load, "reason": "start"})
    ready_t = {event.get("pid"): float(event["t"]) for event in _of(events, kind_of(WorkerReady))}
    by_request: dict[object, list[Event]] = {}
    for event in events:
        if event.get("request") is not None:
            by_request.setdefault(event["request"], []).append(event)
    for number, (request, own) in enumerate(by_request.items(), 1):
        rows.append({"turn": number, "request": request} | _turn(own, zero, ready_t))
        steps += [{"turn": number, "request": request} | step for step in _steps(own, zero)]
    return rows, steps


def _turn(own: list[Event], zero: float, ready_t: dict[object, float]) -> dict[str, object]:
    """Return one request's row; `ready_t`: when each worker was ready. What is not known yet stays empty."""
    first = {event["kind"]: event for event in reversed(own)}
    arrived, sent = first.get(_ARRIVED, own[0]), first.get(_DISPATCHED)
    done = first.get(_DONE, {})
    wait = sent["t"] - arrived["t"] if sent else 0.0
    start_wait = min(max(ready_t.get(sent.get("pid"), 0.0) - arrived["t"], 0.0), wait) if sent else 0.0
    prefill, decode = done.get("prefill_s"), done.get("decode_s")
    if not done and _FIRST_TOKEN in first and sent:  # cut short: what the marks alone tell
        prefill = first[_FIRST_TOKEN]["t"] - sent["t"]
        decode = own[-1]["t"] - first[_FIRST_TOKEN]["t"]
    rest = own[-1]["t"] - arrived["t"] - wait - (prefill or 0.0) - (decode or 0.0)
    positions = done.get("positions")
    return {
        "pid": sent.get("pid") if sent else None,
        "start_s": arrived["t"] - zero,
        "start_wait_s": start_wait,
        "wait_s": wait - start_wait,
        "prefill_s": prefill,
        "decode_s": decode,
        "other_s": max(rest, 0.0),
        "prompt_tokens": done.get("prompt_tokens", arrived.get("prompt_tokens")),
        "cached_tokens": done.get("cached_tokens"),
        "new_tokens": done.get("new_tokens"),
        "positions": positions,
        "seq_len": done.get("seq_len"),
        "tokens_per_s": done["new_tokens"] / decode if decode and done.get("new_tokens") else None,
        "reason": done.get("reason", "not finished"),
    }


def _steps(own: list[Event], zero: float) -> Iterable[dict[str, object]]:
    """Yield tokens per second between neighbouring step summaries of one request."""
    before: Event | None = None
    for event in own:
        if event["kind"] != _STEP or not isinstance(event.get("tokens"), int):
            continue
        if before is not None and event["tokens"] > before["tokens"] and event["t"] > before["t"]:
            rate = (event["tokens"] - before["tokens"]) / (event["t"] - before["t"])
            yield {"t_s": event["t"] - zero, "position": event.get("position"), "tokens_per_s": rate}
        before = event


def _of(events: list[Event], *kinds: str) -> list[Event]:
    return [event for event in events if event["kind"] in kinds]
