"""Atomic operations on 64-bit words: what they do, and that whoever counts by them counts right among others."""

from __future__ import annotations

import threading

import numpy as np

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


def place(words: int = 16) -> tuple[np.ndarray, int]:
    memory = np.zeros(words, np.int64)
    return memory, int(memory.ctypes.data)


def test_all_64_bits_are_loaded_and_stored_and_nothing_beside_them() -> None:
    for value in (0, 1, -1, 1 << 62, -(1 << 63), 0x0123456789ABCDEF):
        memory, address = place()
        store(address + 8, value)
        assert load(address + 8) == value
        assert memory.tolist() == [0, value, *[0] * 14]


def test_an_exchange_happens_only_when_the_word_is_as_expected() -> None:
    memory, address = place()
    memory[0] = -5
    assert exchange(address, 4, 9) == -5 and memory[0] == -5
    assert exchange(address, -5, 1 << 40) == -5 and memory[0] == 1 << 40


def test_two_threads_lose_no_count() -> None:
    memory, address = place()
    threads = [threading.Thread(target=count, args=(address, 200_000)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert memory[0] == 400_000


def test_what_was_written_before_a_store_is_seen_behind_its_load() -> None:
    _, address = place()
    writer = threading.Thread(target=hand_over, args=(address, 300_000))
    writer.start()
    wrong = receive(address, 300_000)
    writer.join()
    assert wrong == 0
