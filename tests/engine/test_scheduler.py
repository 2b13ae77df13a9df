"""The scheduler alone: who gets how much, who waits, who is pushed back. No model, no clock."""

from __future__ import annotations

import pytest
from engine.planning import CONTEXT, finish_step, run, scheduler, sequence
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.engine.batch import PAGE
from llmproc.engine.pages import pages_for
from llmproc.engine.scheduler import Scheduler
from llmproc.engine.sequence import Sequence


def numbers(sequences: object) -> list[int]:
    return [each.request.request_id for each in sequences]  # type: ignore[attr-defined]


def test_a_pool_below_one_context_is_refused() -> None:
    assert Scheduler(8, CONTEXT, 1, 1).pool.available == 8
    for pages, context in ((7, CONTEXT), (8, CONTEXT + 1), (0, 1)):
        with pytest.raises(ValueError, match=f"{pages} pages of 16 positions cannot hold a context of {context}"):
            Scheduler(pages, context, 1, 1)


def test_nothing_to_do() -> None:
    step = scheduler().schedule()
    assert (step.dirty, step.sequences, step.chunks, step.needs_logits) == ([], [], [], [])


def test_prompts_share_a_step_oldest_first() -> None:
    planned = scheduler()
    for number, length in ((1, 20), (2, 5), (3, 30), (4, 3)):
        planned.add(sequence(number, length))
    assert run(planned) == {1: 20, 2: 5, 3: 7}
    assert run(planned) == {1: 1, 2: 1, 3: 23, 4: 3}
    assert run(planned) == {1: 1, 2: 1, 3: 1, 4: 1}


def test_chunks_say_where_and_what() -> None:
    planned = scheduler(batch_tokens=20)
    asked = sequence(1, 50)
    planned.add(asked)
    starts = []
    for _ in range(4):
        step = planned.schedule()
        (chunk,) = step.chunks
        starts.append((chunk.position, len(chunk.tokens), chunk.logits, step.needs_logits == [asked], len(chunk.pages)))
        assert list(chunk.tokens) == asked.tokens[chunk.position : chunk.position + len(chunk.tokens)]
        assert chunk.pages is asked.pages
        finish_step(planned, step)
    assert starts == [
        (0, 20, False, False, 2),
        (20, 20, False, False, 3),
        (40, 10, True, True, 4),
        (50, 1, True, True, 4),
    ]


def test_all_decodes_run_and_a_prompt_gets_on_whatever_the_budget() -> None:
    planned = scheduler(batch_tokens=2)
    for number in range(1, 6):
        planned.add(sequence(number, 1))
    run(planned, 4)
    planned.add(sequence(6, 3))
    assert run(planned) == {1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1}
    assert run(planned) == {1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1}


def test_at_most_so_many_run() -> None:
    planned = scheduler(sequences=2)
    asked = [sequence(number, 3) for number in range(1, 5)]
    for each in asked:
        planned.add(each)
    assert run(planned) == {1: 3, 2: 3}
    assert (numbers(planned.running), numbers(planned.waiting)) == ([1, 2], [3, 4])
    planned.leave(asked[0])
    planned.leave(asked[2])  # while it waits
    assert run(planned) == {2: 1, 4: 3}


def test_the_youngest_is_pushed_back_and_goes_on_with_what_it_had() -> None:
    planned = scheduler(pages=8, batch_tokens=200)
    old, young = sequence(1, 3 * PAGE), sequence(2, 5 * PAGE - 1)
    planned.add(old)
    planned.add(young)
    assert run(planned) == {1: 3 * PAGE, 2: 5 * PAGE - 1}
    young_tokens = list(young.tokens)
    assert run(planned) == {1: 1}, "no page was left for the 49th id of the oldest"
    assert (numbers(planned.running), numbers(planned.waiting), planned.preempted) == ([1], [2], 1)
    assert (young.tokens, young.pages, young.computed) == (young_tokens, [], 0)
    assert run(planned) == {1: 1}, "it needs the page that was taken from it"
    planned.leave(old)
    step = planned.schedule()
    assert step.sequences == [young] and young.cached == 0, "found when it was first admitted, not now"
    assert (step.chunks[0].position, len(step.chunks[0].tokens)) == (4 * PAGE, PAGE), "four pages were found again"
    assert step.needs_logits == [young] and step.dirty == []


def test_who_was_pushed_back_goes_before_those_who_wait() -> None:
    planned = scheduler(pages=8, sequences=2, batch_tokens=200)
    for number, length in ((1, 4 * PAGE), (2, 4 * PAGE), (3, 2)):
        planned.add(sequence(number, length))
    run(planned, 2)
    assert (numbers(planned.running), numbers(planned.waiting)) == ([1], [2, 3])


def test_the_asker_itself_can_be_the_youngest() -> None:
    planned = scheduler(pages=8, batch_tokens=200)
    old, young = sequence(1, 4 * PAGE - 4), sequence(2, 4 * PAGE)
    planned.add(old)
    planned.add(young)
    assert run(planned) == {1: 4 * PAGE - 4, 2: 4 * PAGE}
    assert run(planned) == {1: 1} and planned.preempted == 1
    assert (numbers(planned.running), numbers(planned.waiting)) == ([1], [2])


def test_several_are_pushed_back_for_one_and_keep_their_order() -> None:
    planned = scheduler(pages=8, batch_tokens=32)
    planned.add(sequence(1, 4 * PAGE))
    run(planned)
    planned.pool.allocate(4)
    for number in (2, 3):  # nobody starts on pages that the prompt before still lacks: put in by hand
        planned.running.append(sequence(number, 1))
        planned.running[-1].pages += planned.pool.allocate(1)
    assert run(planned) == {1: 30}
    assert (numbers(planned.running), numbers(planned.waiting), planned.preempted) == ([1], [2, 3], 2)


def test_a_prompt_starts_only_if_pages_last_for_it() -> None:
    planned = scheduler(pages=8, batch_tokens=24)
    planned.add(sequence(1, 5 * PAGE))
    long, short = sequence(2, 3 * PAGE + 1), sequence(3, 1)
    planned.add(long)
    planned.add(short)
    assert run(planned, 4) == {1: 8}, "16 ids of the budget stay unused"
    assert planned.pool.available == 3
    assert numbers(planned.waiting) == [2, 3], "nobody overtakes"
    planned.leave(long)
    assert run(planned) == {1: 1, 3: 1}


def test_whoever_waits_is_looked_at_again_when_pages_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = scheduler(pages=8, batch_tokens=200)
    first, second = sequence(1, 6 * PAGE), sequence(2, 1)
    planned.add(first)
    planned.add(second)
    run(planned)
    planned.add(sequence(3, 7 * PAGE))
    looked: list[int] = []
    look_up = Scheduler._match_prefix

    def watched(self: Scheduler, each: Sequence) -> None:
        looked.append(each.request.request_id)
        look_up(self, each)

    monkeypatch.setattr(Scheduler, "_match_prefix", watched)
    run(planned, 5)
    assert looked == [3], "once, not in every step"
    planned.leave(second)
    run(planned)
    assert looked == [3, 3]
    planned.leave(first)
    assert run(planned) == {3: 7 * PAGE}


def test_a_refusal_counts_for_one_sequence_only() -> None:
    planned = scheduler(pages=8, batch_tokens=200)
    first, second, third = sequence(1, 4 * PAGE - 8), sequence(2, 2 * PAGE), sequence(3, 5 * PAGE)
    for each in (first, second, third):
        planned.add(each)
    assert run(planned) == {1: 4 * PAGE - 8, 2: 2 * PAGE}
    planned.leave(second)  # 4 pages are left, and the third needs 5
    for number in (4, 5):
        planned.add(sequence(number, 1))
    assert run(planned) == {1: 1} and numbers(planned.waiting) == [3, 4, 5]
    planned.leave(first)
    assert run(planned) == {3: 5 * PAGE, 4: 1, 5: 1}, "3 pages are enough for the others"


def test_a_refusal_is_forgotten_when_another_comes_to_the_front() -> None:
    planned = scheduler(pages=12, batch_tokens=200)
    first, second, third = sequence(1, 5 * PAGE - 8), sequence(2, 2 * PAGE), sequence(3, 8 * PAGE - 1)
    for each in (first, second, third):
        planned.add(each)
    assert run(planned) == {1: 5 * PAGE - 8, 2: 2 * PAGE}, "5 pages are left, the third needs 8"
    reserve = planned.pool.allocate(5)
    assert run(planned) == {1: 1}
    assert (numbers(planned.waiting), planned.preempted) == ([2, 3], 1)
    planned.pool.release(reserve[:2])
    assert run(planned) == {1: 1, 2: 1}, "4 pages are enough for the second, of which it finds 2"


@given(
    st.lists(st.tuples(st.integers(1, CONTEXT - 1), st.integers(1, 40)), min_size=1, max_size=7),
    st.integers(1, 50),
    st.integers(1, 5),
    st.integers(8, 14),
)
@settings(max_examples=100, deadline=None)
def test_the_rules_hold_in_every_step(asked: list[tuple[int, int]], batch_tokens: int, places: int, pages: int) -> None:
    planned = scheduler(pages, places, batch_tokens)
    wanted = {}
    for number, (length, new) in enumerate(asked):
        planned.add(sequence(number, length))
        wanted[number] = min(length + new, CONTEXT)
    steps = 0
    while planned.running or planned.waiting:
        steps += 1
        assert steps < 5000, "nobody ends"
        oldest = (planned.running or planned.waiting)[0]
        before = list(planned.running)
        decodes = [each for each in before if len(each.tokens) - each.computed == 1]
        step = planned.schedule()
        counts = [len(chunk.tokens) for chunk in step.chunks]
        assert sum(counts) <= max(batch_tokens, len(decodes) + 1)
        assert oldest in step.sequences, "the oldest always gets on"
        assert len(planned.running) <= places
        assert numbers([*planned.running, *planned.waiting]) == sorted(numbers([*planned.running, *planned.waiting]))
        pushed = [each for each in before if each not in planned.running]
        assert pushed == before[len(before) - len(pushed) :], "the youngest are pushed back"
        assert all(each in step.sequences for each in decodes if each not in pushed), "decodes always run"
        prompts = [each for each in step.sequences if each not in decodes]
        assert all(each in step.needs_logits for each in prompts[:-1]), "oldest first: only the last one is cut"
        assert len(set(step.sequences)) == len(step.sequences)
        for each in step.sequences:
            assert len(each.pages) == pages_for(each.computed + counts[step.sequences.index(each)]), "on demand"
        finish_step(planned, step)
        for each in [each for each in planned.running if len(each.tokens) >= wanted[each.request.request_id]]:
            planned.leave(each)
    assert planned.pool.available == pages
