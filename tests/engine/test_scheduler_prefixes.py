"""The scheduler and pages that others have computed: shared once verified, wiped when not."""

from __future__ import annotations

from engine.planning import finish_step, run, scheduler, sequence

from llmproc.engine.batch import PAGE
from llmproc.engine.pages import NO_PREFIX
from llmproc.engine.sequence import Sequence, SequenceRequest


def test_a_prompt_being_read_does_not_go_back_to_what_others_have_computed() -> None:
    planned = scheduler(batch_tokens=4 * PAGE)
    long = sequence(2, 7 * PAGE, 5 * PAGE)
    planned.add(long)
    run(planned)
    other = planned.pool.allocate(2)
    key = NO_PREFIX
    for place, page in enumerate(other):
        key = planned.pool.key(planned.pool.register(page, key, long.tokens[place * PAGE : (place + 1) * PAGE]))
    step = planned.schedule()
    assert (step.chunks[0].position, step.dirty) == (4 * PAGE, [])


def test_prefixes_are_shared_once_proved() -> None:
    planned = scheduler(batch_tokens=200)
    first, second, third = (sequence(number, 3 * PAGE, 2 * PAGE) for number in (1, 2, 3))
    planned.add(first)
    planned.add(second)
    assert run(planned) == {1: 3 * PAGE, 2: 3 * PAGE}, "in one step nobody can share"
    assert first.pages[:2] == second.pages[:2] and first.pages[2] != second.pages[2], "but afterwards they do"
    planned.add(third)
    assert run(planned) == {1: 1, 2: 1, 3: PAGE}
    assert third.pages[:2] == first.pages[:2] and third.cached == 2 * PAGE
    assert [planned.pool.references(page) for page in first.pages[:2]] == [3, 3]
    for each in (first, second, third):
        planned.leave(each)
    assert planned.pool.available == 64 and planned.pool.evictable == 5


def test_a_prompt_being_read_takes_over_what_others_have_computed() -> None:
    planned = scheduler(batch_tokens=4 * PAGE)
    first, second = (sequence(number, 7 * PAGE, 6 * PAGE) for number in (1, 2))
    planned.add(first)
    planned.add(second)
    assert run(planned) == {1: 4 * PAGE}
    assert run(planned) == {1: 3 * PAGE, 2: PAGE}
    own = list(second.pages)
    step = planned.schedule()
    assert step.dirty == own, "what it had computed itself is not needed"
    assert finish_step(planned, step) == {1: 1, 2: PAGE}
    assert second.pages[:6] == first.pages[:6]
    assert second.cached == 0, "found when it was admitted"


def test_unproved_pages_are_wiped_and_never_found() -> None:
    planned = scheduler(batch_tokens=2 * PAGE)
    first, second = sequence(1, 5 * PAGE, 5 * PAGE), sequence(2, 5 * PAGE, 5 * PAGE)
    planned.add(first)
    run(planned)
    pages = list(first.pages)
    planned.leave(first)  # cancelled before any logits
    assert planned.pool.evictable == 0
    planned.add(second)
    step = planned.schedule()
    assert step.dirty == pages and step.chunks[0].position == 0
    assert planned.schedule().dirty == [], "once"


def test_a_failed_sequence_leaves_nothing_that_it_alone_held() -> None:
    planned = scheduler(batch_tokens=200)
    first, second = sequence(1, 3 * PAGE, 2 * PAGE), sequence(2, 3 * PAGE, 2 * PAGE)
    planned.add(first)
    run(planned)
    planned.add(second)
    run(planned)
    alone = second.pages[2:]
    planned.leave(second, failed=True)
    step = planned.schedule()
    assert step.dirty == alone, "the first goes on with the pages they shared"
    assert first.pages[:2] == planned.pool.find([*first.tokens[: 2 * PAGE], 0])
    finish_step(planned, step)
    planned.leave(first, failed=True)
    assert planned.pool.evictable == 0 and planned.pool.available == 64


def test_a_finished_sequence_is_found_by_its_next_turn() -> None:
    planned = scheduler(batch_tokens=200)
    first = sequence(1, 20)
    planned.add(first)
    run(planned, 20)  # 39 ids computed
    planned.leave(first)
    follow_up, fork = (Sequence.begin(SequenceRequest(number, (*first.tokens, number, 2, 3), 100)) for number in (2, 3))
    planned.add(follow_up)
    planned.add(fork)
    assert run(planned) == {2: len(first.tokens) + 3 - 2 * PAGE, 3: len(first.tokens) + 3 - 2 * PAGE}
    assert follow_up.cached == fork.cached == 2 * PAGE and follow_up.pages[:2] == fork.pages[:2]
