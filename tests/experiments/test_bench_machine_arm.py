"""The machine as an arm: how much it reads, and that it measures every limit there is."""

from __future__ import annotations

import pytest

from llmproc.errors import UsageError
from llmproc.experiments.bench.arms.arm import ArmOptions
from llmproc.experiments.bench.arms.machine import MachineArm, buffer_bytes
from llmproc.experiments.bench.remote import MACHINE, RemoteArm
from llmproc.experiments.bench.work import Work, limit_work


def test_how_much_is_read() -> None:
    assert buffer_bytes(64000000 << 10) == 512 << 20
    assert buffer_bytes(2097152 << 10) == 256 << 20
    assert buffer_bytes(100 << 10) == buffer_bytes(None) == 128 << 20


def test_every_limit_can_be_measured() -> None:
    arm = MachineArm(2, 1 << 20, rounds=0.001)
    for work in limit_work(2):
        assert arm.settings(work) == [""]
        arm.prepare(work, "")
        assert arm.run(work) > 0
    assert set(arm.about()) == {"read", "integer", "float"}
    with pytest.raises(UsageError, match="the machine cannot run pp8"):
        arm.run(Work("pp8", "prefill", 8))
    arm.close()


def test_in_its_own_process() -> None:
    arm = RemoteArm(MACHINE, ArmOptions(model="", threads=1))
    try:
        read = arm.run(limit_work(1)[0], "")
        assert read.amount >= 128 << 20 and read.seconds > 0
    finally:
        arm.close()
