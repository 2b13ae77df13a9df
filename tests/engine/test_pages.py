"""The pool of pages: nothing leaks, and what is found is what was asked for."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from llmproc.engine.batch import PAGE
from llmproc.engine.pages import NO_PREFIX, PagePool, pages_for


def block(number: int) -> list[int]:
    return [number] * PAGE


def hold(pool: PagePool, *numbers: int) -> list[int]:
    """Pages for a prefix of blocks, registered one after the other."""
    pages, key = pool.allocate(len(numbers)), NO_PREFIX
    for place, number in enumerate(numbers):
        pages[place] = pool.register(pages[place], key, block(number))
        key = pool.key(pages[place])
    return pages


def prompt(*numbers: int) -> list[int]:
    return [token for number in numbers for token in block(number)]


@pytest.mark.parametrize(("positions", "pages"), [(0, 0), (1, 1), (PAGE, 1), (PAGE + 1, 2), (10 * PAGE - 1, 10)])
def test_pages_for_positions(positions: int, pages: int) -> None:
    assert pages_for(positions) == pages


def test_taking_more_than_there_is() -> None:
    pool = PagePool(2)
    taken = pool.allocate(2)
    assert sorted(taken) == [0, 1] and pool.available == 0
    with pytest.raises(IndexError, match="1 pages asked of 0"):
        pool.allocate(1)
    pool.release(taken)
    assert pool.available == 2 and pool.evictable == 0, "what was not registered is not kept"


def test_a_prefix_is_found_while_held_and_after() -> None:
    pool = PagePool(4)
    pages = hold(pool, 1, 2, 3)
    for _ in range(2):
        assert pool.find([*prompt(1, 2, 3), 9]) == pages
        assert pool.find([*prompt(1, 2, 4), 9]) == pages[:2]
        assert pool.find([*prompt(2, 3), 9]) == []
        assert pool.find([*prompt(1, 2, 3), 9], 2, pool.key(pages[1])) == pages[2:]
        pool.release(pages)
        assert (pool.available, pool.evictable) == (4, 3)
        pool.retain(pages)
    assert [pool.references(page) for page in pages] == [1, 1, 1] and pool.evictable == 0


@pytest.mark.parametrize("length", [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 2 * PAGE + 1, 3 * PAGE])
def test_the_last_id_is_always_left_to_compute(length: int) -> None:
    pool = PagePool(3)
    hold(pool, 1, 1, 1)
    assert len(pool.find(prompt(1, 1, 1)[:length])) == max(0, length - 1) // PAGE


def test_the_same_ids_after_another_prefix_are_another_page() -> None:
    pool = PagePool(8)
    first, second = hold(pool, 1, 3), hold(pool, 2, 3)
    assert len({*first, *second}) == 4
    assert pool.find([*prompt(1, 3), 0]) == first and pool.find([*prompt(2, 3), 0]) == second


def test_ids_that_hash_alike_are_told_apart() -> None:
    pool = PagePool(4)
    mersenne = (1 << 61) - 1  # hash(x) is x modulo this
    page = pool.register(pool.allocate(1)[0], NO_PREFIX, [1] * PAGE)
    assert hash((1,)) == hash((1 + mersenne,))
    assert pool.find([1 + mersenne] * PAGE + [0]) == [] and pool.find([1] * PAGE + [0]) == [page]


def test_what_was_computed_twice_is_held_once() -> None:
    pool = PagePool(4)
    first, second = pool.allocate(2), pool.allocate(2)
    for pages in (first, second):
        key = NO_PREFIX
        for place in range(2):
            pages[place] = pool.register(pages[place], key, block(place))
            key = pool.key(pages[place])
    assert first == second and [pool.references(page) for page in first] == [2, 2]
    assert pool.available == 2


def test_the_longest_unused_goes_first_and_a_prefix_from_its_end() -> None:
    pool = PagePool(4)
    old, young = hold(pool, 1, 2), hold(pool, 3, 4)
    pool.release(old)
    pool.release(young)
    assert pool.allocate(1) == [old[1]]
    assert pool.find([*prompt(1, 2), 0]) == old[:1]
    pool.retain(old[:1])  # used again: now younger than the others
    pool.release(old[:1])
    assert pool.allocate(2) == [young[1], young[0]]


def test_a_child_is_never_reached_through_a_recycled_parent() -> None:
    pool = PagePool(3)
    parent, child = hold(pool, 1, 2)
    pool.release([child])
    assert pool.discard([parent]) == [parent], "the parent goes first: the child stays cached and out of reach"
    assert pool.find([*prompt(1, 2), 0]) == []
    again = hold(pool, 1)
    assert again == [parent], "the same page, with the same ids"
    assert pool.find([*prompt(1, 2), 0]) == again, "but nobody has said that the child follows it"
    pool.release(again)
    assert pool.available == 3 and sorted(pool.allocate(3)) == [0, 1, 2]
    assert pool.find([*prompt(1, 2), 0]) == []


def test_discarded_pages_stay_with_who_else_holds_them() -> None:
    pool = PagePool(4)
    pages = hold(pool, 1, 2, 3)
    pool.retain(pages[:1])
    assert pool.discard(pages) == pages[1:]
    assert pool.find([*prompt(1, 2, 3), 0]) == pages[:1]
    assert (pool.available, pool.evictable) == (3, 0)


class Holders(RuleBasedStateMachine):
    """Holders of prefixes against a model that knows what stands in each page."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = PagePool(6)
        self.holders: list[tuple[list[int], list[int]]] = []  # (blocks, pages)
        self.contents: dict[int, tuple[int, ...]] = {}  # page -> all blocks up to its own, of pages ever registered

    def _extend(self, blocks: list[int], pages: list[int]) -> None:
        """Find what is there, compute and register the rest."""
        found = self.pool.find([*prompt(*blocks), 0], len(pages), self.pool.key(pages[-1]) if pages else NO_PREFIX)
        for place, page in enumerate(found, len(pages)):
            assert self.contents[page] == tuple(blocks[: place + 1]), "found something else than asked for"
        self.pool.retain(found)
        pages += found
        while len(pages) < len(blocks) and self.pool.available:
            (page,) = self.pool.allocate(1)
            key = self.pool.key(pages[-1]) if pages else NO_PREFIX
            self.contents[page] = tuple(blocks[: len(pages) + 1])
            assert self.pool.register(page, key, block(blocks[len(pages)])) == page
            pages.append(page)
        if pages:
            self.holders.append((blocks[: len(pages)], pages))

    @rule(blocks=st.lists(st.integers(0, 1), min_size=1, max_size=4))
    def begin(self, blocks: list[int]) -> None:
        self._extend(blocks, [])

    @precondition(lambda self: self.holders)
    @rule(which=st.integers(0, 99), number=st.integers(0, 1))
    def go_on(self, which: int, number: int) -> None:
        blocks, pages = self.holders.pop(which % len(self.holders))
        self._extend([*blocks, number], pages)

    @precondition(lambda self: self.holders)
    @rule(which=st.integers(0, 99), number=st.integers(0, 1))
    def compute_twice(self, which: int, number: int) -> None:
        blocks, pages = self.holders[which % len(self.holders)]
        if self.pool.available:
            (page,) = self.pool.allocate(1)
            blocks.append(number)
            self.contents[page] = tuple(blocks)
            held = self.pool.register(page, self.pool.key(pages[-1]), block(number))
            assert self.contents[held] == tuple(blocks)
            pages.append(held)

    @precondition(lambda self: self.holders)
    @rule(which=st.integers(0, 99))
    def release(self, which: int) -> None:
        self.pool.release(self.holders.pop(which % len(self.holders))[1])

    @precondition(lambda self: self.holders)
    @rule(which=st.integers(0, 99))
    def discard(self, which: int) -> None:
        blocks, pages = self.holders.pop(which % len(self.holders))
        only = [page for page in pages if self.pool.references(page) == 1]
        assert self.pool.discard(pages) == only
        shared = [page for page in pages if page not in only]
        assert self.pool.find([*prompt(*blocks), 0])[len(shared) :] == [], "what nobody else holds is forgotten"

    @invariant()
    def every_page_is_somewhere(self) -> None:
        held = Counter(page for _, pages in self.holders for page in pages)
        assert [self.pool.references(page) for page in range(6)] == [held[page] for page in range(6)]
        assert self.pool.available == 6 - len(held)
        for blocks, pages in self.holders:
            assert self.pool.find([*prompt(*blocks), 0]) == pages, "what is held is found"
            assert [self.contents[page] for page in pages] == [tuple(blocks[: n + 1]) for n in range(len(blocks))]

    def teardown(self) -> None:
        for _, pages in self.holders:
            self.pool.release(pages)
        assert self.pool.available == 6 and sorted(self.pool.allocate(6)) == list(range(6))
        assert self.pool.evictable == 0 and not self.pool._found


TestHolders = Holders.TestCase
TestHolders.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
