"""Atomic operations on 64-bit words: what they do, and that whoever counts by them counts right among others."""

from __future__ import annotations

import threading
from types import ModuleType

import numpy as np
import pytest


@pytest.fixture(scope="module")
def compiled() -> ModuleType:
    """The functions that are tried here."""
    from simd import atomic_programs

    return atomic_programs


def place(words: int = 16) -> tuple[np.ndarray, int]:
    memory = np.zeros(words, np.int64)
    return memory, int(memory.ctypes.data)


def test_all_64_bits_are_loaded_and_stored_and_nothing_beside_them(compiled: ModuleType) -> None:
    for value in (0, 1, -1, 1 << 62, -(1 << 63), 0x0123456789ABCDEF):
        memory, address = place()
        compiled.store(address + 8, value)
        assert compiled.load(address + 8) == value
        assert memory.tolist() == [0, value, *[0] * 14]


def test_an_exchange_happens_only_when_the_word_is_as_expected(compiled: ModuleType) -> None:
    memory, address = place()
    memory[0] = -5
    assert compiled.exchange(address, 4, 9) == -5 and memory[0] == -5
    assert compiled.exchange(address, -5, 1 << 40) == -5 and memory[0] == 1 << 40


def test_two_threads_lose_no_count(compiled: ModuleType) -> None:
    memory, address = place()
    threads = [threading.Thread(target=compiled.count, args=(address, 200_000)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert memory[0] == 400_000


def test_what_was_written_before_a_store_is_seen_behind_its_load(compiled: ModuleType) -> None:
    _, address = place()
    writer = threading.Thread(target=compiled.hand_over, args=(address, 300_000))
    writer.start()
    wrong = compiled.receive(address, 300_000)
    writer.join()
    assert wrong == 0
