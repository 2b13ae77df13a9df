"""A server as a process: ready, asked, ended; and why it is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from experiments.stub_servers import recorded, running_stub, stub_plan
from support.processes import alive

from llmproc.errors import StartError
from llmproc.experiments.http_load.server_process import ServerPlan, ServerProcess, free_port


def test_it_runs_until_it_is_closed(tmp_path: Path) -> None:
    with running_stub(tmp_path) as server:
        pid = server.pid
        assert alive(pid) and recorded(tmp_path, "arguments") == [["--port", str(server.port)]]
        before = server.read_cpu()
        assert {key[0] for key in before} == {pid} and server.cpu_between({}, before).total_s > 0
    assert not alive(pid)
    server.close()


def test_one_that_dies_says_its_last_line(tmp_path: Path) -> None:
    with (
        ServerProcess(stub_plan(tmp_path, "die"), tmp_path) as server,
        pytest.raises(StartError, match=r"^stub ended with status 1: it cannot load$"),
    ):
        server.wait_ready(60.0)


def test_one_that_does_not_get_ready_is_not_waited_for_any_longer(tmp_path: Path) -> None:
    sleeper = ServerPlan("sleeper", ["sh", "-c", "sleep 60"], "/", stub_plan(tmp_path).parted)
    with (
        ServerProcess(sleeper, tmp_path) as server,
        pytest.raises(StartError, match=r"^sleeper was not ready after 0\.2 seconds$"),
    ):
        server.wait_ready(0.2)


def test_a_program_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"^stub: /no/such/program cannot be started \(No such file or directory\)$"):
        ServerProcess(replace(stub_plan(tmp_path), words=["/no/such/program"]), tmp_path)


def test_ports_are_free_and_differ() -> None:
    assert len({free_port() for _ in range(5)}) > 1
