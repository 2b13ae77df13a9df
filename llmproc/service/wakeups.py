"""Who is woken, and when: wakeups for workers that sleep, and for nobody else.

A worker that is awake looks at the rings after every step. Before it sleeps it says so in shared memory, and then looks
once more; main appends, and then looks who sleeps. With a fence on both sides one of the two sees what the other did.
For a request in a sleeper's own ring its owner is woken, for another, if it may be stolen, a sleeper with a free
sequence; and whoever has finished something is looked at again, for main may have thought it had none.

A sleeper still looks asleep for a while after its bell, and wakes for one request only: a second one needs a second
sleeper. So those that were rung and have not been heard since are passed over while there are others; whenever somebody
says what it took, and requests are left that may be stolen, another is woken; and when one dies, all are.

Serves `service.dispatcher`; runs on the I/O thread.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from llmproc.processes.channel import OutboxFullError
from llmproc.processes.frames import Frame
from llmproc.service.messages import Wakeup, to_frame

_BELL = to_frame(Wakeup())


class Workers(Protocol):
    """What is asked of whoever keeps the processes."""

    def ready(self) -> list[bool]:
        """Per worker whether it reads its pipe and is to go on doing so."""

    def pid(self, worker: int) -> int:
        """0: there is none now."""

    def resting(self, worker: int) -> bool:
        """Whether it sleeps until main sends something."""

    def send(self, worker: int, frame: Frame) -> None:
        """OutboxFullError when it does not read; nothing happens when it is dying."""


class Wakeups:
    """Wakes whom a request needs."""

    def __init__(self, workers: Workers, steals: bool, has_room: Callable[[int], bool]) -> None:
        """`steals`: whether anybody may take from any ring; `has_room`: whether a worker could run one more."""
        self._workers, self._steals, self._has_room = workers, steals, has_room
        self._rung: set[int] = set()  # sent a bell, and not heard since
        self._fence = threading.Lock()

    def heard(self, worker: int) -> None:
        """It is awake, newly born or dead: its last bell is no longer on the way."""
        self._rung.discard(worker)

    def ring(self, ready: list[bool], cells: Mapping[int, list[bytes]], wanted: Iterable[int]) -> None:
        """For what was appended, and for those among `wanted` that sleep; owners get the cells they are to publish.

        `cells`: by ring, what main appended to it; empty bytes where main stored the cell itself.
        """
        with self._fence:  # an atomic operation: what was appended can be seen before it is looked who sleeps
            pass
        woken = {worker for worker in wanted if self._asleep(worker, ready)}
        for ring, appended in cells.items():
            own, others = self._asleep(ring, ready), len(appended)
            if own:
                woken.add(ring)
                others -= ring not in self._rung
            if self._steals and others:
                woken.update(self._sleepers(ready, woken, others, rung_too=not own))
        self._send(woken, cells)

    def wake_others(self, count: int) -> None:
        """Something was taken and something is left: for so many who sleep, if there are any."""
        self._send(set(self._sleepers(self._workers.ready(), set(), count, rung_too=True)), {})

    def _sleepers(self, ready: list[bool], woken: set[int], count: int, rung_too: bool) -> list[int]:
        """So many more sleepers, if there are any, and if possible such as have heard no bell yet."""
        sleepers = [worker for worker in range(len(ready)) if worker not in woken and self._asleep(worker, ready)]
        fresh = [worker for worker in sleepers if worker not in self._rung]
        return (fresh or (sleepers if rung_too else []))[:count]

    def _asleep(self, worker: int, ready: list[bool]) -> bool:
        """Whether it can be woken, and could take something."""
        return ready[worker] and self._workers.resting(worker) and self._has_room(worker)

    def _send(self, woken: set[int], cells: Mapping[int, list[bytes]]) -> None:
        """A bell to each, and to owners that have cells to publish."""
        self._rung |= woken
        for worker in woken.union(ring for ring, appended in cells.items() if any(appended)):
            to_publish = [cell for cell in cells.get(worker, ()) if cell]
            bell = to_frame(Wakeup(to_publish)) if to_publish else _BELL
            with contextlib.suppress(OutboxFullError):  # a worker that does not read is ended by the health check
                self._workers.send(worker, bell)
