"""Our server beside a stand-in for llama-server: real processes, real streams, every answer counted."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from experiments.stub_servers import STUB, recorded
from support.processes import children

from llmproc.errors import StartError, UsageError
from llmproc.experiments.against_llama_server.comparison import compare_servers
from llmproc.experiments.against_llama_server.options import CompareServersOptions
from llmproc.experiments.against_llama_server.own_engine import AloneEngine
from llmproc.experiments.against_llama_server.sides import plans_of
from llmproc.experiments.http_load.line_process import LineProcess

CLIENTS, EACH, NEW, PROMPT = 3, 2, 6, 20


@pytest.fixture
def options(quick: Path) -> CompareServersOptions:
    return CompareServersOptions(
        STUB, model=quick, clients=CLIENTS, requests=EACH, prompt_tokens=PROMPT, new_tokens=NEW, threads=1, repeat=2
    )


def compared(options: CompareServersOptions, seen: list[tuple[int, int, str]] | None = None) -> dict[str, Any]:
    return compare_servers(options, "tools/x", lambda *given: None if seen is None else seen.append(given))


def failures_of(server: Mapping[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for sample in server["samples"]:
        for words, count in sample["failures"].items():
            found[words] = found.get(words, 0) + count
    return found


def test_both_answer_the_same_load(
    options: CompareServersOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB_RECORD", str(tmp_path / "record.jsonl"))
    seen: list[tuple[int, int, str]] = []
    found = compared(options, seen)
    assert (found["schema"], found["kind"], found["simulated"]) == (1, "against-llama-server", False)
    assert found["machine"]["cpu"] and found["options"]["clients"] == CLIENTS
    assert found["versions"] == [{"name": "llama-server", "version": "version: 1 (stub)"}]
    own, peer = found["servers"]
    assert (own["name"], peer["name"]) == ("llmproc", "llama-server") and own["failed"] == peer["failed"] == 0
    for server in (own, peer):
        assert [len(sample["answers"]) for sample in server["samples"]] == [CLIENTS * EACH] * 2
        assert all(sample["tokens"] == CLIENTS * EACH * NEW for sample in server["samples"])
        assert all(sample["counted"] == ["usage"] for sample in server["samples"])
    for sample in own["samples"]:
        assert sample["serving_s"] > 0 and sample["computing_s"] > 0
        assert sample["total_s"] == pytest.approx(sample["serving_s"] + sample["computing_s"])
    asked = [body["prompt"] for body in recorded(tmp_path, "body")]
    assert len(asked) == len(set(asked)) == 3 * CLIENTS * EACH, "a warm-up, then others in every repetition"
    assert [row["name"] for row in found["engines"]] == ["llmproc, engine alone"] and found["engine_ratio"] is None
    assert seen[-1] == (9, 9, "") and len({name for _, _, name in seen}) == 4
    assert not next(bar for bar in found["bars"] if "engines" in bar["what"])["kept"], (
        "what was not measured is not kept"
    )
    json.dumps(found)


@pytest.mark.parametrize(
    ("fault", "words"), [("cut", "the stream was cut"), ("short", f"{NEW // 2} tokens, by usage; finish reason length")]
)
def test_incomplete_answers_of_the_peer_are_failures(
    options: CompareServersOptions, fault: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB_FAULT", fault)
    found = compared(replace(options, repeat=1))
    own, peer = found["servers"]
    assert own["failed"] == 0 and failures_of(peer) == {words: CLIENTS * EACH // 2}
    assert len(peer["samples"][0]["answers"]) == CLIENTS * EACH // 2
    bar = found["bars"][0]
    assert bar["what"] == "incomplete answers" and bar["value"] == CLIENTS * EACH // 2 and not bar["kept"]


def test_a_peer_that_does_not_start_is_one_line(
    options: CompareServersOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUB_FAULT", "die")
    with pytest.raises(StartError, match=r"^llama-server ended with status 1: it cannot load$"):
        compared(options)
    assert children() == []


def test_the_engine_alone_answers_all_sequences(quick: Path) -> None:
    order = {"model": str(quick), "threads": 1, "sequences": 3, "context": 256, "prompt_tokens": 20, "new_tokens": 6,
             "fixed": True, "seed": 1}  # fmt: skip
    with LineProcess("llmproc.experiments.against_llama_server.own_engine") as process:
        found = [process.ask({**order, "seed": seed}) for seed in (1, 2)]
    assert [one["tokens"] for one in found] == [18, 18] and all(one["seconds"] > 0 for one in found)
    assert AloneEngine.__doc__


def test_commands(options: CompareServersOptions, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.touch()
    plans = plans_of(replace(options, python=python, fixed_threads=True), tmp_path / "m.gguf", tmp_path)
    own, peer, other = (" ".join(plan.words) for plan in plans)
    assert "llmproc serve" in own and "--sequences 3 --threads 1 --context 256 --fixed-threads" in own
    assert f"{STUB} -m {tmp_path}/m.gguf -np 3 -cb -t 1 -tb 1 -c 768 --host 127.0.0.1" in peer
    assert f"{python} -m llama_cpp.server --model {tmp_path}/m.gguf --n_ctx 256 --n_threads 1" in other
    assert [plan.ready for plan in plans] == ["/health", "/health", "/v1/models"]
    assert "LLMPROC_RUN_DIR" in plans[0].environment, "its logs go where they are removed"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"clients": 0}, "--clients is 0: must be from 1 to 1024"),
        ({"new_tokens": 1}, "--new-tokens is 1: must be 2 or more"),
        ({"repeat": 0}, "--repeat is 0"),
        ({"model": Path("/no/file")}, "--model is /no/file: no such file"),
        ({"python": Path("/no/python")}, "--python is /no/python: no such file"),
        ({"llama_server": Path(os.devnull)}, "--llama-server is /dev/null: no such file"),
    ],
)
def test_options_are_checked(options: CompareServersOptions, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        replace(options, **changed)
    assert str(caught.value).startswith(said)
