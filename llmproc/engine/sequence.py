"""What goes into the engine, and a sequence's state while it is there; events.py is what comes out.

Used by `engine` and `service`. Data and its rules; nothing is computed here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from llmproc.config import MAX_LOGPROBS
from llmproc.engine.events import Finish, Reason, Token
from llmproc.engine.randomness import RandomStream
from llmproc.engine.row_changes import RowChanges
from llmproc.engine.sampling import check_options
from llmproc.engine.shaping import Likely, Shaping
from llmproc.errors import RequestError
from llmproc.grammars.library import MAX_GRAMMAR
from llmproc.grammars.matching import Grammars

MOST = 1 << 20  # ids: more than any context and vocabulary


@dataclass(frozen=True, slots=True)
class SequenceRequest:
    """One request: everything its output depends on, beside the model."""

    request_id: int
    tokens: tuple[int, ...]  # every id of the conversation so far
    max_tokens: int  # how many to sample at most
    end_tokens: frozenset[int] = frozenset()
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 42
    draws: int = 0  # drawn from the seed's stream before
    closing: int | None = None  # the id that ends a turn of full length (course contract, section 1)
    shaping: Shaping | None = None  # None: logits are taken as they are, and nothing is told of them


def check_request(request: SequenceRequest, vocab_size: int, context: int) -> None:
    """Check a request, for kernels see only what passed here. RequestError names the first field that breaks a rule.

    Ids are 0 to `vocab_size`, exclusive; a sequence has `context` positions at most.
    """
    tokens = request.tokens
    if not tokens:
        raise RequestError("the prompt has no tokens")
    if len(tokens) >= context:
        raise RequestError(f"the prompt has {len(tokens)} tokens and must leave room in a context of {context}")
    for position, token in enumerate(tokens):
        _check_id(f"token {position}", token, vocab_size)
    if request.closing is not None:
        _check_id("closing token", request.closing, vocab_size)
    if request.max_tokens < 1:
        raise RequestError(f"max_tokens {request.max_tokens} must be at least 1")
    if request.draws < 0:
        raise RequestError(f"draws {request.draws} cannot be negative")
    try:
        check_options(request.temperature, request.top_p)
    except ValueError as error:
        raise RequestError(str(error)) from None
    if request.shaping is not None:
        _check_shaping(request.shaping, request, vocab_size)


def _check_shaping(shaping: Shaping, request: SequenceRequest, vocab_size: int) -> None:
    count, biased = len(request.tokens), [token for token, _ in shaping.bias]
    for token in biased:
        _check_id("a token of logit_bias", token, vocab_size)
    if len(set(biased)) != len(biased):
        raise RequestError("logit_bias names a token twice")
    for name, value, lowest, highest in (
        ("given", shaping.given, 0, count),
        *(("logit_bias", value, -100, 100) for _, value in shaping.bias),
        ("min_tokens", shaping.min_tokens, 0, MOST),
        ("frequency_penalty", shaping.frequency, -2, 2),
        ("presence_penalty", shaping.presence, -2, 2),
        ("repetition_penalty", shaping.repetition, 0, 100),
        ("top_k", shaping.top_k, 0, MOST),
        ("min_p", shaping.min_p, 0, 1),
        ("logprobs", shaping.logprobs, -1, MAX_LOGPROBS),
    ):
        if not lowest <= value <= highest:
            raise RequestError(f"{name} {value} must be from {lowest} to {highest}")
    if len(shaping.grammar) > MAX_GRAMMAR:
        raise RequestError(f"the grammar has {len(shaping.grammar)} characters, and may have {MAX_GRAMMAR}")
    if shaping.repetition == 0:
        raise RequestError("repetition_penalty 0 must be above 0")
    if shaping.min_tokens > 0 and all(token in request.end_tokens for token in range(vocab_size)):
        raise RequestError(f"min_tokens {shaping.min_tokens} leaves no token: each of them ends an answer")


def _check_id(name: str, token: int, vocab_size: int) -> None:
    if not (isinstance(token, int) and 0 <= token < vocab_size):
        raise RequestError(f"{name} is {token!r}, ids are 0..{vocab_size - 1}")


@dataclass(slots=True, eq=False)
class Sequence:
    """A request's state inside the engine."""

    request: SequenceRequest
    tokens: list[int]
    stream: RandomStream
    changes: RowChanges | None  # of its logits; None without `shaping`
    pages: list[int] = field(default_factory=list)  # of the KV cache, in order; the last may be partly filled
    computed: int = 0  # ids whose keys and values stand in them
    verified: int = 0  # of these, ids with finite logits after them
    registered: int = 0  # pages, from the first, that others can find
    key: int = 0  # of the prefix in those pages
    cached: int = 0  # prompt ids that were found when it was first admitted
    closed: bool = False  # the closing id stands, the pass over it is due
    discarded: int | None = None
    started: float | None = None  # clock at the first forward pass
    first_pass: float | None = None  # clock after it
    prefilled: float | None = None  # clock when the prompt had been read
    new: int = 0  # ids that joined after the prompt
    held: int = 0  # pages, at most, whenever some were taken back
    due_s: float = 0.0  # costs, as `costs.Payer` says
    user_s: float = 0.0
    system_s: float = 0.0
    wait_s: float = 0.0

    @classmethod
    def begin(cls, request: SequenceRequest, grammars: Grammars | None = None) -> Sequence:
        """Return the state before anything was computed. RequestError for a grammar that cannot be compiled."""
        changes, shaping = None, request.shaping
        if shaping is not None:
            if shaping.grammar and grammars is None:
                raise RequestError("a grammar needs the bytes of all tokens, which this engine does not have")
            state = grammars.begin(shaping.grammar) if shaping.grammar and grammars else None
            changes = RowChanges(shaping, request.end_tokens, state)
        return cls(request, list(request.tokens), RandomStream(request.seed, request.draws), changes)

    @property
    def complete(self) -> bool:
        """Return whether its grammar lets nothing follow."""
        return self.changes is not None and self.changes.complete(self.tokens)

    def passed(self, count: int, before: float, after: float) -> None:
        """Note that a forward pass between these times computed the next `count` ids."""
        self.computed += count
        if self.prefilled is None:
            if self.started is None:
                self.started, self.first_pass = before, after
            if self.computed >= len(self.request.tokens):
                self.prefilled = after

    def append(self, token: int, sampled: bool, likely: Likely | None = None) -> Token:
        """Let an id join; returns the event that says so."""
        self.tokens.append(token)
        self.new += 1
        return Token(self.request.request_id, token, sampled, likely)

    def finish(self, reason: Reason, message: str, now: float, page_bytes: int) -> Finish:
        """Return the terminal event, with everything measured until `now`; `page_bytes`: what one of its pages takes.

        It has given its pages back.
        """
        prefill_end = now if self.prefilled is None else self.prefilled
        return Finish(
            request_id=self.request.request_id,
            reason=reason,
            message=message,
            prompt_tokens=len(self.request.tokens),
            cached_tokens=self.cached,
            new_tokens=self.new,
            draws=self.stream.draws,
            discarded=self.discarded,
            positions=len(self.tokens),
            prefill_s=0.0 if self.started is None else prefill_end - self.started,
            decode_s=0.0 if self.first_pass is None else now - self.first_pass,
            user_s=self.user_s,
            system_s=self.system_s,
            wait_s=self.wait_s,
            kv_bytes=self.held * page_bytes,
        )
