"""The process that asks llama.cpp, with a package of that name in which every answer says what was asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.paths import ROOT, TESTS

from llmproc.errors import StartError
from llmproc.experiments.against_llama_cpp.peer_process import ask_peer

FLASH_AUTO, FLASH_OFF = -1, 0


@pytest.fixture(autouse=True)
def fake_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before any package that is installed."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{TESTS / 'experiments' / 'fake_llama'}")


def run_of(folder: Path, name: str, ids: list[int], **model: Any) -> dict[str, Any]:
    file = folder / f"{name}.gguf"
    file.write_text(json.dumps({"vocabulary": 6, **model}))
    return {"file": str(file), "ids": ids, "to": str(folder / f"{name}.npy")}


def test_logits_after_every_id_of_every_run(tmp_path: Path) -> None:
    runs = [run_of(tmp_path, "one", [5, 3, 3]), run_of(tmp_path, "other", [1] * 300, vocabulary=9)]
    ask_peer(runs, "f16", 2)
    one, other = np.load(runs[0]["to"]), np.load(runs[1]["to"])
    assert one.dtype == np.float32 and one.shape == (3, 6) and other.shape == (300, 9)
    assert one[:, 0].tolist() == [5, 3, 3] and one[:, 1].tolist() == [0, 1, 2]
    assert other[:, 1].tolist() == list(range(300)), "longer than llama.cpp's smallest context"


@pytest.mark.parametrize(("kv_type", "number", "flash"), [("f16", 1, FLASH_AUTO), ("f32", 0, FLASH_OFF)])
def test_keys_of_32_bits_go_without_flash_attention(tmp_path: Path, kv_type: str, number: int, flash: int) -> None:
    """It would cast them to halves."""
    run = run_of(tmp_path, "m", [2])
    ask_peer([run], kv_type, 1)
    assert np.load(run["to"])[0, 2:4].tolist() == [number, flash]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("model", "m.gguf: llama.cpp cannot load it"),
        ("context", "llama.cpp cannot make a context"),
        ("decode", "m.gguf: llama.cpp cannot decode"),
    ],
)
def test_what_it_refuses_is_one_line(tmp_path: Path, step: str, said: str) -> None:
    with pytest.raises(StartError) as caught:
        ask_peer([run_of(tmp_path, "m", [1], refuses=step)], "f16", 1)
    assert str(caught.value).startswith("llama.cpp ended with status 1: ") and str(caught.value).endswith(said)


def test_runs_before_the_one_that_fails_do_not_count(tmp_path: Path) -> None:
    runs = [run_of(tmp_path, "good", [1]), run_of(tmp_path, "bad", [1], refuses="model")]
    with pytest.raises(StartError, match=r"bad\.gguf: llama\.cpp cannot load it"):
        ask_peer(runs, "f16", 1)


def test_no_runs_are_no_error() -> None:
    ask_peer([], "f16", 1)
