"""Atomic operations compiled for test_atomics: seconds to import, so only a test does."""

from __future__ import annotations

from llmproc.kernels import environment

environment.prepare()

from numba import njit, types  # noqa: E402

from llmproc.simd.atomics import compare_exchange_i64, load_i64, store_i64  # noqa: E402

I64 = types.int64


@njit(I64(I64), nogil=True)
def load(address):
    return load_i64(address)


@njit(types.void(I64, I64), nogil=True)
def store(address, value):
    store_i64(address, value)


@njit(I64(I64, I64, I64), nogil=True)
def exchange(address, expected, wanted):
    return compare_exchange_i64(address, expected, wanted)


@njit(types.void(I64, I64), nogil=True)
def count(address, times):
    """Add one, so many times, by compare-and-swap."""
    for _ in range(times):
        while True:
            before = load_i64(address)
            if compare_exchange_i64(address, before, before + 1) == before:
                break


@njit(I64(I64, I64), nogil=True)
def hand_over(address, times):
    """Write a number, then say so in another word."""
    for number in range(1, times + 1):
        store_i64(address, number)
        store_i64(address + 64, number)
    return 0


@njit(I64(I64, I64), nogil=True)
def receive(address, times):
    """How often the number was older than what had been said of it."""
    wrong, said = 0, 0
    while said < times:
        said = load_i64(address + 64)
        wrong += load_i64(address) < said
    return wrong
