"""Admission in a simulated server: clients that come again when they are told to, on a clock that jumps.

Nothing computes: an answer takes the time that the simulation gives it, so hours pass at once.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from llmproc.server.admission import Admission, AdmittedRequest
from llmproc.server.refusals import RefusedError
from llmproc.server.slo import Slo

TOKENS, PROMPT = 50, 100


@dataclass(slots=True)
class Client:
    """One client that wants one answer."""

    number: int
    came: float
    refusals: int = 0
    served: float | None = None


@dataclass(slots=True)
class Answer:
    """One that runs."""

    client: Client
    place: AdmittedRequest
    began: float
    left: int = TOKENS


@dataclass(slots=True)
class SimulatedServer:
    """Slots that answer in the order of arrival, each a token in every step, which takes `step_s(running)`."""

    admission: Admission
    step_s: Callable[[int], float]
    now: float = 0.0
    busy_s: float = 0.0  # of all slots together
    most: int = 0  # answers admitted at the same time
    codes: set[str | None] = field(default_factory=set)
    running: list[Answer] = field(default_factory=list)
    _coming: list[tuple[float, int, Client]] = field(default_factory=list)
    _waiting: deque[tuple[Client, AdmittedRequest]] = field(default_factory=deque)

    def run(self, clients: list[Client]) -> None:
        """Let time pass until all clients are served."""
        self._coming = [(client.came, client.number, client) for client in clients]
        heapq.heapify(self._coming)
        while self._coming or self.running:
            if not self.running:
                self.now = max(self.now, self._coming[0][0])
            while self._coming and self._coming[0][0] <= self.now:
                self._ask(heapq.heappop(self._coming)[2])
            if self.running:
                self._step()

    def _ask(self, client: Client) -> None:
        """Let a client ask; one that is refused asks again when the header says."""
        try:
            place = self.admission.admit(self.now, PROMPT, TOKENS, 1)
        except RefusedError as error:
            client.refusals += 1
            self.codes.add(error.code)
            assert error.retry_after is not None
            heapq.heappush(self._coming, (self.now + int(error.retry_after), client.number, client))
            return
        self.most = max(self.most, self.admission.under_way)
        self._waiting.append((client, place))
        self._fill()

    def _fill(self) -> None:
        while self._waiting and len(self.running) < self.admission.slots:
            self.running.append(Answer(*self._waiting.popleft(), self.now))

    def _step(self) -> None:
        step = self.step_s(len(self.running))
        self.now += step
        self.busy_s += step * len(self.running)
        for answer in self.running[:]:
            answer.left -= 1
            answer.place.first_token(self.now, answer.began)
            if not answer.left:
                answer.client.served = self.now
                answer.place.ended(self.now, TOKENS, True)
                self.running.remove(answer)
        self._fill()


def served(server: SimulatedServer, arrivals: list[float]) -> list[Client]:
    """All clients, when the last one has its answer."""
    clients = [Client(number, came) for number, came in enumerate(arrivals)]
    server.run(clients)
    return clients


@pytest.mark.parametrize("seed", range(3))
def test_clients_that_do_as_told_keep_the_server_busy_and_all_are_served(seed: int) -> None:
    """300 clients in 10 s, for a server that needs 150 s for them."""
    draw = random.Random(seed)
    server = SimulatedServer(Admission(slots=4, queue=8), lambda running: 0.04)
    clients = served(server, sorted(draw.uniform(0, 10) for _ in range(300)))
    assert all(client.served is not None for client in clients)
    assert server.most == 12 and server.admission.under_way == 0 and server.codes == {"queue_full"}
    assert server.busy_s / (4 * server.now) > 0.9, "nobody is told to stay away while places are free"
    assert sum(client.refusals for client in clients) / 300 < 3, "nor to come much too early"


def test_a_herd_that_comes_at_once_does_not_come_back_at_once() -> None:
    server = SimulatedServer(Admission(slots=2, queue=14), lambda running: 0.04)
    served(server, [0.0] * 16)  # so that times are known
    told: list[float] = []
    for number in range(16 + 40):
        try:
            server.admission.admit(server.now, PROMPT, TOKENS, 1)
        except RefusedError as error:
            told.append(error.retry_after_s or 0.0)
        assert server.admission.under_way == min(16, number + 1)
    assert len(set(told)) == 40, "each has a moment of its own"


def test_below_the_bound_nobody_is_refused() -> None:
    server = SimulatedServer(Admission(slots=4, queue=4), lambda running: 0.01)
    clients = served(server, [number * 0.2 for number in range(200)])
    assert not any(client.refusals for client in clients)


def crowded(running: int) -> float:
    """Seconds of a step: 10 ms for one answer, 40 ms for 16."""
    return 0.008 + 0.002 * running


def goodput(slo: Slo, clients: int = 400) -> tuple[float, SimulatedServer]:
    """The share of clients, ten a second, whose answer had 25 ms a token, for slots that make too many at a time."""
    server = SimulatedServer(Admission(slots=16, queue=16, slo=slo), crowded)
    served(server, [number * 0.1 for number in range(clients)])
    state = server.admission.state()
    assert state.kept + state.missed == clients and server.admission.under_way == 0
    return state.kept / clients, server


def test_an_slo_lets_in_what_it_can_keep() -> None:
    """25 ms a token are kept with 8 answers at the same time."""
    kept, server = goodput(Slo(tpot_s=0.025))
    assert kept > 0.8 and server.codes == {"slo_tpot"}
    kept, server = goodput(Slo(tpot_s=60.0))
    assert kept == 1.0 and len(server.codes) < 2, "nothing is refused for a promise that is kept anyway"


def test_an_slo_of_the_first_token_shortens_the_queue() -> None:
    server = SimulatedServer(Admission(slots=2, queue=64, slo=Slo(ttft_s=4.0)), lambda running: 0.04)
    clients = served(server, [number * 0.2 for number in range(200)])
    state = server.admission.state()
    assert state.kept + state.missed == 200 and state.kept / 200 > 0.85
    assert server.codes == {"slo_ttft"} and server.most < 20, "of 66 places"
    assert all(client.served is not None for client in clients)
