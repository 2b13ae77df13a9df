"""What a real run writes is what logs/README.md says, kind by kind and field by field."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
from pathlib import Path

from support.chatting import Chat, run
from support.paths import ROOT

from llmproc.monitor.instances import Instance
from llmproc.monitor.service_stats import WorkerCount

README = (ROOT / "logs" / "README.md").read_text()


def documented() -> dict[str, set[str]]:
    """kind -> fields, from the table of events."""
    table = README.split("## events.jsonl")[1].split("## run.json")[0]
    found = {}
    for kinds, fields, rest in re.findall(r"^\| (`[a-z_`, ]+`) \|([^|]*)\|([^|]*)\|$", table, re.M):
        names = set(re.findall(r"[a-z_]+", "".join(re.findall(r"`([^`]*)`", fields)))) | set(
            re.findall(r"`(message|missed)", rest)
        )
        found.update(dict.fromkeys(re.findall(r"[a-z_]+", kinds), names))
    return found


def test_a_recording_writes_what_is_documented(tmp_path: Path) -> None:
    assert run(tmp_path, "record", "--", "sleep", "0.1", module="llmproc")[0] == 0
    folder = next((tmp_path / "runs").glob("2*"))
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    table = documented()
    assert {event["kind"] for event in events} == {"process_found", "process_left", "watch_cost"}
    for event in events:
        assert set(event) - {"t", "kind"} == table[event["kind"]]
    assert {"recorded", "exit_code", "watch"} <= set(json.loads((folder / "run.json").read_text()))


def test_an_announcement_says_what_is_documented() -> None:
    told = README.split("## Who runs now")[1].split("## example/")[0]
    for kind in (Instance, WorkerCount):
        for field in dataclasses.fields(kind):
            assert f"`{field.name}`" in told, field.name


def test_a_real_run_writes_what_is_documented(tmp_path: Path, slow: Path) -> None:
    with Chat(tmp_path, "--model", slow, "--max-tokens", 40) as chat:
        chat.send(b"Hello\n")
        chat.await_events("first_token", 1)
        worker = chat.child("inference")
        os.kill(worker, signal.SIGKILL)
        chat.end_of_input()
        assert chat.wait() == 0
    folder = next((tmp_path / "runs").glob("2*"))
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    table = documented()
    for event in events:
        fields = set(event) - {"t", "kind"}
        assert event["kind"] in table, event
        assert fields <= table[event["kind"]], f"{event} has more than is documented"
        assert table[event["kind"]] - fields <= {"message", "missed"}, f"{event} lacks what is documented"
    kinds = {event["kind"] for event in events}
    assert {"worker_died", "worker_replaced", "worker_ready", "template_ready", "request_done", "watch_cost"} <= kinds
    replaced = next(event for event in events if event["kind"] == "worker_replaced")
    assert replaced["pid"] == worker != replaced["by"]
    facts = json.loads((folder / "run.json").read_text())
    for name in (
        "seed",
        "checkpoint",
        "checkpoint_bytes",
        "checkpoint_hash",
        "machine",
        "versions",
        "watch",
        "command",
    ):
        assert name in facts and f"`{name}`" in README
