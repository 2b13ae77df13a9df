"""What serving costs, measured on a quick model: both servers and the prompt loop are real."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.processes import children

from llmproc.errors import StartError, UsageError
from llmproc.experiments.against_llama_server.sides import own_plan
from llmproc.experiments.http_load.load_client import LoadClient
from llmproc.experiments.http_load.prompts import bodies_for
from llmproc.experiments.http_load.server_process import ServerProcess
from llmproc.experiments.http_load.streamed import failure
from llmproc.experiments.serving_overhead import staged
from llmproc.experiments.serving_overhead.chat_turn import chat_command, measured_turn
from llmproc.experiments.serving_overhead.options import ServingOptions
from llmproc.experiments.serving_overhead.overhead import measure_serving
from llmproc.experiments.serving_overhead.staged import read_stages, seconds_between, staged_plan
from llmproc.experiments.serving_overhead.stages import ALL, STAGES


def test_every_stage_is_seen(quick: Path, tmp_path: Path) -> None:
    """A stage whose code has moved would take no time, and its time would be the event loop's."""
    plan = own_plan(quick, tmp_path, 2, 1, 256, False)
    with ServerProcess(staged_plan(plan, tmp_path / "told.json"), tmp_path) as server, LoadClient() as client:
        server.wait_ready(300.0)
        before = read_stages(server)
        load = client.drive(server.port, bodies_for(2, 2, 20, 30, 0))
        found = seconds_between(before, read_stages(server))
    assert [failure(answer, 20, 30) for answer in load.answers] == [None] * 4
    assert tuple(found) == ALL and all(found[stage] > 0 for stage in ("frames", *STAGES, "event loop"))
    assert children() == []


def test_a_measurement(quick: Path) -> None:
    options = ServingOptions(quick, streams=(1, 3), prompt_tokens=20, new_tokens=12, tokens=36, threads=1, repeat=1)
    seen: list[str] = []
    found = measure_serving(options, "tools/x", lambda done, total, what: seen.append(what))
    assert (found["schema"], found["kind"], found["simulated"]) == (1, "serving-overhead", False)
    assert [(row["streams"], row["failed"]) for row in found["streams"]] == [(1, 0), (3, 0)]
    for row in found["streams"]:
        (plain,), (clocked,) = row["samples"]["plain"], row["samples"]["clocked"]
        assert plain["tokens"] == clocked["tokens"] == 36 and plain["stages"] == {}
        assert 0 < plain["main_s"] < plain["tree_s"] and tuple(clocked["stages"]) == ALL
        assert row["over_chat"]["count"] == 1
    assert found["chat"]["samples"][0]["tokens"] == 12 and found["chat"]["main_us"]["median"] > 0
    assert {"1 streams", "3 streams", "chat", ""} == set(seen)
    json.dumps(found)


def test_a_prompt_loop_that_ends_is_told(tmp_path: Path) -> None:
    command = chat_command(tmp_path / "none.bin", 1, 256, 8)
    with pytest.raises(StartError, match="the prompt loop ended"):
        measured_turn(command, tmp_path, 5, 0)
    assert children() == []


def test_a_server_without_clocks_does_not_tell(quick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staged, "_PATIENCE_S", 0.1)
    deaf = [sys.executable, "-c", "import signal; [signal.pause() for _ in range(9)]"]
    environment = {staged.VARIABLE: str(tmp_path / "told.json")}
    plan = replace(own_plan(quick, tmp_path, 1, 1, 256, False), words=deaf, environment=environment)
    with (
        ServerProcess(plan, tmp_path) as server,
        pytest.raises(StartError, match="does not tell where its time went"),
    ):
        read_stages(server)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"streams": ()}, "--streams is ()"),
        ({"streams": (0,)}, "--streams is (0,)"),
        ({"new_tokens": 1}, "--new-tokens is 1: must be from 2"),
        ({"repeat": 0}, "--repeat is 0"),
        ({"model": Path("/no/file")}, "--model is /no/file: no such file"),
    ],
)
def test_options_are_checked(changed: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        replace(ServingOptions(), **changed)  # type: ignore[arg-type]
    assert str(caught.value).startswith(said)
