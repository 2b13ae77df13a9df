"""Every order of single loads, stores and deaths around one small request board: nothing lost, nothing run twice.

Invariants, checked in every world (`world`, `workerside`, `mainside`): no attempt is run by two workers, no request by
two at once or after its end; what a worker reads is the attempt that its word says, never half of it; a cancel reaches
somebody, and only the request it was meant for; no head passes what has been appended. At the end of every order each
request has ended exactly once, and every slot is free; and every order has an end.
"""

from __future__ import annotations

import pytest
from service.board.exploring import explore
from service.board.mutants import MUTANTS, Mutant
from service.board.world import Case, Violation

SMALL = {
    "one request, every step": Case(requests=1, dealt=1),
    "a slot used twice, every step": Case(dealt=1, deaths=0),
    "two requests in two cells": Case(slots=2, cells=2, dealt=1, deaths=0, coarse=True),
    "two deaths": Case(requests=1, dealt=1, deaths=2, coarse=True),
    "nobody steals": Case(steals=False, coarse=True),
    "a cancel": Case(requests=1, dealt=1, cancels=frozenset([0]), coarse=True),
    "owners publish, every step": Case(requests=1, dealt=1, producer="owner", weak=True),
    "owners publish, a ring for both": Case(requests=1, producer="owner", weak=True, coarse=True),
    "owners publish, a slot used twice": Case(dealt=1, producer="owner", weak=True, coarse=True),
    "owners publish, two slots": Case(slots=2, dealt=1, producer="owner", weak=True, deaths=0, coarse=True),
    "wakeups for sleepers": Case(dealt=1, deaths=0, sleepers=True, coarse=True),
    "wakeups for sleepers, owners publish": Case(
        dealt=1, deaths=0, sleepers=True, producer="owner", weak=True, coarse=True
    ),
    "wakeups for sleepers, nobody steals": Case(slots=2, dealt=1, deaths=0, sleepers=True, steals=False, coarse=True),
}
LARGE = {
    "one request, a ring for both, every step": Case(requests=1),
    "three requests through one cell": Case(requests=3, dealt=1, coarse=True, buffered=False),
    "a slot used twice, a ring for both": Case(coarse=True),
    "two requests, a ring for both": Case(slots=2, coarse=True),
    "two requests, a ring for both, every step": Case(slots=1, dealt=1),
    "two requests in two cells": Case(slots=2, cells=2, dealt=1, coarse=True),
    "two requests and two deaths": Case(dealt=1, deaths=2, coarse=True),
    "three requests in two slots": Case(requests=3, slots=2, dealt=1, coarse=True),
    "three requests through two rings": Case(requests=3, coarse=True),
    "two sequences in a worker": Case(slots=2, dealt=1, sequences=2, coarse=True),
    "three workers": Case(workers=3, requests=1, dealt=1, coarse=True),
    "a cancel and another request": Case(cancels=frozenset([0]), dealt=1, coarse=True),
    "nobody steals": Case(slots=2, steals=False, coarse=True),
    "owners publish, two requests": Case(slots=2, producer="owner", weak=True, dealt=1, coarse=True),
    "owners publish, a ring for both": Case(producer="owner", weak=True, coarse=True),
    "owners publish, two deaths": Case(producer="owner", weak=True, dealt=1, deaths=2, coarse=True),
    "wakeups for sleepers, every step": Case(requests=1, dealt=1, sleepers=True),
    "wakeups for sleepers, a death": Case(dealt=1, sleepers=True, coarse=True),
    "wakeups for sleepers, two slots": Case(slots=2, dealt=1, deaths=0, sleepers=True, coarse=True),
    "wakeups for sleepers, nobody steals, a death": Case(sleepers=True, steals=False, coarse=True),
    "wakeups for sleepers, owners publish, a death": Case(
        dealt=1, sleepers=True, producer="owner", weak=True, coarse=True
    ),
}


@pytest.mark.parametrize("case", SMALL.values(), ids=SMALL.keys())
def test_every_order_of_steps_comes_to_a_good_end(case: Case) -> None:
    explored = explore(case)
    assert explored.worlds > 3000 and explored.ends > 0


@pytest.mark.soak
@pytest.mark.parametrize("case", LARGE.values(), ids=LARGE.keys())
def test_every_order_of_more_steps_comes_to_a_good_end(case: Case) -> None:
    explored = explore(case, most=6_000_000)
    assert explored.worlds > 50_000 and explored.ends > 0


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS.keys())
def test_whatever_is_left_out_is_found(mutant: Mutant) -> None:
    with pytest.raises(Violation, match=mutant.found):
        explore(mutant.case)
