"""The comparison as a whole, llama.cpp's logits made of the exact ones: what is in the document, what is left."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llmproc.experiments.against_llama_cpp import comparison
from llmproc.experiments.against_llama_cpp.comparison import (
    CompareLogitsOptions,
    ModelLogits,
    compare_logits,
    logits_of,
    result_of,
)
from llmproc.experiments.against_llama_cpp.models import POSITIONS, SHAPES, TYPES, VOCABULARY, digest_of, write_model
from llmproc.experiments.against_llama_cpp.own_logits import engine_logits, exact_logits

FEW = CompareLogitsOptions(types=("f32", "q6_k"), models=2)


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """In place of llama.cpp: float64's logits, the first of each row less 0.01. Returns the runs it was asked for."""
    asked: list[dict[str, Any]] = []

    def ask_peer(runs: Sequence[dict[str, Any]], kv_type: str, threads: int) -> None:
        for run in runs:
            asked.append({**run, "kv_type": kv_type, "threads": threads})
            logits = exact_logits(Path(run["file"]), run["ids"]).astype(np.float32)
            logits[:, 0] -= 0.01
            np.save(run["to"], logits)

    monkeypatch.setattr(comparison, "ask_peer", ask_peer)
    monkeypatch.setattr(comparison, "peer_version", lambda: "1.2.3")
    return asked


def test_the_document(peer: list[dict[str, Any]]) -> None:
    seen: list[tuple[int, int, str]] = []
    found = compare_logits(FEW, "tools/x", lambda *given: seen.append(given))
    assert (found["schema"], found["kind"], found["simulated"]) == (1, "against-llama-cpp", False)
    assert found["command"] == "tools/x" and found["peer"] == "llama-cpp-python 1.2.3" and found["machine"]["cpu"]
    assert found["options"] == {**dataclasses.asdict(FEW), "types": ("f32", "q6_k")}
    assert found["bars"] == {"ratio": 1.1, "largest_over_mean": 8.0, "more_changed": 2}
    assert [(row["type"], row["stored"]) for row in found["results"]] == [("f32", "F32"), ("q6_k", "Q6_K")]
    assert seen == [(0, 2, "F32"), (1, 2, "Q6_K"), (1, 1, "")]
    expected = 0.01 / np.sqrt(VOCABULARY)
    for row in found["results"]:
        assert row["peer"]["root_mean_square"] == pytest.approx(expected, rel=1e-3)
        assert row["own"]["positions"] == 2 * POSITIONS and len(row["samples"]) == 2
        assert len({sample["sha256"] for sample in row["samples"]}) == 2


def test_both_read_the_same_files_with_the_same_ids(peer: list[dict[str, Any]], tmp_path: Path) -> None:
    found = logits_of(tmp_path, "q4_0", dataclasses.replace(FEW, kv_type="f32", threads=2))
    assert [(run["kv_type"], run["threads"], len(run["ids"])) for run in peer] == [("f32", 2, POSITIONS)] * 2
    assert peer[0]["ids"] != peer[1]["ids"]
    assert list(tmp_path.iterdir()) == [], "files go as soon as they are read"
    for number, model in enumerate(found):
        write_model(tmp_path / "again.gguf", "q4_0", number)
        ids = peer[number]["ids"]
        assert model.sha256 == digest_of(tmp_path / "again.gguf")
        assert (model.exact == exact_logits(tmp_path / "again.gguf", ids)).all()
        assert (model.own == engine_logits(tmp_path / "again.gguf", ids, "f32", 1)).all()
        assert np.abs(model.peer - model.exact).max() == pytest.approx(0.01, rel=1e-3)


def test_results_are_pooled_and_bars_judged() -> None:
    random = np.random.default_rng(1)
    exact = random.standard_normal((4, 8))
    noise = random.standard_normal((4, 8)) * 0.01
    models = [ModelLogits("a", exact + 3 * noise, exact + noise, exact), ModelLogits("b", exact, exact + noise, exact)]
    found = result_of("q8_0", models)
    assert found["ratios"]["root_mean_square"] == pytest.approx(np.sqrt(9 / 2))
    assert [sample["model"] for sample in found["samples"]] == [0, 1]
    assert found["samples"][1]["own"]["root_mean_square"] == 0 and found["own"]["positions"] == 8
    assert any("root mean square is 2.12 times" in words for words in found["broken"])


def test_models_of_a_type_are_others_in_another_type(tmp_path: Path) -> None:
    digests = set()
    for name in ("q4_0", "q8_0"):
        for number in range(len(SHAPES)):
            write_model(tmp_path / "m.gguf", name, number)
            digests.add(digest_of(tmp_path / "m.gguf"))
    assert len(digests) == 2 * len(SHAPES)


def test_a_digest_is_of_the_weights(tmp_path: Path) -> None:
    write_model(tmp_path / "m.gguf", "q4_0", 0)
    before, data = digest_of(tmp_path / "m.gguf"), bytearray((tmp_path / "m.gguf").read_bytes())
    data[-40] ^= 1
    (tmp_path / "m.gguf").write_bytes(data)
    assert digest_of(tmp_path / "m.gguf") != before


def test_default_options_are_everything() -> None:
    found = CompareLogitsOptions()
    assert found.types == tuple(TYPES) and found.models == len(SHAPES) == 5 and found.kv_type == "f16"
