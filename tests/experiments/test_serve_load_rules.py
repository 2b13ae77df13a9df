"""Rules that a load generator has to keep, each with its test: what is a failure, what is a token, when TTFT is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.programs import environment
from support.recording_server import Behaviour, RecordingServer, recording_server

Behave = Callable[[int, dict[str, Any]], Behaviour]


def bench(folder: Path, server: RecordingServer, *options: object, code: int = 0) -> dict[str, Any]:
    """Run `bench serve` as a user does; return the JSON document, with its text as "text"."""
    json_file = folder / "out.json"
    command = [sys.executable, "-m", "llmproc", "bench", "serve", "--url", server.url, "--json", str(json_file)]
    done = subprocess.run(
        [*command, "--max-tokens", "4", "--timeout", "20", *map(str, options)],
        cwd=folder, env=environment(LLMPROC_RUN_DIR="none"), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return {**json.loads(json_file.read_text()), "text": done.stdout, "err": done.stderr}


def figures(document: dict[str, Any]) -> dict[str, Any]:
    return document["runs"][0]["figures"]


def test_rule_23_both_limits_are_sent_to_foreign_servers(tmp_path: Path) -> None:
    with recording_server() as server:
        found = figures(bench(tmp_path, server, "-n", 2))
    assert all(r.body["max_tokens"] == r.body["max_completion_tokens"] == 4 for r in server.log)
    assert all(r.body["stream_options"] == {"include_usage": True} for r in server.log)
    assert found["output_tokens"] == 8, "the stand-in reads max_tokens alone, as two real servers do"


@pytest.mark.parametrize("behaviour", [Behaviour(status=500), Behaviour(finish=None), Behaviour(error_after=1)])
def test_rule_23_no_success_is_exit_code_1(tmp_path: Path, behaviour: Behaviour) -> None:
    with recording_server(behaviour) as server:
        document = bench(tmp_path, server, "-n", 3, code=1)
    assert figures(document)["succeeded"] == 0 and "no request succeeded" in document["text"]


def test_rule_23_every_way_to_fail_is_counted_by_its_kind_and_in_no_average(tmp_path: Path) -> None:
    """A stream without finish_reason; in-stream errors of either form; cut, empty, refused."""
    faults = [
        (Behaviour(finish=None), "unfinished"),
        (Behaviour(error_after=1), "error_in_stream"),
        (Behaviour(error_after=1, error_form="data"), "error_in_stream"),
        (Behaviour(cut_after=2, framing="close"), "unfinished"),
        (Behaviour(cut_after=2), "cut"),
        (Behaviour(tokens=0), "empty"),
        (Behaviour(status=429), "http_429"),
        (Behaviour(first_s=1.0, error_after=1), "error_in_stream"),
    ]
    with recording_server(lambda n, _: faults[n][0] if n < len(faults) else Behaviour()) as server:
        document = bench(tmp_path, server, "-n", 12, "--concurrency", 1, code=1)
    found = figures(document)
    kinds: dict[str, int] = {}
    for _, kind in faults:
        kinds[kind] = kinds.get(kind, 0) + 1
    assert found["failures"] == kinds and found["succeeded"] == 4 == found["latency_s"]["count"]
    good = [r["ended_s"] - r["sent_s"] for r in document["runs"][0]["requests"] if "failure" not in r]
    assert found["latency_s"]["max"] == pytest.approx(max(good), abs=1e-5) and found["output_tokens"] == 16
    assert found["queries_per_s"] == pytest.approx(4 / found["wall_s"])
    for kind, count in kinds.items():
        assert f"{kind} {count}" in document["text"]


def test_rule_23_tokens_are_from_usage_or_it_is_said_that_chunks_were_counted(tmp_path: Path) -> None:
    with recording_server(Behaviour(usage=False)) as server:
        document = bench(tmp_path, server, "-n", 2)
        assert figures(document)["tokens_counted_by"] == {"chunks": 2} and "counted by chunks" in document["text"]
        assert figures(document)["output_tokens"] == 8
        whole = bench(tmp_path, server, "-n", 2, "--no-stream")
        assert figures(whole)["tokens_counted_by"] == {"unknown": 2} and figures(whole)["ttft_s"] is None
    with recording_server() as server:
        assert figures(bench(tmp_path, server, "-n", 2))["tokens_counted_by"] == {"usage": 2}


def test_rule_23_ttft_is_at_the_first_text_and_not_at_the_role(tmp_path: Path) -> None:
    with recording_server(Behaviour(role_first=True, first_s=0.3)) as server:
        found = figures(bench(tmp_path, server, "-n", 2, "--mode", "single"))
    assert found["ttft_s"]["min"] >= 0.29 and found["itl_s"]["count"] == 6
