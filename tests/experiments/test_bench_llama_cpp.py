"""The peer on a tiny model: it computes what the reference computes, sleeps between calls, and keeps silent."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from experiments.bench_arms import LOGITS_OF
from support.paths import PYTHONPATH

from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.synth import write_synthetic
from llmproc.engine.reference import Reference
from llmproc.errors import StartError
from llmproc.experiments.bench.arms import llama_cpp
from llmproc.experiments.bench.arms.arm import ArmOptions
from llmproc.experiments.bench.model import BenchModel
from llmproc.experiments.bench.remote import LLAMA_CPP, RemoteArm
from llmproc.experiments.bench.work import Work

PREFILL, DECODE = Work("pp24", "prefill", 24), Work("tg3 b4", "decode", 1, 4, 3)


def test_settings_worth_trying() -> None:
    assert llama_cpp.settings_for(Work("pp512", "prefill", 512)) == [
        "ubatch=128 flash=0 unified=0", "ubatch=128 flash=1 unified=0",
        "ubatch=512 flash=0 unified=0", "ubatch=512 flash=1 unified=0",
    ]  # fmt: skip
    assert llama_cpp.settings_for(PREFILL) == ["ubatch=24 flash=0 unified=0", "ubatch=24 flash=1 unified=0"]
    assert llama_cpp.settings_for(Work("tg8", "decode", 1, 1, 8)) == [
        "ubatch=512 flash=0 unified=0", "ubatch=512 flash=1 unified=0"
    ]  # fmt: skip
    assert len(llama_cpp.settings_for(DECODE)) == 4


@pytest.fixture
def options(tmp_path: Path) -> ArmOptions:
    if llama_cpp.installed() is None:
        pytest.skip("llama-cpp-python is not installed")
    write_synthetic(tmp_path / "tiny.bin", "tiny", 1, "version 1")
    return ArmOptions(
        model=str(tmp_path / "tiny.bin"), weights="f32", threads=2, kv_type="f32", peer_file=str(tmp_path / "tiny.gguf")
    )


def about(options: ArmOptions, target: str = LLAMA_CPP) -> dict[str, Any]:
    """What the peer says of itself. Always in a child: the package keeps descriptors and threads for ever."""
    arm = RemoteArm(target, options)
    try:
        found = arm.about()
    finally:
        arm.close()
    assert arm._process.returncode == 0
    return found


def test_the_peer_computes_the_same_model(options: ArmOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", PYTHONPATH)
    found = about(options, "experiments.bench_arms:open_peer_with_logits")
    header = open_model(options.path)
    weights = header.load().weights
    reference = Reference(header.description, weights)
    expected = [reference.forward(token, position) for position, token in enumerate(LOGITS_OF)][-1]
    assert found["vocab_size"] == header.description.vocab_size == len(expected)
    assert len(found["logits"]) == 2
    for setting, logits in found["logits"].items():
        assert np.allclose(logits, expected, atol=2e-2), setting
        assert np.corrcoef(logits, expected)[0, 1] > 0.9999


def test_prefill_and_decode_in_its_own_process(options: ArmOptions) -> None:
    arm = RemoteArm(LLAMA_CPP, options)
    try:
        assert arm.name == "llama.cpp" and arm.about()["package"].startswith("llama-cpp-python ")
        for work in (PREFILL, DECODE, Work("tg300", "decode", 1, 1, 300)):
            for setting in arm.settings(work):
                assert arm.run(work.shortened(1), setting).amount == work.shortened(1).amount
                assert arm.run(work, setting).amount == work.amount, "a longer work needs a larger context"
        used = _settled(arm)
        time.sleep(0.2)  # the thing measured: what an idle peer takes
        assert arm.cpu_seconds() - used < 0.01
    finally:
        arm.close()
    assert arm._process.returncode == 0


def _settled(arm: RemoteArm) -> float:
    """CPU time used once its threads have stopped spinning."""
    for _ in range(100):
        before = arm.cpu_seconds()
        time.sleep(0.02)
        if arm.cpu_seconds() == before:
            break
    return arm.cpu_seconds()


def test_the_peers_file_is_written_once_and_a_bad_one_refused(options: ArmOptions) -> None:
    about(options)
    file = Path(options.peer_file)
    before = file.stat().st_mtime_ns
    about(options)
    assert file.stat().st_mtime_ns == before
    assert sorted(path.name for path in file.parent.iterdir()) == ["tiny.bin", "tiny.gguf"]
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(StartError, match=r"tiny\.gguf: llama\.cpp cannot load it"):
        about(options)


@pytest.mark.parametrize(("weights", "named"), [("int8", "Q8_0"), ("q4", "Q4_0"), ("f16", "F16")])
def test_every_weight_type_loads(weights: str, named: str, options: ArmOptions) -> None:
    found = about(replace(options, weights=weights, kv_type="f16"))
    assert named in found["model"]
    description = open_model(options.path).description
    model = BenchModel("tiny", options.path, description, "version 1", weights, True)
    assert found["tensor_bytes"] == model.size, "both engines read as much"
