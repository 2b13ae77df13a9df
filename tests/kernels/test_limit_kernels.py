"""The kernels that measure the machine: they do what they count, and stay out of everybody else's way."""

from __future__ import annotations

import numpy as np
import pytest

from llmproc import kernels
from llmproc.engine.limits import Limits
from llmproc.kernels import calls, entries
from llmproc.kernels import limit_sizes as limits
from llmproc.simd.layout import ACTIVATION_BYTES


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    kernels.load(kernels.LIMITS)


def test_they_are_no_part_of_what_every_template_compiles() -> None:
    names = {"read_bytes", "integer_rounds", "float_rounds"}
    assert {entry.name for entry in entries.wanted({kernels.LIMITS})} == names
    others = {entry.variant for entry in entries.ENTRIES.values()} - {kernels.LIMITS}
    assert not names & {entry.name for entry in entries.wanted(others)}


def test_every_byte_is_read_once() -> None:
    words = np.arange(3 * limits.BLOCK // 4, dtype=np.int32)
    sink = np.zeros(16, np.int32)
    assert calls.linked("read_bytes")(words.ctypes.data, words.nbytes, sink.ctypes.data) == words.nbytes
    # the eight accumulators begin with a load each, four of them and four more of the first line
    assert sink.sum() == words.sum() + 8 * words[:16].sum()


def test_what_fills_no_round_is_not_counted() -> None:
    words, sink = np.zeros(limits.BLOCK // 2, np.int32), np.zeros(16, np.int32)
    assert calls.linked("read_bytes")(words.ctypes.data, words.nbytes - 4, sink.ctypes.data) == limits.BLOCK
    assert calls.linked("read_bytes")(words.ctypes.data, 100, sink.ctypes.data) == 0


def test_multiply_adds_are_really_made() -> None:
    sink = np.zeros(limits.TILE * 16, np.int32)
    weights = np.ones(limits.WEIGHT_BYTES, np.int8)
    if ACTIVATION_BYTES == 1:
        activations = np.full(limits.ACTIVATION_ROW * limits.TILE, 2, np.int8)
    else:
        activations = np.full(limits.ACTIVATION_ROW * limits.TILE // 2, 2, np.int16)
    found = calls.linked("integer_rounds")(weights.ctypes.data, activations.ctypes.data, sink.ctypes.data, 3)
    assert found == 3 * limits.INTEGER_ADDS and (sink == found / len(sink) * 2).all()

    sums, numbers = np.zeros(limits.TILE * 16, np.float32), np.ones(limits.STEPS * 16, np.float32)
    factors = np.full(limits.STEPS * limits.TILE, 2, np.float32)
    found = calls.linked("float_rounds")(numbers.ctypes.data, factors.ctypes.data, sums.ctypes.data, 3)
    assert found == 3 * limits.FLOAT_ADDS and (sums == found / len(sums) * 2).all()


def test_buffers_fit_the_first_level_cache() -> None:
    assert limits.WEIGHT_BYTES + limits.ACTIVATION_ROW * limits.TILE <= 32 << 10


def test_threads_share_the_memory_and_double_the_work() -> None:
    found = Limits(3, 1 << 20, rounds=0.001)
    assert found.read(1) == 1 << 20
    assert found.read(2) == 1 << 20
    assert 0 < (1 << 20) - found.read(3) < 3 * limits.BLOCK, "whole rounds each"
    assert found.integer(2) == 2 * found.integer(1) > 0
    assert found.float(3) == 3 * found.float(1) > 0
    for threads in (0, 4):
        with pytest.raises(ValueError, match="buffers for 1 to 3 threads"):
            found.read(threads)
