"""bench serve against a stand-in that keeps a log: counts and requests under way are the stand-in's own."""

from __future__ import annotations

import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from experiments.test_serve_load_rules import bench, figures
from support.programs import environment
from support.recording_server import Behaviour, recording_server
from support.waiting import until


def mixed(number: int, body: dict[str, Any]) -> Behaviour:
    """Every seventh is refused, every ninth cut, every eleventh has an error in its stream."""
    if number % 7 == 3:
        return Behaviour(status=429, headers=(("Retry-After", "0"),))
    if number % 9 == 4:
        return Behaviour(cut_after=1)
    return Behaviour(error_after=1) if number % 11 == 5 else Behaviour(token_s=0.001)


@pytest.mark.parametrize("retries", [0, 2])
def test_counts_are_those_of_the_servers_own_log(tmp_path: Path, retries: int) -> None:
    with recording_server(mixed) as server:
        document = bench(tmp_path, server, "-n", 100, "--concurrency", 8, "--retries", retries, code=1)
    found, said = figures(document), server.outcomes()
    failures, retried = found["failures"], found["retries_by_kind"]
    assert found["attempts"] == len(server.log) and found["total"] == 100 == found["succeeded"] + found["failed"]
    assert found["succeeded"] == said["complete"]
    assert failures.get("http_429", 0) + retried.get("http_429", 0) == said["status"]
    assert failures["cut"] == said["cut"] and failures["error_in_stream"] == said["error"]
    assert found["retries"] == len(server.log) - 100 and (found["retries"] > 0) is (retries > 0)
    assert len(document["runs"][0]["requests"]) == 100


def test_requests_under_way_are_those_of_the_server(tmp_path: Path) -> None:
    """All that may be under way are held until as many have come: both sides must see exactly them."""
    with recording_server(lambda n, _: Behaviour(hold=n < 12)) as server:
        process = start(tmp_path, server.url, "-n", 30, "--concurrency", 12)
        server.wait_for(12)
        server.release()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    document = json.loads((tmp_path / "out.json").read_text())
    found = figures(document)["in_flight"]
    assert found["most"] == 12 == server.peak and "12 at most" in out
    changes = document["runs"][0]["in_flight"]
    assert len(changes) == 60 == len(server.changes) == found["changes"] and changes[-1][1] == 0
    assert all(abs(after[1] - before[1]) == 1 for before, after in itertools.pairwise(changes))


def start(folder: Path, url: str, *options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "llmproc", "bench", "serve", "--url", url, "--json", str(folder / "out.json")]
    return subprocess.Popen(
        [*command, "--max-tokens", "4", *map(str, options)], cwd=folder, env=environment(LLMPROC_RUN_DIR="none"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_prints_and_keeps_what_was_done(tmp_path: Path, number: int) -> None:
    with recording_server(lambda n, _: Behaviour(stall_after=1) if n >= 10 else Behaviour()) as server:
        process = start(tmp_path, server.url, "-n", 50, "--concurrency", 5)
        server.wait_for(5)
        until(lambda: len(server.log) >= 15)
        os.kill(process.pid, number)
        out, err = process.communicate(timeout=60)
    found = figures(json.loads((tmp_path / "out.json").read_text()))
    assert process.returncode == 128 + number and "Traceback" not in err
    assert (found["succeeded"], found["interrupted"], found["not_sent"], found["failed"]) == (10, 5, 35, 0)
    assert found["stopped"] == "signal" and "10 succeeded" in out and found["latency_s"]["count"] == 10


def test_a_server_that_dies_is_given_up_and_what_was_done_is_kept(tmp_path: Path) -> None:
    with recording_server(lambda n, _: Behaviour(hold=n >= 20)) as server:
        process = start(tmp_path, server.url, "-n", 5000, "--concurrency", 4)
        server.wait_for(4)
        until(lambda: len(server.log) >= 24)
    out, err = process.communicate(timeout=60)  # the server has gone now
    found = figures(json.loads((tmp_path / "out.json").read_text()))
    assert process.returncode == 1 and "Traceback" not in err, err
    assert found["succeeded"] == 20 and found["not_sent"] > 4000 and found["stopped"] == "server gone"
    assert found["failures"]["connect"] >= 20 and "takes no connections any more" in out


def test_a_server_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with recording_server() as server:
        pass
    process = start(tmp_path, server.url)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 3 and out == "" and "cannot be asked" in err.splitlines()[-1]
    assert not (tmp_path / "out.json").exists()


def test_prompts_are_distinct_or_repeated_or_share_a_prefix(tmp_path: Path) -> None:
    def asked() -> list[str]:
        return [request.body["messages"][0]["content"] for request in server.log]

    with recording_server() as server:
        document = bench(tmp_path, server, "-n", 70)
        assert len(set(asked())) == 70 and document["prompts"]["name"] == "system-b"
        server.log.clear()
        bench(tmp_path, server, "-n", 70, "--repeat-prompts")
        assert len(set(asked())) == 30
        server.log.clear()
        (tmp_path / "own.txt").write_text("one\ntwo\n")
        document = bench(tmp_path, server, "-n", 3, "--prompts", "own.txt", "--shared-prefix", "40")
        begins = {text.split("\n\n")[0] for text in asked()}
        assert len(begins) == 1 and len(begins.pop().split()) == 40 and document["prompts"]["name"] == "own.txt"


def test_arrivals_at_random_times_do_not_wait_for_answers(tmp_path: Path) -> None:
    with recording_server(Behaviour(hold=True)) as server:
        process = start(tmp_path, server.url, "-n", 20, "--rate", 100)
        server.wait_for(20)
        server.release()
        assert process.communicate(timeout=60)[1].count("Traceback") == 0
    run = json.loads((tmp_path / "out.json").read_text())["runs"][0]
    assert all(r["sent_s"] >= r["due_s"] for r in run["requests"]) and run["figures"]["late_s"]["count"] == 20


def test_two_servers_are_asked_in_turn_and_compared_run_by_run(tmp_path: Path) -> None:
    with recording_server(Behaviour(first_s=0.2)) as other, recording_server() as server:
        document = bench(
            tmp_path, server, "--url", other.url, "-n", 4, "--repeat", 2, "--goodput", "ttft=150ms,e2e=60",
            "--chart", "chart.png",
        )  # fmt: skip
    assert [run["server"] for run in document["runs"]] == [0, 1, 1, 0]
    assert len(server.log) == 8 == len(other.log)
    rates = [[run["figures"]["queries_per_s"] for run in document["runs"] if run["server"] == n] for n in (0, 1)]
    ratios = [one / two for one, two in zip(rates[0], rates[1], strict=True)]
    assert document["comparison"]["queries_per_s"]["mean"] == pytest.approx(statistics.geometric_mean(ratios))
    assert [run["figures"]["kept_goals"] for run in document["runs"] if run["server"] == 1] == [0, 0]
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("tells", [True, False])
def test_a_ramp_ends_where_goodput_falls_and_says_what_gave_way(tmp_path: Path, tells: bool) -> None:
    """Steps of 1, 2, 4 at once are 4 + 4 + 8 requests; in the next one nothing succeeds."""
    # Answers that take a second: of a step that ends at once, the load generator's own work would be the reason.
    fault = Behaviour(status=429, first_s=1.0) if tells else Behaviour(tokens=0, first_s=1.0)
    with recording_server(lambda n, _: Behaviour(first_s=0.2) if n < 16 else fault) as server:
        if tells:
            server.pages["/metrics"] = b"# HELP x\nllmproc:num_requests_waiting 9\nllmproc:kv_cache_usage_perc 0.99\n"
        options = ("--mode", "stress", "--ramp", "--concurrency", 64, "-n", 4, "--chart", "ramp.png")
        document = bench(tmp_path, server, *options)
    ramp = document["ramp"][0]
    assert ramp["fell_at"] == 8 and ramp["best_load"] < 8 and len(document["runs"]) == 4
    causes = {cause["what"] for cause in ramp["gave_way"]}
    assert causes >= {"queue", "KV"} if tells else causes == {"unknown"}
    assert ("status 429" if tells else "What gave way: unknown") in document["text"]
    assert (tmp_path / "ramp.png").read_bytes().startswith(b"\x89PNG")


def test_a_key_is_written_nowhere(tmp_path: Path) -> None:
    with recording_server() as server:
        document = bench(tmp_path, server, "-n", 1, "--api-key", "sk-secret")
    assert server.log[0].headers["authorization"] == "Bearer sk-secret"
    assert "sk-secret" not in json.dumps(document) and "--api-key '***'" in document["command"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--rate", "0"), "--rate is 0"),
        (("-n", "0"), "-n is 0"),
        (("--mode", "single", "--concurrency", "2"), "--mode single"),
        (("--ramp",), "--ramp is for --mode stress"),
        (("--goodput", "x=1"), "--goodput is"),
        (("--json", "/nowhere/x"), "--json is /nowhere/x"),
        (("--url", "http://u:p@h"), "holds a user or a password"),
        (("--url", "a", "--url", "b"), "--url stands 3 times"),
        (("--prompts", "missing.txt"), "missing.txt: no such file"),
        (("--shared-prefix", "999999999999"), "--shared-prefix is"),
    ],
)
def test_bad_options_are_one_line(tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    process = start(tmp_path, "http://127.0.0.1:9", *options)
    out, err = process.communicate(timeout=60)
    assert process.returncode in (1, 2, 4) and out == "" and words in err.splitlines()[-1], err


@pytest.mark.soak
def test_5000_requests_256_at_once_from_one_process(tmp_path: Path) -> None:
    """The counts are the server's own, and the document says what each request cost this program."""
    with recording_server(lambda n, b: mixed(n, b) if n >= 256 else Behaviour(hold=True)) as server:
        process = start(tmp_path, server.url, "--mode", "stress", "-n", 5000, "--concurrency", 256, "--max-tokens", 16)
        server.wait_for(256)
        server.release()
        out, err = process.communicate(timeout=1800)
    found, said = figures(json.loads((tmp_path / "out.json").read_text())), server.outcomes()
    assert process.returncode == 1, err
    assert found["total"] == 5000 == len(server.log) and found["succeeded"] == said["complete"]
    assert (found["failures"]["http_429"], found["failures"]["cut"]) == (said["status"], said["cut"])
    assert found["failures"]["error_in_stream"] == said["error"]
    assert found["in_flight"]["most"] == 256 == server.peak
    assert found["client_cpu_s_per_request"] > 0 and "own CPU" in out
    print(out)
