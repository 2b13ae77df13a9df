"""What a process's time costs its sequences: by ids, by charge, and nothing is lost or made up. Readings are fake."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.engine.costs import LOOK_S, Costs, Times


@dataclass
class FakePayer:
    """What a sequence keeps."""

    due_s: float = 0.0
    user_s: float = 0.0
    system_s: float = 0.0
    wait_s: float = 0.0

    @property
    def paid(self) -> tuple[float, float, float]:
        return self.user_s, self.system_s, self.wait_s


def begun(cpu_s: float = 0.0) -> Costs:
    costs = Costs()
    costs.restart(cpu_s, Times(cpu_s, 0.0, 0.0), 0.0)
    return costs


def test_a_step_is_paid_by_the_ids_it_computed() -> None:
    costs, prompt, decode = begun(), FakePayer(), FakePayer()
    costs.charge([prompt, decode], [9, 1], 2.0)
    assert (prompt.due_s, decode.due_s, costs.due_s) == (1.8, 0.2, 2.0)
    costs.charge([decode], [1], 3.0)
    assert (prompt.due_s, decode.due_s) == (1.8, 1.2)


def test_user_system_and_waiting_are_divided_by_what_each_was_charged() -> None:
    costs, a, b, idle = begun(), FakePayer(), FakePayer(), FakePayer()
    costs.charge([a, b], [3, 1], 4.0)
    costs.divide([a, b, idle], Times(3.0, 1.0, 2.0), 1.0)
    assert a.paid == (2.25, 0.75, 1.5) and b.paid == (0.75, 0.25, 0.5) and idle.paid == (0.0, 0.0, 0.0)
    assert a.due_s == b.due_s == costs.due_s == 0
    costs.charge([b], [1], 5.0)
    costs.divide([a, b], Times(4.0, 1.0, 7.0), 2.0)
    assert a.paid == (2.25, 0.75, 1.5) and b.paid == (1.75, 0.25, 5.5), "waiting since the last division is b's alone"


def test_what_came_before_the_first_sequence_is_on_no_bill() -> None:
    costs, payer = begun(), FakePayer()
    costs.restart(100.0, Times(60.0, 40.0, 9.0), 50.0)
    costs.charge([payer], [1], 101.0)
    costs.divide([payer], Times(60.5, 40.5, 9.25), 51.0)
    assert payer.paid == (0.5, 0.5, 0.25)


def test_times_are_wanted_every_50_ms_while_something_is_charged() -> None:
    costs, payer = begun(), FakePayer()
    assert not costs.wants_times(10.0), "nothing is charged"
    costs.charge([payer], [1], 1.0)
    assert costs.wants_times(LOOK_S) and not costs.wants_times(LOOK_S - 0.001)
    costs.divide([payer], Times(1.0, 0.0, 0.0), 7.0)
    costs.charge([payer], [1], 2.0)
    assert not costs.wants_times(7.0 + LOOK_S / 2) and costs.wants_times(7.0 + 2 * LOOK_S)


seconds = st.integers(0, 3_000_000_000).map(lambda ns: ns / 1e9)  # clocks count whole ones; less has no share
computed = st.dictionaries(st.integers(0, 4), st.integers(1, 200), min_size=1)
steps = st.lists(st.tuples(computed, seconds, seconds, seconds, st.booleans()), max_size=30)


@given(steps)
@settings(max_examples=200, deadline=None)
def test_the_bills_add_up_to_the_time_of_the_process(
    steps: list[tuple[dict[int, int], float, float, float, bool]],
) -> None:
    costs, payers = begun(), [FakePayer() for _ in range(5)]
    user, system, wait = 0.0, 0.0, 0.0
    told = 0.0, 0.0, 0.0
    for ids, more_user, more_system, more_wait, divides in steps:
        user, system, wait = user + more_user, system + more_system, wait + more_wait
        costs.charge([payers[number] for number in ids], list(ids.values()), user + system)
        if divides and costs.due_s > 0:
            costs.divide(payers, Times(user, system, wait), 0.0)
            told = user, system, wait
    for place, total in enumerate(told):
        assert sum(payer.paid[place] for payer in payers) == pytest.approx(total)
    assert all(value >= 0 for payer in payers for value in payer.paid)
