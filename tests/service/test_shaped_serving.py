"""Every sampling option through real workers that are killed: ids and what is told of them are the undisturbed ones."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from pathlib import Path

import pytest
from service.serving import serving, slow_model
from support.orders import order
from support.waiting import until

from llmproc.config import EngineOptions, SamplingParams
from llmproc.engine.shaping import PLACED
from llmproc.service.messages import Finish, Generate, Likely
from llmproc.service.service import Service
from llmproc.service.ticket import Ticket, Tokens

PROMPT = [1, 5, 9, 5, 70]
EVERYTHING = SamplingParams(
    0.8, 0.95, 50, top_k=30, min_p=0.01, presence_penalty=0.3, frequency_penalty=-0.2, repetition_penalty=1.15,
    logit_bias=((7, 3.0), (9, -4.0)), logprobs=4, min_tokens=30,
)  # fmt: skip
ENDS = list(range(100, 400))  # without min_tokens an answer ends soon
Answer = tuple[list[int], list[Likely], Finish]


def made(sampling: SamplingParams, **more: object) -> Generate:
    return Generate.sampled(PROMPT, sampling, **{"end_tokens": ENDS, "draws": 0, **more})  # type: ignore[arg-type]


ORDERS = {
    "sampled": made(EVERYTHING),
    "another seed": made(EVERYTHING.changed(seed=7, logprobs=0)),
    "greedy": made(EVERYTHING.changed(temperature=0)),
    "closing": made(EVERYTHING.changed(max_tokens=35, min_tokens=35), closing=2),
    "penalties alone": made(SamplingParams(0.9, 1.0, 50, presence_penalty=1.5, repetition_penalty=1.3), end_tokens=[]),
    "nothing told": made(EVERYTHING.changed(logprobs=None)),
    "told alone": made(SamplingParams(0.8, 0.9, 50, logprobs=20), end_tokens=[]),
    "plain": order(PROMPT, 50),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return slow_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def undisturbed(model: Path) -> dict[str, Answer]:
    """What the orders give one after the other, when no worker dies."""
    with serving(model) as service:
        return {name: rest(service.submit(asked)) for name, asked in ORDERS.items()}


def take(ticket: Ticket, count: int) -> tuple[list[int], list[Likely]]:
    """At least `count` ids, with what is told of them."""
    ids: list[int] = []
    likely: list[Likely] = []
    while len(ids) < count:
        event = ticket.next(60)
        assert isinstance(event, Tokens), event
        ids += event.ids
        likely += event.likely
    return ids, likely


def rest(ticket: Ticket) -> Answer:
    ids: list[int] = []
    likely: list[Likely] = []
    for event in ticket:
        if isinstance(event, Finish):
            return ids, likely, event
        ids += event.ids
        likely += event.likely
    raise AssertionError("no terminal event")


def kill(service: Service) -> None:
    """Kill a worker as soon as there is one, and see it go."""
    gone = len(service.exits)
    until(lambda: [worker for worker in service.workers() if worker.state == "ready"])
    os.kill(next(worker.pid for worker in service.workers() if worker.state == "ready"), signal.SIGKILL)
    until(lambda: len(service.exits) > gone)


def check(found: Answer, expected: Answer) -> None:
    """Compare all that must not depend on workers that died."""
    assert found[0] == expected[0]
    assert found[1] == expected[1], "each id's, once"
    for name in ("reason", "draws", "discarded", "new_tokens", "prompt_tokens", "positions"):
        assert getattr(found[2], name) == getattr(expected[2], name), name


def test_the_options_are_there(undisturbed: dict[str, Answer]) -> None:
    ids, likely, finish = undisturbed["sampled"]
    assert len(ids) == len(likely) > 30 and all(len(each.top) == 4 for each in likely)
    assert not set(ids[:30]) & set(ENDS) and finish.reason in ("end", "length")
    assert undisturbed["nothing told"][:2] == (ids, [])
    assert [each.top for each in undisturbed["another seed"][1]] == [[]] * len(undisturbed["another seed"][0])
    told, _, plain = undisturbed["told alone"][0], *undisturbed["told alone"][1:]
    assert told == undisturbed["plain"][0] and plain.draws == 50
    closed, said, end = undisturbed["closing"]
    assert closed[-1] == 2 and said[-1] == PLACED and end.discarded is not None
    assert undisturbed["greedy"][2].draws == 0
    assert len({tuple(answer[0]) for answer in undisturbed.values()}) == len(ORDERS) - 2


@pytest.mark.parametrize("name", ORDERS)
def test_killed_twice_in_the_middle(model: Path, undisturbed: dict[str, Answer], name: str) -> None:
    with serving(model) as service:
        ticket = service.submit(ORDERS[name])
        first, said = take(ticket, 4)
        kill(service)
        second, more = take(ticket, 12)
        kill(service)
        ids, likely, finish = rest(ticket)
        assert len(service.exits) == 2
    check((first + second + ids, said + more + likely, finish), undisturbed[name])


def test_all_together_while_workers_die(model: Path, undisturbed: dict[str, Answer]) -> None:
    options = EngineOptions(threads=1, sequences=5)
    with serving(model, workers=2, engine=options) as service:
        service.wait_ready(60)
        tickets = {name: service.submit(asked) for name, asked in ORDERS.items()}
        begun = {name: take(ticket, 3) for name, ticket in tickets.items()}
        kill(service)
        found = {name: rest(ticket) for name, ticket in tickets.items()}
    for name, (ids, likely, finish) in found.items():
        check((begun[name][0] + ids, begun[name][1] + likely, finish), undisturbed[name])


def test_a_temperature_that_is_zero_in_fp32_draws_nothing_in_a_replay_either(model: Path) -> None:
    with serving(model) as service:
        ticket = service.submit(order(PROMPT, 20, 1e-60))
        take(ticket, 3)
        kill(service)
        assert rest(ticket)[2].draws == 0


def test_options_that_the_vocabulary_refuses_fail_their_request_alone(model: Path) -> None:
    wrong = made(EVERYTHING.changed(logit_bias={512: 1.0}))
    with serving(model) as service:
        refused, good = service.submit(wrong), service.submit(ORDERS["plain"])
        ids, _, finish = rest(refused)
        assert (ids, finish.reason) == ([], "failed") and "logit_bias is 512" in finish.message
        assert rest(good)[2].reason == "length" and service.exits == []


@pytest.mark.soak
def test_hundreds_of_kills(model: Path, undisturbed: dict[str, Answer]) -> None:
    """A worker is killed whenever every request has got on: one that loses three without an id would be blamed."""
    chance, kills = random.Random(5), 0
    with serving(model, workers=2, engine=EngineOptions(threads=1, sequences=4)) as service:
        while kills < 300:
            tickets = {name: service.submit(asked) for name, asked in ORDERS.items()}
            before = dict.fromkeys(tickets, 0)
            while open_ones := [name for name, ticket in tickets.items() if ticket.ended is None]:
                if all(tickets[name].arrived > before[name] for name in open_ones):
                    before = {name: ticket.arrived for name, ticket in tickets.items()}
                    pids = [worker.pid for worker in service.workers() if worker.state == "ready"]
                    with contextlib.suppress(ProcessLookupError):
                        if pids:
                            os.kill(chance.choice(pids), signal.SIGKILL)
                            kills += 1
                time.sleep(chance.uniform(0.0, 0.1))
            for name, ticket in tickets.items():
                check(rest(ticket), undisturbed[name])
