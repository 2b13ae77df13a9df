"""Everything main and a worker say to each other about requests: declared types, msgpack inside frames, never pickle.

    board            Generate (one request, complete: a worker keeps nothing that a replay would need)
    main -> worker   Wakeup (look at the rings)    Cancel (one you have taken)
    worker -> main   Events (all that looks and steps brought, in one frame: a token and its end arrive together)
                     RanksInUse (another number of its threads takes part)

The request id travels in the frame's header for Generate and Cancel. Events have columns: which requests got ids, and
the ids of each, so that main makes no object per token.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from llmproc.config import EngineOptions, SamplingParams
from llmproc.engine.events import Finish
from llmproc.engine.events import Reason as FinishReason
from llmproc.engine.shaping import Likely, Shaping
from llmproc.errors import ProtocolError
from llmproc.processes.frames import Frame
from llmproc.processes.protocol import FIRST_FREE

__all__ = [
    "Cancel",
    "Events",
    "Finish",
    "FinishReason",
    "Generate",
    "Likely",
    "PrepareOrder",
    "PrepareReport",
    "Progress",
    "RanksInUse",
    "Shaping",
    "Taken",
    "Wakeup",
    "from_frame",
    "to_frame",
    "with_grammar",
]


class Generate(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """Continue `ids` by at most `max_tokens`. `draws` of the stream `seed` have been drawn before."""

    ids: list[int]
    max_tokens: int
    end_tokens: list[int]
    temperature: float
    top_p: float
    seed: int
    draws: int
    closing: int | None = None  # the course's rule: this id is placed after max_tokens, and one more id is drawn
    alone: bool = False  # it is suspect: its worker runs nothing beside it
    wait_s: float = 0.0  # for the stand-in that waits instead of generating: how long
    shaping: Shaping | None = None  # None: logits are taken as they are

    @classmethod
    def greedy(
        cls, ids: list[int], max_tokens: int, *, draws: int = 0, alone: bool = False, wait_s: float = 0.0
    ) -> Generate:
        """Make one that always takes the likeliest id, and ends by its length alone."""
        return cls(
            ids=ids,
            max_tokens=max_tokens,
            end_tokens=[],
            temperature=0.0,
            top_p=1.0,
            seed=1,
            draws=draws,
            alone=alone,
            wait_s=wait_s,
        )

    @classmethod
    def sampled(
        cls,
        ids: list[int],
        sampling: SamplingParams,
        *,
        max_tokens: int | None = None,
        end_tokens: list[int],
        draws: int,
        closing: int | None = None,
    ) -> Generate:
        """Make one that draws ids as `sampling` says; `max_tokens` in place of its own."""
        return cls(
            ids=ids,
            max_tokens=sampling.max_tokens if max_tokens is None else max_tokens,
            end_tokens=end_tokens,
            temperature=float(sampling.temperature),
            top_p=float(sampling.top_p),
            seed=sampling.seed,
            draws=draws,
            closing=closing,
            shaping=_shaping(sampling, len(ids)) if sampling.shapes else None,
        )


def with_grammar(order: Generate, grammar: str) -> Generate:
    """Return an order whose answer keeps a grammar; "" changes nothing."""
    if not grammar:
        return order
    shaping = order.shaping or Shaping(given=len(order.ids))
    return msgspec.structs.replace(order, shaping=msgspec.structs.replace(shaping, grammar=grammar))


def _shaping(sampling: SamplingParams, given: int) -> Shaping:
    return Shaping(
        given=given,
        bias=list(sampling.logit_bias),
        min_tokens=sampling.min_tokens,
        repetition=float(sampling.repetition_penalty),
        frequency=float(sampling.frequency_penalty),
        presence=float(sampling.presence_penalty),
        top_k=sampling.top_k,
        min_p=float(sampling.min_p),
        logprobs=-1 if sampling.logprobs is None else sampling.logprobs,
    )


class Cancel(msgspec.Struct, frozen=True, array_like=True):
    """End the request; what it has so far stays."""


class Wakeup(msgspec.Struct, frozen=True, array_like=True):
    """There may be something to take. `cells`: what the ring's owner is to publish, where main cannot."""

    cells: list[bytes] = []


class Taken(msgspec.Struct, frozen=True, array_like=True, tag="k", gc=False):
    """The worker has won a request: from the ring of worker `ring`, at `at` seconds on CLOCK_MONOTONIC."""

    request_id: int
    ring: int
    at: float


class Events(msgspec.Struct, frozen=True, array_like=True):
    """All that a worker has to say at one time. ValueError when the columns do not agree."""

    requests: list[int] = []  # that got ids, each once
    tokens: list[list[int]] = []  # of each of these requests, in order: what joined it
    closed: list[int] = []  # of `requests`: those whose last id here was put there by the closing rule, not drawn
    items: list[Taken | Finish] = []  # what came after all these ids, in order
    likely: dict[int, list[Likely]] = {}  # of those of `requests` that ask for it: one for each of its ids

    def __post_init__(self) -> None:
        count = len(self.requests)
        if len(self.tokens) != count:
            raise ValueError(f"{count} requests with the ids of {len(self.tokens)}")
        if count > 1 and len(set(self.requests)) != count:
            raise ValueError("a request stands twice")
        if self.closed and not set(self.closed).issubset(self.requests):
            raise ValueError("a request is closed that got no id")
        if not all(self.tokens):
            raise ValueError("a request stands without ids")
        if self.likely:
            counts = dict(zip(self.requests, map(len, self.tokens), strict=True))
            if any(len(each) != counts.get(number) for number, each in self.likely.items()):
                raise ValueError("log probabilities do not go with the ids")


class RanksInUse(msgspec.Struct, frozen=True, array_like=True):
    """From now on `in_use` of the worker's `ranks` threads take part; `cpus`: how many CPUs were found for them."""

    ranks: int
    in_use: int
    reason: str
    cpus: float


Message = Generate | Cancel | Events | Wakeup | RanksInUse
_TYPES: dict[int, type] = dict(enumerate((Generate, Cancel, Events, Wakeup, RanksInUse), FIRST_FREE))
_CODES = {kind: code for code, kind in _TYPES.items()}
_DECODERS: dict[int, msgspec.msgpack.Decoder[Message]] = {
    code: msgspec.msgpack.Decoder(kind) for code, kind in _TYPES.items()
}
_ENCODER = msgspec.msgpack.Encoder()


def to_frame(message: Message, request_id: int = 0) -> Frame:
    """Return the frame that carries `message`."""
    return Frame(_CODES[type(message)], request_id, _ENCODER.encode(message))


def from_frame(frame: Frame) -> Message:
    """Return the message in a frame; ProtocolError for an unknown type or a payload that is not of that type."""
    decoder = _DECODERS.get(frame.type)
    if decoder is None:
        raise ProtocolError(f"frame type is {frame.type}: must be one of {sorted(_DECODERS)}")
    try:
        message: Message = decoder.decode(frame.payload)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise ProtocolError(f"frame of type {frame.type}: {error}") from None
    return message


class PrepareOrder(msgspec.Struct, frozen=True):
    """main -> template: what to load, how its engines will run, and whether workers take from each other's rings."""

    checkpoint: bytes  # a path as the file system has it: it need not be UTF-8
    engine: EngineOptions
    workers: int = 1
    steals: bool = False


class PrepareReport(msgspec.Struct, frozen=True):
    """template -> main: it is ready. Seconds of wall time; `compiled`: kernels the cache did not have."""

    load_s: float
    compile_s: float
    weight_bytes: int
    compiled: int
    mapped: bool
    fingerprint: str
    fallback: str = ""  # why Numba compiled in the template itself; empty: object files were linked


class Progress(msgspec.Struct, frozen=True):
    """template -> main: how far it is."""

    stage: Literal["weights", "kernels"]
    done: int
    total: int
    compiled: int = 0  # kernels the cache did not have
