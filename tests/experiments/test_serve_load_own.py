"""bench serve against real servers: ours, and llama-cpp-python's where it is installed."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from experiments.test_serve_load_rules import bench, figures
from server.served import served
from support.waiting import until

from llmproc.checkpoints.synth import write_synthetic_model
from llmproc.experiments.serve_load.server_state import parse_samples


class Named:
    """A server by its address."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"


def test_our_own_server(tmp_path: Path, quick: Path) -> None:
    with served(tmp_path, "--model", quick, "--sequences", 4) as server:
        place: Any = Named(server.port)
        found = bench(tmp_path, place, "-n", 12, "--concurrency", 4, "--ignore-eos", "--max-tokens", 8)
        options = ("--mode", "stress", "-n", 12, "--concurrency", 4, "--endpoint", "completions", "--ignore-eos")
        stress = bench(tmp_path, place, *options)
        metrics = server.ask("GET", "/metrics").body.decode()
        assert server.end() == 0
    one = figures(found)
    assert one["succeeded"] == 12 and one["output_tokens"] == 96 and one["tokens_counted_by"] == {"usage": 12}
    assert one["tokens_per_chunk"] >= 1 and found["servers"][0]["model"]
    gauges = stress["runs"][0]["server_gauges"]
    assert gauges and gauges[0]["waiting"] is not None and gauges[0]["workers"] == 1
    assert parse_samples(metrics)["requests_total"] == 24


@pytest.mark.soak
def test_llama_cpp_pythons_server(tmp_path: Path) -> None:
    """LLAMA_CPP_PYTHON: an interpreter that has it, with its extra `server`; else this one, if it does.

    By default that server cuts a stream off when another request comes (interrupt_requests), which is a failure here.
    """
    python = os.environ.get("LLAMA_CPP_PYTHON", sys.executable)
    here = importlib.util.find_spec("llama_cpp") and importlib.util.find_spec("fastapi")
    if python == sys.executable and not here:
        pytest.skip("llama-cpp-python is not installed")
    write_synthetic_model(tmp_path / "own.gguf", "tiny", None, True, "q8_0", 42, lambda done, total: None)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [python, "-m", "llama_cpp.server", "--model", str(tmp_path / "own.gguf"), "--port", str(port)]
    command += ["--interrupt_requests", "False"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: answers(port), "the server does not start")
            place: Any = Named(port)
            prompts = tmp_path / "prompts.txt"
            prompts.write_text("".join(f"{number} and {number + 1}\n" for number in range(6)))
            options = ("--endpoint", "completions", "--temperature", 0, "--prompts", prompts)
            found = figures(bench(tmp_path, place, "-n", 6, "--concurrency", 2, *options))
        finally:
            process.terminate()
    assert found["succeeded"] == 6 and found["tokens_counted_by"] == {"chunks": 6}


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/v1/models", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
