"""One span of each request to an answering endpoint, from its arrival to its last byte, whatever ends it.

    begin --asked--> what it asks --began--> its answers --ended--> each of them --end--> SpanExport.put
       \\-> refused                                                   client gone: what there was

Used by `responding`, on the event loop's thread. What `end` makes is a plain record: the span itself is built by the
exporter's thread. Requests that guards refuse (keys, hosts, sizes of heads) never get here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from starlette.types import Scope

from llmproc.server.answering import Answers, PreparedRequest
from llmproc.server.asking import About, Asked, Ended
from llmproc.server.refusals import RefusedError
from llmproc.service.ticket import Ticket
from llmproc.telemetry.attributes import parameters_of, readable
from llmproc.telemetry.record import AnswerRecord, RequestRecord

_HEADERS = {b"traceparent": "traceparent", b"tracestate": "tracestate", b"user-agent": "user_agent"}


class ServerSpans:
    """Begins the spans of a server's requests. `put`: takes their records; `content`: prompts and answers with them."""

    def __init__(self, about: About, put: Callable[[RequestRecord], None], content: bool = False) -> None:
        self.about, self.put, self.content = about, put, content

    def begin(self, scope: Scope) -> RequestSpan:
        """Begin the span of a request that has arrived."""
        return RequestSpan(self, scope)


class RequestSpan:
    """One request, while it is answered. `ended`: those of its answers that came to their end."""

    def __init__(self, spans: ServerSpans, scope: Scope) -> None:
        self._spans, self._scope, self._began = spans, scope, time.monotonic()
        self.ended: list[Ended] = []
        self._asked: Asked | None = None
        self._size = 0
        self._prepared: PreparedRequest | None = None
        self._answers: Answers | None = None
        self._error: RefusedError | None = None
        self._status = 200

    def asked(self, asked: Asked, size: int) -> None:
        """Take note of what it asks. `size`: bytes of its body."""
        self._asked, self._size = asked, size

    def began(self, prepared: PreparedRequest, answers: Answers) -> None:
        """Take note of its answers, which have been submitted."""
        self._prepared, self._answers = prepared, answers

    def refused(self, error: RefusedError, status: int) -> None:
        """Take note of the error that it is answered with."""
        self._error, self._status = error, status

    def end(self) -> None:
        """Export it, unless it asks for no answer: a model that is to be loaded, a client that left before it asked."""
        if self._error is not None or (self._asked is not None and self._asked.prompts):
            self._spans.put(self._record())

    # -- the record -------------------------------------------------------------------------------------------------

    def _record(self) -> RequestRecord:
        asked, tickets = self._asked, self._answers.tickets if self._answers else ()
        kind, message = self._failure()
        headers = self._headers()
        content = self._spans.content and asked is not None
        return RequestRecord(
            role="server",
            operation="text_completion" if asked is not None and asked.raw else "chat",
            model=self._spans.about.model,
            asked_model=None if asked is None else asked.model,
            began=self._began,
            ended=time.monotonic(),
            dispatched=_earliest([ticket.dispatched for ticket in tickets]),
            first_token=_earliest([ticket.first_token for ticket in tickets]),
            stream=asked is not None and asked.stream,
            parameters={} if asked is None else parameters_of(asked.sampling),
            input_tokens=None if self._prepared is None else self._prepared.prompt_tokens,
            cached_tokens=self._cached(),
            answers=self._answer_records(tickets),
            error_type=kind,
            error=message,
            traceparent=headers.get("traceparent"),
            tracestate=headers.get("tracestate"),
            more=self._more(headers),
            prompt=_texts_of(asked) if content and asked is not None else None,
            weight=self._size + sum(len(one.text) + len(one.reasoning) for one in self.ended) if content else 0,
        )

    def _failure(self) -> tuple[str | None, str | None]:
        """Return (type, message) of what went wrong."""
        failed = next((one.result for one in self.ended if not one.result.ok), None)
        if failed is not None:
            return failed.finish_reason, failed.error or f"the answer was {failed.finish_reason}"
        if self._error is not None:
            return self._error.code or str(self._status), str(self._error)
        if self._answers is None or self._answers.open:
            return "cancelled", "the client went away before the end of its answer"
        return None, None

    def _cached(self) -> int:
        """Return the tokens of prompts that were cached: as usage tells it, the least of the answers to a prompt."""
        if self._asked is None:
            return 0
        least: dict[int, int] = {}
        for one in self.ended:
            prompt = one.choice // self._asked.sampling.n
            least[prompt] = min(one.result.cached_tokens, least.get(prompt, one.result.cached_tokens))
        return sum(least.values())

    def _answer_records(self, tickets: Sequence[Ticket]) -> list[AnswerRecord]:
        """Return a record of each answer; one that was given up has what came of it until then."""
        by_choice = {one.choice: one for one in self.ended}
        content = self._spans.content
        return [
            _answer(by_choice[choice], ticket, content) if choice in by_choice else _given_up(ticket)
            for choice, ticket in enumerate(tickets)
        ]

    def _headers(self) -> dict[str, str]:
        return {_HEADERS[name]: value.decode("latin-1") for name, value in self._scope["headers"] if name in _HEADERS}

    def _more(self, headers: dict[str, str]) -> dict[str, str | int | float | bool]:
        more: dict[str, Any] = {"url.path": self._scope["path"], "http.request.method": self._scope["method"]}
        if self._error is not None or self._failure()[0] is None:
            more["http.response.status_code"] = self._status
        if "user_agent" in headers:
            more["user_agent.original"] = headers["user_agent"]
        return more


def _answer(one: Ended, ticket: Ticket, content: bool) -> AnswerRecord:
    return AnswerRecord(
        finish_reason=one.result.finish_reason,
        output_tokens=one.result.new_tokens,
        reasoning_tokens=one.reasoning_tokens,
        request=ticket.request_id,
        worker=ticket.worker,
        attempts=ticket.attempts,
        cpu_user_s=one.bill.cpu_user_s,
        cpu_system_s=one.bill.cpu_system_s,
        cpu_wait_s=one.bill.cpu_wait_s,
        kv_bytes=one.bill.kv_bytes,
        text=one.text if content else None,
    )


def _given_up(ticket: Ticket) -> AnswerRecord:
    return AnswerRecord(
        finish_reason="cancelled",
        output_tokens=ticket.arrived,
        request=ticket.request_id,
        worker=ticket.worker,
        attempts=ticket.attempts,
    )


def _earliest(moments: Sequence[float | None]) -> float | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _texts_of(asked: Asked) -> Any:
    """Return the prompt as text or messages; of several prompts each as a message."""
    if len(asked.prompts) == 1:
        return readable(asked.prompts[0], asked.system)
    texts = [prompt for prompt in asked.prompts if isinstance(prompt, str)]
    return [{"role": "user", "content": text} for text in texts] or None
