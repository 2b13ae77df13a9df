"""Which connection asks what next, and what becomes of a request that failed. Pure: moments are given.

    add --> queues of the policy --settle(now)--> Begun: the connection asks it --succeeded--> done
                   ^                                                           --failed-----> FINAL, or again:
                   |    at once, if its server is away: another one takes it, or it waits          |
                   +--- after a wait, if it failed by itself, `retries` times at most -------------+

Used by `service`, which does what is said here.
"""

from __future__ import annotations

import heapq
from enum import Enum

from llmproc.client.verdict import Failure, FailureKind
from llmproc.dispatch import CLIENT_POLICIES, Request, make_policy
from llmproc.dispatch.lanes import Begun, LaneQueues
from llmproc.remote.health import ServerHealth, ServerState
from llmproc.remote.options import RemoteOptions

_UNAVAILABLE = frozenset({FailureKind.CONNECT, FailureKind.HTTP_429})
_AWAY_STATUS = frozenset({502, 503, 504})  # said by a server that is full, or by a proxy
_REFUSED = frozenset({FailureKind.HTTP_4XX, FailureKind.HTTP_3XX})  # asking again gives the same
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 8.0


class AfterFailure(Enum):
    """The fate of a request that failed."""

    AGAIN = "again"
    FINAL = "final"  # the failure is its result


class RemoteDispatcher:
    """Requests, connections and servers. Connection c is one of server c % servers; seq has the first one alone."""

    def __init__(self, mode: str, options: RemoteOptions) -> None:
        """Begin without requests. UsageError for an unknown mode."""
        self._sequential = sequential = mode == "seq"
        self.servers = [ServerHealth(options.give_up_s) for _ in range(1 if sequential else len(options.urls))]
        self.connections = 1 if sequential else len(options.urls) * options.connections
        policy = make_policy(mode, self.connections, 1, CLIENT_POLICIES)
        self._lanes = LaneQueues(policy, self.connections, 1)
        self._retries = options.retries
        self._costs: dict[int, float] = {}  # of all that have not ended
        self._failures: dict[int, int] = {}  # of their own, by request
        self._begun: dict[int, tuple[int, float]] = {}  # connection -> request it asks, and since when
        self._again: list[tuple[float, int, int]] = []  # when, request, connection it was with
        self._settled = 0.0  # the moment of the last `settle`

    def server_of(self, connection: int) -> int:
        """Return the server that a connection goes to."""
        return connection % len(self.servers)

    def running(self, server: int) -> int:
        """Return how many requests a server has."""
        return sum(self._lanes.running[server :: len(self.servers)])

    def add(self, request: int, cost: float) -> None:
        """Add a new request; ids grow."""
        self._costs[request] = cost
        self._lanes.add(Request(request, cost))

    def settle(self, now: float) -> list[Begun]:
        """Return what begins at this moment. Each is to be sent, and to end by `succeeded` or `failed`."""
        self._settled = now
        while self._again and self._again[0][0] <= now:
            _, request, connection = heapq.heappop(self._again)
            self._lanes.add_again(Request(request, self._costs[request]), connection)
        for connection in range(self.connections):
            state = self.servers[self.server_of(connection)].state
            held = self._sequential and bool(self._again)  # one after the other: the next waits for the one before it
            self._lanes.set_open(connection, state is ServerState.READY and not held)
        found = self._note(self._lanes.settle(), now)
        for server, health in enumerate(self.servers):
            if health.state is ServerState.AWAY and health.may_begin(now):
                found += self._try_again(server, now)
        return found

    def _try_again(self, server: int, now: float) -> list[Begun]:
        """Let one connection of a server that is away ask something: whichever has a request to ask."""
        for connection in range(server, self.connections, len(self.servers)):
            self._lanes.set_open(connection, True)
            begun = self._note(self._lanes.settle(), now)
            self._lanes.set_open(connection, False)
            if begun:
                return begun
        return []

    def _note(self, begun: list[Begun], now: float) -> list[Begun]:
        for each in begun:
            self._begun[each.lane] = (each.request, now)
            self.servers[self.server_of(each.lane)].begun()
        return begun

    def succeeded(self, connection: int, now: float) -> bool:
        """Note an answer; return whether its server is back by it."""
        request, begun = self._ended(connection)
        self._forget(request)
        return self.servers[self.server_of(connection)].answered(begun, now)

    def failed(
        self, connection: int, failure: Failure, status: int, retry_after_s: float | None, now: float
    ) -> tuple[AfterFailure, bool]:
        """Note a failure. Return what becomes of the request, and whether the state of its server has changed."""
        request, begun = self._ended(connection)
        health = self.servers[self.server_of(connection)]
        disconnected = failure.kind is FailureKind.DISCONNECTED  # the server's end, or the request's doing
        if failure.kind in _UNAVAILABLE or status in _AWAY_STATUS or disconnected:
            changed = health.unavailable(failure.message, begun, now, retry_after_s)
            if health.state is ServerState.LOST:
                for lane in range(self.server_of(connection), self.connections, len(self.servers)):
                    self._lanes.lose(lane)
            if not disconnected:
                self._lanes.add_again(Request(request, self._costs[request]), connection)
                return AfterFailure.AGAIN, changed
        elif failure.kind is FailureKind.TIMEOUT and not status:
            health.probe_ended()
            changed = False
        else:
            changed = health.answered(begun, now)
        return self._own_failure(request, connection, failure, now), changed

    def _own_failure(self, request: int, connection: int, failure: Failure, now: float) -> AfterFailure:
        failures = self._failures[request] = self._failures.get(request, 0) + 1
        if failure.kind in _REFUSED or failures > self._retries:
            self._forget(request)
            return AfterFailure.FINAL
        wait_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** (failures - 1))
        heapq.heappush(self._again, (now + wait_s, request, connection))
        return AfterFailure.AGAIN

    def wake_at(self) -> float | None:
        """Return the next moment after the last `settle` at which something may begin by itself; None: no such one."""
        moments = [self._again[0][0]] if self._again else []
        away = [health.until for health in self.servers if health.state is ServerState.AWAY]
        if len(self._lanes):
            moments += [until for until in away if until > self._settled]
        return min(moments, default=None)

    def take_hopeless(self) -> list[int]:
        """Forget and return all requests that wait, once every server is lost: they have nowhere to go."""
        if any(health.state is not ServerState.LOST for health in self.servers):
            return []
        running = {request for request, _ in self._begun.values()}
        found = [request for request in self._costs if request not in running]
        for request in found:
            self._lanes.remove(request)
            self._forget(request)
        self._again.clear()
        return found

    def _ended(self, connection: int) -> tuple[int, float]:
        self._lanes.end(connection)
        return self._begun.pop(connection)

    def _forget(self, request: int) -> None:
        self._costs.pop(request, None)
        self._failures.pop(request, None)
