"""Queues of lanes in one process: a policy, a queue for each lane, and who begins what now. No clock, no I/O.

    add, add_again --> policy --next--> queue of a lane --settle--> Begun: the lane runs it, until `end`
                                        (ws: own queue empty -> another's, see stealing.victims)

Used by `simulation`, whose lanes are workers on a fake clock, and by `remote`, whose lanes are connections to servers.
Worker processes do the same with rings in shared memory, without asking main.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from llmproc.dispatch.policy import Policy, Request
from llmproc.dispatch.static import Static
from llmproc.dispatch.stealing import victims

CELLS = 1 << 30  # of a queue, unless a bound is asked for


@dataclass(frozen=True, slots=True)
class Begun:
    """A request that a lane runs from now on."""

    request: int
    lane: int
    stolen: bool  # from another lane's queue


class LaneQueues:
    """The queues of `lanes` lanes that run `sequences` requests each side by side.

    A lane that is closed begins nothing: with ws the others steal from its queue, with sp its requests wait for it. A
    lane that is lost never opens again, and its queue moves to the others whatever the policy is.
    """

    def __init__(self, policy: Policy, lanes: int, sequences: int, cells: int = CELLS) -> None:
        """Begin with open lanes and empty queues. ValueError for queues without a cell."""
        if cells < 1:
            raise ValueError(f"rings of {cells} cells")
        self._policy, self._sequences, self._cells = policy, sequences, cells
        self._deals = isinstance(policy, Static)  # to every lane, whether or not it can begin
        self._queues: list[deque[int]] = [deque() for _ in range(lanes)]
        self.running = [0] * lanes
        self._open, self._lost = [True] * lanes, [False] * lanes
        self._returned: set[int] = set()  # come back, and not appended yet

    def __len__(self) -> int:
        """Return the number of requests that wait."""
        return len(self._policy) + sum(len(queue) for queue in self._queues)

    def add(self, request: Request) -> None:
        """Add a new request. Raises as `Policy.add`."""
        self._policy.add(request)

    def add_again(self, request: Request, lane: int) -> None:
        """Put back one that comes back from a lane: it goes first. Raises as `Policy.add_again`."""
        self._policy.add_again(request, lane)
        self._returned.add(request.request_id)

    def remove(self, request_id: int) -> bool:
        """Forget one that waits; False: it does not wait here."""
        self._returned.discard(request_id)
        if self._policy.remove(request_id):
            return True
        for queue in self._queues:
            if request_id in queue:
                queue.remove(request_id)
                return True
        return False

    def set_open(self, lane: int, is_open: bool) -> None:
        """Let a lane begin requests, or not."""
        self._open[lane] = is_open and not self._lost[lane]

    def lose(self, lane: int) -> None:
        """Close a lane for good."""
        self._open[lane], self._lost[lane] = False, True

    def end(self, lane: int) -> None:
        """Say that a lane runs one request less."""
        self.running[lane] -= 1

    def settle(self) -> list[Begun]:
        """Let everything happen that happens at this moment; return what begins, in order."""
        begun: list[Begun] = []
        while self._append() or self._leave_lost() or self._take_own(begun) or self._steal(begun):
            pass
        return begun

    def _append(self) -> bool:
        rooms = [
            self._cells - len(queue) if self._deals or self._open[lane] else 0
            for lane, queue in enumerate(self._queues)
        ]
        held = [running + len(queue) for running, queue in zip(self.running, self._queues, strict=True)]
        found = self._policy.next(rooms, held)
        if found is None:
            return False
        request, lane = found
        if request in self._returned:
            self._returned.remove(request)
            self._queues[lane].appendleft(request)
        else:
            self._queues[lane].append(request)
        return True

    def _leave_lost(self) -> bool:
        """Move one request from a lost lane to the one that has least to do; none if all are lost."""
        kept = [lane for lane, lost in enumerate(self._lost) if not lost]
        for queue, lost in zip(self._queues, self._lost, strict=True):
            if lost and queue and kept:
                least = min(kept, key=lambda lane: len(self._queues[lane]) + self.running[lane])
                self._queues[least].append(queue.popleft())
                return True
        return False

    def _take_own(self, begun: list[Begun]) -> bool:
        """Let each lane take one at most, so that none has its second before another had its first."""
        took = False
        for lane, queue in enumerate(self._queues):
            if queue and self._can_begin(lane):
                self._begin(queue.popleft(), lane, begun)
                took = True
        return took

    def _steal(self, begun: list[Begun]) -> bool:
        """Let one lane steal one request, when none can take from its own queue any more."""
        if not self._policy.steals:
            return False
        for thief in range(len(self._queues)):
            if self._can_begin(thief):
                for victim in victims([len(queue) for queue in self._queues], thief):
                    self._begin(self._queues[victim].popleft(), thief, begun, stolen=True)
                    return True
        return False

    def _can_begin(self, lane: int) -> bool:
        return self._open[lane] and self.running[lane] < self._sequences

    def _begin(self, request: int, lane: int, begun: list[Begun], stolen: bool = False) -> None:
        self.running[lane] += 1
        begun.append(Begun(request, lane, stolen))
