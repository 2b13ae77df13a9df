"""Where things stand on the request board and what its words mean: every field fits, nothing overlaps."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.errors import ProtocolError, UsageError
from llmproc.processes import boardlayout
from llmproc.processes.boardlayout import BoardLayout, State, Word, lap_of, pack_cell, same_generation, unpack_cell

quick = settings(max_examples=100, deadline=None)
words = st.builds(
    Word, st.sampled_from(State), st.integers(0, 255), st.integers(0, (1 << 16) - 1), st.integers(0, (1 << 32) - 1)
)
layouts = st.builds(
    BoardLayout, st.integers(1, 5), st.integers(1, 20), st.integers(1, 20), st.sampled_from([32, 64, 4096])
)


@quick
@given(words)
def test_a_word_is_64_bits_and_comes_back(word: Word) -> None:
    assert 0 <= word.pack() < 1 << 64
    assert Word.unpack(word.pack()) == word


def test_the_fields_of_a_word_stand_where_the_description_says() -> None:
    assert Word(State.RUNNING, 0xAB, 0x1234, 0xDEADBEEF).pack() == 0x02_AB_1234_DEADBEEF
    assert Word(State.FREE).pack() == 0, "memory that nobody has written to is free"
    assert Word.unpack(0x01_00_0000_00000007) == Word(State.WAITING, 0, 0, 7)


def test_attempt_and_generation_wrap_around_without_touching_their_neighbours() -> None:
    assert Word(State.WAITING, 0, (1 << 16) + 3, (1 << 32) + 5).pack() == Word(State.WAITING, 0, 3, 5).pack()


@pytest.mark.parametrize("state", [3, 77, 255])
def test_a_state_that_is_none_is_refused(state: int) -> None:
    with pytest.raises(ProtocolError, match=f"state is {state}: must be one of 0, 1, 2"):
        Word.unpack(state << 56)


@quick
@given(st.integers(0, (1 << 24) - 1), st.integers(0, 1 << 40), st.integers(0, (1 << 24) - 1))
def test_a_cell_is_64_bits_and_comes_back(lap: int, generation: int, slot: int) -> None:
    cell = pack_cell(lap, generation, slot)
    assert 0 <= cell < 1 << 64
    assert unpack_cell(cell) == (lap, generation & 0xFFFF, slot)


@quick
@given(words, st.integers(0, 1 << 30), st.integers(0, 100))
def test_a_cell_knows_the_generation_of_its_word(word: Word, slot: int, step: int) -> None:
    cell = pack_cell(1, word.pack(), slot & 0xFFFFFF)
    later = Word(State.WAITING, 0, word.attempt, word.generation + step).pack()
    assert same_generation(cell, later) == (step == 0)


@quick
@given(
    st.integers(1, 50), st.one_of(st.integers(0, 1 << 10), st.integers((1 << 24) - 9, (1 << 24) + 9)), st.integers(0)
)
def test_a_cell_of_an_earlier_lap_is_told_apart(cells: int, lap: int, offset: int) -> None:
    """At every position of every lap, also where the lap's 24 bits begin anew."""
    position = lap * cells + offset % cells
    now = lap_of(position, cells)
    assert 0 <= now < 1 << 24
    if position >= cells:
        assert now != lap_of(position - cells, cells)
    else:
        assert now == 1 != unpack_cell(0)[0], "an empty cell is of no lap"


@quick
@given(layouts)
def test_every_place_is_a_place_of_its_own(layout: BoardLayout) -> None:
    places = list(range(boardlayout.HEADER))
    for ring in range(layout.workers):
        places += [layout.head(ring), layout.tail(ring)]
        places += [layout.cell(ring, position) for position in range(layout.cells)]
    places += [start + slot for start in (layout.words, layout.flags) for slot in range(layout.slots)]
    assert len(places) == len(set(places))
    assert max(places) * boardlayout.WORD < layout.arena
    assert layout.arena % 4096 == 0
    assert layout.size == layout.arena + layout.slots * layout.slot_bytes


@quick
@given(layouts, st.integers(0, 1 << 40))
def test_a_ring_comes_round(layout: BoardLayout, position: int) -> None:
    ring = position % layout.workers
    assert layout.cell(ring, position) == layout.cell(ring, position + layout.cells)
    assert layout.cell(ring, position) != layout.cell(ring, position + 1) or layout.cells == 1


@quick
@given(layouts)
def test_heads_and_tails_have_cache_lines_of_their_own(layout: BoardLayout) -> None:
    """Thieves spin on a head while main writes the tail; words and flags begin lines, too."""
    lines = []
    for ring in range(layout.workers):
        lines += [layout.head(ring) // 8, layout.tail(ring) // 8, layout.cell(ring, 0) // 8]
    lines += [0, layout.words // 8, layout.flags // 8]
    assert len(lines) == len(set(lines))
    assert not {layout.head(0) % 8, layout.tail(0) % 8, layout.words % 8, layout.flags % 8} - {0}


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((0, 1, 1, 32), "workers is 0: must be from 1 to 256"),
        ((257, 1, 1, 32), "workers is 257"),
        ((1, 0, 1, 32), "cells is 0: must be from 1 to 16777216"),
        ((1, (1 << 24) + 1, 1, 32), "cells is 16777217"),
        ((1, 1, 0, 32), "slots is 0"),
        ((1, 1, (1 << 24) + 1, 32), "slots is 16777217"),
        ((1, 1, 1, 24), "slot_bytes is 24: must be from 32 to 1048600, a multiple of 8"),
        ((1, 1, 1, 36), "slot_bytes is 36"),
        ((1, 1, 1, 1 << 21), "slot_bytes is 2097152"),
    ],
)
def test_sizes_out_of_range_are_refused_by_name(sizes: tuple[int, int, int, int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        BoardLayout(*sizes)


def test_the_largest_sizes_fit_into_the_fields() -> None:
    layout = BoardLayout(256, 1 << 24, 1 << 24, 1 << 20)
    slot, worker = layout.slots - 1, layout.workers - 1
    assert unpack_cell(pack_cell(1, 0, slot))[2] == slot
    assert Word.unpack(Word(State.RUNNING, worker).pack()).worker == worker
