"""What a service tells its observer: one type per kind of event, as `logs/README.md` documents the lines made of them.

    Event    has a line in events.jsonl: its kind is the tag of its type, its fields are the line's, in this order
    Moment   has none: a moment at which /proc has to be read

Used by `service`, which makes them, and by those that watch a service. Fields may be added, never renamed.
"""

from __future__ import annotations

import re
from resource import struct_rusage
from typing import Any

import msgspec


def _kind(name: str) -> str:
    """Return `worker_forked` for `WorkerForked`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Event(msgspec.Struct, kw_only=True, omit_defaults=True, tag_field="kind", tag=_kind):
    """Something happened. `request`: its id, `worker`: the slot, `pid`: its present process."""


class Moment(Event):
    """A moment for those who read /proc; it is written nowhere."""


def kind_of(event: Event | type[Event]) -> str:
    """Return the name of an event's kind."""
    return str(event.__struct_config__.tag)


def line_of(event: Event) -> dict[str, Any]:
    """Return `kind` and the fields, as they stand in a line of events.jsonl."""
    found: dict[str, Any] = msgspec.to_builtins(event)
    return found


# -- requests -------------------------------------------------------------------------------------------------------


class RequestArrived(Event):
    """It was accepted."""

    request: int
    session: int
    prompt_tokens: int


class RequestQueued(Event):
    """It waits in the ring of worker `ring`."""

    request: int
    ring: int


class RequestDispatched(Event):
    """A worker took it at `at`, seconds on CLOCK_MONOTONIC; again after a death."""

    request: int
    worker: int
    pid: int
    ring: int
    at: float


class RequestStolen(Event):
    """It was taken from the ring of another worker."""

    request: int
    worker: int
    pid: int
    ring: int
    at: float


class FirstToken(Event):
    """The first token of its answer has arrived."""

    request: int


class StepSummary(Event, tag="step"):
    """A summary of an unfinished answer: positions used, tokens of the answer so far."""

    request: int
    position: int
    tokens: int


class RequestDone(Event):
    """Its one terminal event. `positions` of this request, `seq_len` of the session so far."""

    request: int
    reason: str
    prompt_tokens: int
    cached_tokens: int
    new_tokens: int
    positions: int
    seq_len: int
    prefill_s: float
    decode_s: float
    message: str = ""  # left out of the line when empty


# -- the instance ---------------------------------------------------------------------------------------------------


class ThreadsChosen(Event):
    """The number of threads of each worker, before anything starts.

    `asked`: by the user; `granted`: threads for which there are CPUs; `others`: threads of other instances on them.
    """

    workers: int
    threads: int
    asked: bool
    granted: int
    others: int
    cpus: tuple[int, ...]
    limits: tuple[str, ...]  # the groups of those that share a limit with us


# -- processes ------------------------------------------------------------------------------------------------------


class TemplateStarted(Event):
    """The template, the first or another."""

    pid: int


class TemplateReady(Event):
    """It can fork. Seconds for weights and kernels; `compiled`: kernels the cache did not have."""

    pid: int
    load_s: float
    compile_s: float
    weight_bytes: int
    compiled: int
    mapped: bool
    fingerprint: str
    fallback: str  # why Numba compiled in the template itself; empty: object files were linked


class TemplateStopping(Event):
    """The next stage of its stop was taken: message (the end of its input), then a signal by name."""

    pid: int
    stage: str


class TemplateDied(Event):
    """It has ended; `status`: exit code, or -signal."""

    pid: int
    status: int


class TemplateDelayed(Event):
    """After `deaths` in a row without any use the next one is started `delay_s` later."""

    deaths: int
    delay_s: float


class WorkerForked(Event):
    """A worker is main's child."""

    worker: int
    pid: int


class WorkerReady(Event):
    """It reads requests. `ranks`: threads that compute in it; 0: it is a stand-in that computes nothing."""

    worker: int
    pid: int
    ranks: int


class RanksChanged(Event):
    """From now on `in_use` of the worker's `ranks` threads take part.

    `reason`: busy (other programs hold CPUs: `cpus` were found), shared (by many: more threads get more), trial (of
    more threads), trial failed, or why it will always be all of them.
    """

    worker: int
    pid: int
    ranks: int
    in_use: int
    reason: str
    cpus: float


class WorkerStopping(Event):
    """The next stage of its stop was taken: message, SIGTERM, SIGABRT, SIGKILL."""

    worker: int
    pid: int
    stage: str


class WorkerDied(Event):
    """It was reaped; `status`: exit code, -signal, or None when the system kept it to itself."""

    worker: int
    pid: int
    status: int | None
    user_s: float
    system_s: float


class WorkerDelayed(Event):
    """After `deaths` in a row without a finished step the next one is forked `delay_s` later."""

    worker: int
    deaths: int
    delay_s: float


class WorkerReplaced(Event):
    """`by` took the place of the dead `pid`."""

    worker: int
    pid: int
    by: int


class ServiceWarning(Event, tag="warning"):
    """A worker starves, is stuck, or breaks the protocol."""

    text: str


# -- moments --------------------------------------------------------------------------------------------------------


class WorkerDying(Moment):
    """It is dead but not yet reaped: the last moment its /proc entry can be read."""

    pid: int


class WorkerReaped(Moment):
    """It has been reaped; `usage`: what it used in all."""

    pid: int
    usage: struct_rusage


class TurnBegan(Moment):
    """This worker starts to generate."""

    pid: int


class TurnEnded(Moment):
    """It has no more work: time for the closing sample."""

    pid: int
