"""Every order of single operations of a small team: each portion once, never early, never with another step's data.

The functions are those of `kernels.tickets`, run from their source. A rank that stops for ever without a portion must
not keep the others from ending all steps; and each safety line left out is found.
"""

from __future__ import annotations

import pytest
from kernels.tickets.world import Case, Team, Violation, World

SMALL = {
    "rank 0 calls": Case(),
    "an opener calls": Case(leads=False, ranks=1, steps=((1, 2, 1), (2, 1, 1), (1, 1, 1))),
    "a rank stops": Case(stops=1),
    "fewer ranks for a step": Case(steps=((1, 1, 2), (2, 1, 1), (1, 2, 2))),
    "one rank alone": Case(ranks=1, steps=((2, 2, 1), (1, 1, 1), (3, 1, 1))),
}
LARGE = {
    "an opener calls": Case(leads=False, steps=((2, 1, 2),)),
    "a rank stops, an opener calls": Case(leads=False, stops=1, steps=((1, 1, 2),)),
    "three ranks": Case(ranks=3, steps=((2, 2, 3),)),
    "three ranks, one stops": Case(ranks=3, stops=1, steps=((2, 1, 3),)),
    "three steps": Case(stops=1, steps=((2, 1, 2), (1, 2, 2), (2, 2, 2))),
}
_ENDS = "    compare_exchange_i64(phase.words, phase.key + total, then)"
_COUNTED = "    add_i32(phase.words + SLEEPERS, 1)\n"
_LOOK = """    while True:
        bell = load_i32(phase.words + BELL)
        fence()
        if not is_open(phase):
            break
"""
MUTANTS = {
    "the ticket is not compared": (
        "seen = compare_exchange_i64(phase.words, word, word + 1)",
        "seen = word\n        compare_exchange_i64(phase.words, load_i64(phase.words), word + 1)",
        Case(),
    ),
    "a late ticket is not refused": (
        "while phase.key <= word < phase.key + total:",
        "while phase.key <= word:",
        Case(),
    ),
    "the phase is not in the ticket": (
        "then = last_key(phase.key) if last else phase.key + _PHASE",
        "then = last_key(phase.key) if last else phase.key",
        Case(),
    ),
    "done is not set back": ("    put_i32(phase.words + DONE, 0)\n", "", Case(steps=((2, 1, 2), (2, 2, 2)))),
    "done is set back behind the next phase": (
        "    put_i32(phase.words + DONE, 0)\n    put_i32(ended_by(phase), phase.rank)\n",
        "    put_i32(ended_by(phase), phase.rank)\n",
        Case(
            edits=(
                (
                    "    if load_i32(phase.words + SLEEPERS) > 0:",
                    "    put_i32(phase.words + DONE, 0)\n    if load_i32(phase.words + SLEEPERS) > 0:",
                ),
            )
        ),
    ),
    "whoever reports ends the phase": (
        "add_i32(phase.words + DONE, finished) + finished != total",
        "add_i32(phase.words + DONE, finished) < 0",
        Case(steps=((2, 1, 2),)),
    ),
    "sleepers are not woken": ("        futex_wake(phase.words + BELL, _ALL)\n", "", Case()),
    "a sleeper counts itself after its look": (
        _COUNTED + _LOOK,
        _LOOK + "        add_i32(phase.words + SLEEPERS, 1)\n",
        Case(),
    ),
    "the bell does not change": ("        add_i32(phase.words + BELL, 1)\n", "", Case()),
    "sleepers are looked for before the phase ends": (
        _ENDS,
        "    wake = load_i32(phase.words + SLEEPERS) > 0\n" + _ENDS,
        Case(edits=(("    if load_i32(phase.words + SLEEPERS) > 0:", "    if wake:"),)),
    ),
    "the opener is not woken": (
        "        _wake(phase.words + OPENER)\n",
        "        pass\n",
        Case(leads=False, ranks=1, steps=((1, 1, 1),)),
    ),
    "ranks are not woken": (
        "        _wake(words + RANK_LINES + rank * LINE)\n",
        "        pass\n",
        Case(leads=False, ranks=1, steps=((1, 1, 1),)),
    ),
    "a rank sleeps without a look": (
        "        store_i32(asleep, 1)\n        fence()\n        word = load_i64(words)\n",
        "        word = load_i64(words)\n        store_i32(asleep, 1)\n",
        Case(leads=False, steps=((1, 1, 1),), ranks=1),
    ),
}


def explore(case: Case, most: int) -> int:
    """Go through every order of operations; Violation when something is wrong. Returns how many worlds there are."""
    team = Team(case)
    numbers: dict[object, int] = {}

    def known(world: World) -> tuple[int, ...]:
        """The world as a few numbers, one for each of its parts."""
        parts = (world.memory, *world.members, world.taken, world.finished, world.stops)
        return tuple(numbers.setdefault(part, len(numbers)) for part in parts)

    rest, ends = [team.first()], 0
    seen = {known(rest[0])}
    while rest:
        world = rest.pop()
        following = team.steps(world)
        if not following:
            team.check_end(world)
            ends += 1
        for _, after in following:
            if (key := known(after)) not in seen:
                seen.add(key)
                rest.append(after)
        assert len(seen) <= most, f"the case is too large: more than {most} worlds"
    assert ends > 0
    return len(seen)


@pytest.mark.parametrize("case", SMALL.values(), ids=SMALL.keys())
def test_every_order_of_operations_comes_to_a_good_end(case: Case) -> None:
    assert explore(case, 400_000) > 50


@pytest.mark.soak
@pytest.mark.parametrize("case", LARGE.values(), ids=LARGE.keys())
def test_every_order_of_larger_teams_comes_to_a_good_end(case: Case) -> None:
    assert explore(case, 8_000_000) > 50_000


@pytest.mark.parametrize("name", MUTANTS)
def test_each_safety_line_is_needed(name: str) -> None:
    old, new, case = MUTANTS[name]
    with pytest.raises(Violation):
        explore(Case(case.steps, case.ranks, case.leads, case.stops, (*case.edits, (old, new))), 2_000_000)
