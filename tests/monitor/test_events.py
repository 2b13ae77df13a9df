"""Events of a service: their lines keep names, fields and order, as logs/README.md has them."""

from __future__ import annotations

import json
import re
import resource
from pathlib import Path

import pytest
from support.happening import KINDS, happened
from support.paths import ROOT

from llmproc.monitor.events import Event, Moment, RequestDone, WorkerDied, kind_of, line_of
from llmproc.monitor.logs import Logs
from llmproc.monitor.run_recorder import RunRecorder

WRITTEN = {kind: found for kind, found in KINDS.items() if not issubclass(found, Moment) and found is not Moment}


def documented() -> dict[str, list[str]]:
    """kind -> fields in order, from the table of events."""
    table = (ROOT / "logs" / "README.md").read_text().split("## events.jsonl")[1].split("## run.json")[0]
    found = {}
    for kinds, fields in re.findall(r"^\| (`[a-z_`, ]+`) \|([^|]*)\|[^|]*\|$", table, re.M):
        found.update(dict.fromkeys(re.findall(r"[a-z_]+", kinds), re.findall(r"[a-z_]+", fields)))
    return found


@pytest.mark.parametrize("kind", WRITTEN)
def test_a_line_has_the_documented_fields_in_their_order(kind: str) -> None:
    assert list(line_of(happened(kind))) == ["kind", *documented()[kind]]


def test_a_line_is_what_it_was_with_names_and_fields(tmp_path: Path) -> None:
    logs = Logs(None, False, str(tmp_path), lambda text: None)
    assert logs.folder is not None
    logs.write_event(happened("request_dispatched", request=3, worker=1, pid=7, ring=0, at=1.25))
    logs.event("request_dispatched", request=3, worker=1, pid=7, ring=0, at=1.25)
    written, before = (logs.folder.path / "events.jsonl").read_text().splitlines()
    logs.close()
    assert re.sub(r'"t":[0-9.]+', "", written) == re.sub(r'"t":[0-9.]+', "", before)
    assert list(json.loads(written)) == ["t", "kind", "request", "worker", "pid", "ring", "at"]


def test_a_message_is_left_out_when_there_is_none() -> None:
    assert "message" not in line_of(happened("request_done"))
    assert line_of(happened("request_done", message="why"))["message"] == "why"


def test_a_status_that_the_system_kept_is_null() -> None:
    event = WorkerDied(worker=0, pid=1, status=None, user_s=0.0, system_s=0.0)
    assert line_of(event)["status"] is None


def test_kinds_are_told_apart() -> None:
    assert kind_of(RequestDone) == "request_done" == kind_of(happened("request_done"))
    assert len(KINDS) == len(set(KINDS.values()))
    assert kind_of(happened("step")) == "step" and kind_of(happened("warning")) == "warning"


def test_moments_have_no_line(tmp_path: Path) -> None:
    recorder = RunRecorder(0.3, None, False, str(tmp_path), lambda text: None)
    assert recorder.folder is not None
    moments: list[Event] = [happened("turn_began", pid=1 << 30), happened("turn_ended", pid=1 << 30)]
    moments += [happened("worker_dying", pid=1 << 30)]
    moments += [KINDS["worker_reaped"](pid=1 << 30, usage=resource.getrusage(resource.RUSAGE_SELF))]  # type: ignore[call-arg]
    for moment in moments:
        recorder.on_event(moment)
    recorder.on_event(happened("template_started", pid=5))
    path = recorder.folder.path / "events.jsonl"
    recorder.close()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["kind"] for line in lines if line["kind"] not in ("turn_began", "turn_ended", "watch_cost")] == [
        "template_started"
    ]
    assert all("turn" in line for line in lines if line["kind"].startswith("turn_")), "those are the watch's own"
