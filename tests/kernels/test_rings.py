"""The rings' kernels: alone they are built in no time, and what they are compiled to is what their source says."""

from __future__ import annotations

import ctypes
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.paths import ROOT

from llmproc import kernels
from llmproc.kernels import calls, rings  # before Numba: it prepares its environment
from llmproc.processes import boardlayout
from llmproc.processes.boardlayout import BoardLayout, State, Word, lap_of, pack_cell

from numba import njit  # isort: skip

MASK = (1 << 64) - 1


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    kernels.load(kernels.RINGS)


def test_both_rooms_know_the_same_numbers() -> None:
    layout = BoardLayout(3, 5, 7, 32)
    assert (layout.tail(1) - layout.head(1)) * boardlayout.WORD == rings.TAIL
    assert (layout.cell(1, 0) - layout.head(1)) * boardlayout.WORD == rings.CELLS
    assert (rings.WAITING, rings.RUNNING) == (State.WAITING, State.RUNNING)
    cell = pack_cell(rings.LAP_MASK, rings.CELL_GENERATION_MASK, rings.SLOT_MASK)
    assert cell == MASK
    assert pack_cell(1, 0, 0) == 1 << rings.LAP_SHIFT
    assert pack_cell(0, 1, 0) == 1 << rings.CELL_GENERATION_SHIFT
    assert Word(State.WAITING).pack() == 1 << rings.STATE_SHIFT
    assert Word(State.FREE, 1).pack() == 1 << rings.WORKER_SHIFT
    assert Word(State.FREE, 0, 0xFFFF, 0xFFFFFFFF).pack() == rings.ATTEMPT_AND_GENERATION


class Memory:
    """A ring and words that kernels can be let loose upon: head and tail, cells, words."""

    def __init__(self, head: int, cells: list[int], words: list[int]) -> None:
        self.cells, self.slots = len(cells), len(words)
        values = [head, *[0] * 15, *cells, *words]
        self.values = (ctypes.c_uint64 * len(values))(*values)
        self.ring = ctypes.addressof(self.values)
        self.words = self.ring + rings.CELLS + 8 * self.cells

    def take(self, worker: int) -> int:
        slot: int = calls.linked("take")(self.ring, self.cells, self.words, self.slots, worker)
        return slot


def by_the_description(memory: Memory, worker: int) -> tuple[int, list[int]]:
    """What `take` must return and leave behind, said in terms of the layout's own functions."""
    values = list(memory.values)
    while True:
        head = values[0]
        lap, generation, slot = boardlayout.unpack_cell(values[16 + head % memory.cells])
        if lap != lap_of(head, memory.cells):
            return -1, values
        values[0] = head + 1
        if slot < memory.slots:
            at = 16 + memory.cells + slot
            word = Word.unpack(values[at])
            if word.state is State.WAITING and word.generation & 0xFFFF == generation:
                values[at] = Word(State.RUNNING, worker, word.attempt, word.generation).pack()
                return slot, values


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_what_is_compiled_does_what_the_description_says(data: st.DataObject) -> None:
    """Rings in any state: empty, full, with cells of other laps, of other generations, of slots taken, of no slot."""
    cells = data.draw(st.integers(1, 4))
    laps = data.draw(st.sampled_from([0, 1, 7, (1 << 23) - 2, (1 << 24) - 2, (1 << 24) - 1, 1 << 24, 1 << 36]))
    head = laps * cells + data.draw(st.integers(0, cells - 1))
    generations = st.sampled_from([0, 1, 0xFFFF, 0x10000, 0xFFFF0001])
    words = data.draw(
        st.lists(
            st.builds(Word, st.sampled_from(State), st.integers(0, 2), st.sampled_from([0, 1, 0xFFFF]), generations),
            min_size=1,
            max_size=3,
        )
    )
    content = []
    for index in range(cells):
        position = head + (index - head) % cells  # the next one to be read there
        lap = lap_of(position - cells * data.draw(st.sampled_from([0, 0, 0, 1])), cells)
        slot = data.draw(st.integers(0, len(words)))
        known = words[slot].generation if slot < len(words) else 0
        generation = data.draw(st.one_of(st.just(known), generations))
        content.append(data.draw(st.sampled_from([pack_cell(lap, generation, slot)] * 4 + [0])))
    memory = Memory(head, content, [word.pack() for word in words])
    worker = data.draw(st.sampled_from([0, 3, 127, 128, 255]))
    expected, left = by_the_description(memory, worker)
    assert memory.take(worker) == expected
    assert list(memory.values) == left


@given(st.integers(1, 5), st.integers(0, 1 << 40), st.integers(0, MASK))
def test_a_publication_is_stored_at_its_position(cells: int, position: int, cell: int) -> None:
    memory = Memory(0, [0] * cells, [0])
    calls.linked("publish")(memory.ring, cells, position, cell - (cell >> 63 << 64))
    expected = [0] * (16 + cells + 1)
    expected[8], expected[16 + position % cells] = position + 1, cell
    assert list(memory.values) == expected


def instructions(kernel: Any, signature: str) -> list[str]:
    """Every access to memory in what a kernel is compiled to, its result apart."""
    dispatcher: Any = njit(nogil=True, error_model="numpy")(kernel)
    dispatcher.compile(signature)
    (text,) = dispatcher.inspect_llvm().values()
    body = text.split("\ndefine ")[1].split("\n}")[0]  # behind it come the wrappers for callers
    found = re.findall(r"(?:= (load .*)|(store .*)|= (cmpxchg .*)|= (atomicrmw .*))", body)
    return [line for groups in found for line in groups if line and "%retptr" not in line and "%excinfo" not in line]


def test_every_access_to_shared_memory_is_an_atomic_one() -> None:
    taken = instructions(rings.take, "i8(i8,i8,i8,i8,i8)")
    assert all(re.match(r"(load atomic i64, .* acquire|cmpxchg .* seq_cst seq_cst)", line) for line in taken), taken
    assert sum(line.startswith("cmpxchg") for line in taken) >= 2
    published = instructions(rings.publish, "void(i8,i8,i8,i8)")
    assert [re.match(r"store atomic i64 .* release", line) is not None for line in published] == [True, True]


BUILD = """
import json, sys
from llmproc import kernels
from llmproc.kernels import cache, calls, entries
said = []
kernels.load(kernels.RINGS, progress=lambda done, total, name: said.append([done, total]))
there = [name for name in entries.ENTRIES if calls.there(name)]
print(json.dumps([said, there, kernels.cache_misses(), cache.directory().name]))
"""


def run(code: str, home: Path) -> Any:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "XDG_"))}
    environment = {**kept, "HOME": str(home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    return json.loads(done.stdout)


def test_they_are_compiled_alone_and_found_again(tmp_path: Path) -> None:
    said, there, misses, place = run(BUILD, tmp_path)
    assert there == ["take", "publish", "fence"] and misses == 3
    assert said == [[0, 3], [1, 3], [2, 3], [3, 3]]
    assert run(BUILD, tmp_path) == [[[3, 3]], there, 0, place]


def test_a_worker_without_them_is_refused_instead_of_compiling(tmp_path: Path) -> None:
    code = """
import json, sys
from llmproc.processes.requestboard import RequestBoard
from llmproc.service.claims import Claims
board = RequestBoard.create(1, 1, 1, 32)
try:
    Claims(board, 0, False, lambda lengths, me: []).take()
except TypeError as error:
    assert "numba" not in sys.modules
    print(json.dumps(str(error)))
"""
    assert run(code, tmp_path) == "the kernel take has not been loaded"
