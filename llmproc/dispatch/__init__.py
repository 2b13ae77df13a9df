"""How requests reach workers: pure policies, and what they would give on ideal workers.

    policy.py       Request, Policy: what every policy is asked, and nothing else
    waiting.py      a queue in order of arrival in which what comes back goes first
    sequential.py   seq: one worker, one request at a time
    static.py       sp: dealt round-robin beforehand, never moved
    stealing.py     ws: dealt as sp, but idle workers take from others' rings; the order in which a thief looks
    longest.py      lpt: longest first, only to a worker that is free: the yardstick
    shared.py       queue: one queue in order of arrival: the ideal that ws is measured against
    lanes.py        policies with queues in one process: connections to servers, and the workers of a simulation
    simulation.py   all of them on a fake clock -> schedule.py
    workloads.py    costs and prompts that ship: system B's, and one that alternates long and short

Used by `service` and `remote`, which do what a policy says, and `experiments`, which compares them. Never in it: a
clock, I/O, processes, memory that is shared, anything about language models except the words of the shipped prompts.
"""

from __future__ import annotations

from collections.abc import Mapping

from llmproc.dispatch.longest import LongestFirst
from llmproc.dispatch.policy import Policy, Request
from llmproc.dispatch.sequential import Sequential
from llmproc.dispatch.shared import SharedQueue
from llmproc.dispatch.static import Static
from llmproc.dispatch.stealing import Stealing, victims
from llmproc.errors import UsageError

__all__ = ["CLIENT_POLICIES", "POLICIES", "Policy", "Request", "make_policy", "victims"]

PolicyClass = type[Sequential] | type[Static] | type[Stealing] | type[LongestFirst] | type[SharedQueue]

POLICIES: dict[str, PolicyClass] = {kind.name: kind for kind in (Sequential, Static, Stealing, LongestFirst)}
# Where the client itself hands out every request, to servers or in a simulation, one queue for all can be had too.
CLIENT_POLICIES: dict[str, PolicyClass] = {**POLICIES, SharedQueue.name: SharedQueue}


def make_policy(name: str, workers: int, sequences: int, among: Mapping[str, PolicyClass] = POLICIES) -> Policy:
    """Make a policy for `workers` workers that run `sequences` requests each. UsageError for an unknown name."""
    if name not in among:
        raise UsageError(f"mode is {name}: must be one of {', '.join(among)}")
    return among[name](workers, sequences)
