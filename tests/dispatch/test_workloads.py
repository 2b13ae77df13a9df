"""The workloads that ship: their costs in order, and prompts that say what they cost."""

from __future__ import annotations

import re

import pytest

from llmproc.dispatch import workloads
from llmproc.dispatch.simulation import simulate
from llmproc.dispatch.workloads import ALTERNATING, SYSTEM_B, WORKLOADS, prompt, workload
from llmproc.errors import UsageError


def test_the_order_of_costs() -> None:
    given = "30 29 10 7 26 25 6 3 22 21 4 8 18 23 17 2 16 20 15 1 14 24 13 5 12 27 11 9 19 28"
    assert SYSTEM_B.costs == tuple(map(int, given.split()))
    assert ALTERNATING.costs[:6] == (16, 1, 17, 2, 18, 3) and ALTERNATING.costs[-2:] == (30, 15)
    for found in WORKLOADS.values():
        assert sorted(found.costs) == list(range(1, 31)), "each of 1 to 30 once: the same work in another order"


@pytest.mark.parametrize("name", WORKLOADS)
def test_prompts_ask_for_what_they_cost(name: str) -> None:
    found = workload(name)
    assert len(set(found.prompts)) == len(found.costs)
    for text, cost in zip(found.prompts, found.costs, strict=True):
        match = re.fullmatch(r"Write (\d+) sentences? about [\w ,-]+\.", text)
        assert match and int(match[1]) == cost and ("sentences" in text) == (cost > 1)
    topics = {text.split(" about ")[1] for text in found.prompts}
    assert len(topics) == len(found.costs), "no two about the same: a cache of prefixes must not help"


def test_topics_go_round() -> None:
    assert prompt(3, 2) == prompt(33, 2) != prompt(4, 2)


def test_unknown_workload() -> None:
    with pytest.raises(UsageError, match=r"^workload is b: must be one of system-b, alternating$"):
        workload("b")


def test_the_table_in_the_docstring_is_what_the_simulation_gives() -> None:
    rows = re.findall(r"^ {4}(\S*) +(static|queue|longest) +([\d. ]+)$", str(workloads.__doc__), re.M)
    assert len(rows) == 6
    name = ""
    for given, ideal, figures in rows:
        name = given or name
        policy = {"static": "sp", "queue": "queue", "longest": "lpt"}[ideal]
        costs = workload(name).costs
        found = [sum(costs) / simulate(policy, costs, workers).makespan for workers in (2, 4, 6, 8, 12)]
        assert [float(figure) for figure in figures.split()] == [round(speedup, 2) for speedup in found], (name, ideal)
