"""Who is woken, and when: workers that sleep, and no others.

A worker that is awake looks at the rings after every step. Before it sleeps it says so in shared memory, and then looks
once more; main appends, and then looks who sleeps. With a fence on both sides one of the two sees what the other did.
For a request in a sleeper's own ring its owner is woken, for another, if it may be stolen, a sleeper with a free
sequence; and a worker that has finished something is looked at again, for main may have thought it had none.

A sleeper still looks asleep for a while after it was woken, and wakes for one request only: a second one needs a second
sleeper. So those that were woken and have sent nothing since are passed over while there are others; whenever a worker
says what it took, and requests are left that may be stolen, another is woken; and when one dies, all are.

Used by `service.placement`, which keeps the fence and sends. Pure: sets of worker numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Sized
from typing import Protocol

from llmproc.processes.frames import Frame


class Workers(Protocol):
    """The worker processes, as placing and answering see them; implemented by the supervisor."""

    def ready(self) -> list[bool]:
        """Return per worker whether it reads its pipe and is to go on doing so."""

    def pid(self, worker: int) -> int:
        """Return the worker's pid, 0 when it has no process now."""

    def resting(self, worker: int) -> bool:
        """Return whether the worker sleeps until main sends something."""

    def send(self, worker: int, frame: Frame) -> None:
        """Queue a frame. OutboxFullError when it does not read; nothing happens when it is dying."""


def to_wake(
    appended: Mapping[int, Sized],
    asleep: Sequence[bool],
    wanted: Iterable[int],
    woken: Collection[int],
    steals: bool,
) -> set[int]:
    """Choose whom to wake for `appended` (by ring: what was appended to it), and those of `wanted` that sleep.

    `asleep`: who sleeps and could run one more; `woken`: who was woken and has sent nothing since; `steals`: whether
    any worker may take from any ring.
    """
    chosen = {worker for worker in wanted if asleep[worker]}
    for ring, added in appended.items():
        others = len(added)
        if asleep[ring]:
            chosen.add(ring)
            others -= ring not in woken
        if steals and others:
            chosen.update(sleepers(asleep, others, woken, but=chosen, woken_too=not asleep[ring]))
    return chosen


def sleepers(
    asleep: Sequence[bool], count: int, woken: Collection[int], but: Collection[int] = (), woken_too: bool = True
) -> list[int]:
    """Return up to `count` sleepers that are not in `but`: if possible such as were not woken yet."""
    found = [worker for worker, sleeps in enumerate(asleep) if sleeps and worker not in but]
    fresh = [worker for worker in found if worker not in woken]
    return (fresh or (found if woken_too else []))[:count]
