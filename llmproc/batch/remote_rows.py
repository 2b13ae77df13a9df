"""Rows answered by servers elsewhere: the Backend over a `remote.RemoteService`. Texts go out, texts come back: no ids.

`prepare` runs on the reader's thread, `notify` on the service's; everything else on main's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from llmproc.batch.backend import LaneStatus
from llmproc.batch.record import AnswerFigures, ResultRow, joined
from llmproc.batch.rows import PromptRow
from llmproc.client.body import LIMIT_FIELDS, RemoteRequest, request_body
from llmproc.config import SamplingParams
from llmproc.errors import RequestError
from llmproc.remote.orders import RemoteOrder, RemoteTicket
from llmproc.remote.service import RemoteService
from llmproc.service.messages import FinishReason
from llmproc.session.openai import chat_fields
from llmproc.telemetry.client_record import client_record
from llmproc.telemetry.record import RequestRecord

_REASONS: dict[str, FinishReason] = {"stop": "end", "length": "length"}
_CHARACTERS_PER_TOKEN = 4  # of English text, roughly: lpt needs no more
_OPENAI = "api.openai.com"


class RemoteBackend:
    """Servers that answer rows; the first one is asked with the first row."""

    def __init__(self, service: RemoteService, raw: bool, connections: int) -> None:
        """Prepare it. `service`: not started; `raw`: prompts go on as plain text; `connections`: to each server."""
        self.service, self._raw, self._connections = service, raw, connections
        hosts = [urlsplit(endpoint.base_url).hostname for endpoint in service.endpoints]
        self._limits = LIMIT_FIELDS[1:] if _OPENAI in hosts else LIMIT_FIELDS  # it refuses both fields together

    def __enter__(self) -> RemoteBackend:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.service.close()

    def prepare(self, row: PromptRow) -> RemotePrepared:
        """Turn a row into requests. RequestError."""
        choices = [row.sampling.choice(index) for index in range(row.sampling.n)]
        requests = [_request(row, sampling, self._raw, self._limits) for sampling in choices]
        try:
            size = len(request_body(requests[0], ""))
        except UnicodeEncodeError:
            raise RequestError("the prompt has bytes that are not UTF-8 text: servers cannot be sent them") from None
        cost = row.sampling.max_tokens + size / _CHARACTERS_PER_TOKEN
        return RemotePrepared(row, [RemoteOrder(request, cost) for request in requests], self.service)

    def start(self) -> None:
        self.service.start()

    def lanes(self) -> list[LaneStatus]:
        return [
            LaneStatus(number, urlsplit(server.url).netloc, server.state, server.running)
            for number, server in enumerate(self.service.servers())
        ]

    def about(self) -> dict[str, Any]:
        endpoints = self.service.endpoints
        return {
            "workers": len(endpoints),
            "threads": 0,
            "sequences": self._connections,
            "urls": [endpoint.base_url for endpoint in endpoints],
            "models": [endpoint.model for endpoint in endpoints],
        }


@dataclass(frozen=True, slots=True)
class RemotePrepared:
    """A row with its requests, one for each of its answers."""

    row: PromptRow
    orders: Sequence[RemoteOrder]
    service: RemoteService

    def send(self, notify: Callable[[], None], every_token: bool) -> RemoteRow:
        request = RemoteRow(self.row, self.service, notify, every_token)
        for index, order in enumerate(self.orders):
            wanted = replace(order, wants_pieces=every_token and index == 0)
            request.tickets.append(self.service.submit(wanted, request.notify))
        return request


class RemoteRow:
    """A row whose requests have been sent."""

    def __init__(self, row: PromptRow, service: RemoteService, notify: Callable[[], None], every_token: bool) -> None:
        """Wait for events. `every_token`: tell of tokens; else of ends alone."""
        self.row = row
        self.tickets: list[RemoteTicket] = []
        self._service, self._notify, self._every_token = service, notify, every_token

    def notify(self) -> None:
        """Tell main's loop that something can be taken."""
        if self._every_token or any(ticket.ended is not None for ticket in list(self.tickets)):
            self._notify()

    @property
    def requests(self) -> int:
        return len(self.tickets)

    @property
    def tokens(self) -> int:
        return sum(ticket.arrived for ticket in self.tickets)

    def tokens_of(self, lane: int) -> int:
        return sum(ticket.arrived for ticket in self.tickets if ticket.server == lane)

    def moments(self) -> tuple[float | None, float | None]:
        begun = [ticket.begun for ticket in self.tickets if ticket.begun is not None]
        ended = [ticket.ended for ticket in self.tickets if ticket.ended is not None]
        return min(begun, default=None), max(ended, default=None)

    def drain(self) -> list[str]:
        return self.tickets[0].take_pieces() if self.tickets[0].order.wants_pieces else []

    @property
    def ended(self) -> bool:
        return all(ticket.ended is not None for ticket in self.tickets)

    def cut_off(self) -> bool:
        """Return whether the run ended over it: it has no result."""
        return any(ticket.cancelled for ticket in self.tickets)

    def result(self) -> ResultRow:
        return joined(self.row, [_figures(ticket, self._service) for ticket in self.tickets])

    def span(self, content: bool) -> RequestRecord | None:
        answers = [ticket.answer for ticket in self.tickets if ticket.answer is not None]
        if not answers:
            return None
        first = self.tickets[0]
        more: dict[str, str | int] = {"llmproc.batch.index": self.row.index, "llmproc.batch.id": str(self.row.id)}
        return client_record(first.order.request, answers, content, began=first.submitted, more=more)


def _request(row: PromptRow, sampling: SamplingParams, raw: bool, limits: Sequence[str]) -> RemoteRequest:
    if sampling.logprobs is not None:
        raise RequestError("logprobs cannot be had of a server: it tells texts of tokens, and results have ids")
    if sampling.json_schema and raw:
        raise RequestError("json_schema needs a chat: servers take a schema with messages only, not with --raw")
    return RemoteRequest(
        _raw_prompt(row) if raw else _messages(row),
        max_tokens=sampling.max_tokens,
        interface="completions" if raw else "chat",
        temperature=float(sampling.temperature),
        seed=sampling.seed,
        ignore_eos=sampling.ignore_eos,
        limit_fields=limits,
        extra=chat_fields(sampling),
    )


def _raw_prompt(row: PromptRow) -> str:
    if not isinstance(row.prompt, str):
        raise RequestError("messages need a chat template: with --raw prompts are plain text")
    if row.system is not None:
        raise RequestError("system needs a chat template: with --raw prompts are plain text")
    return row.prompt


def _messages(row: PromptRow) -> list[dict[str, str]]:
    messages = [{"role": "user", "content": row.prompt}] if isinstance(row.prompt, str) else [*map(dict, row.prompt)]
    if not messages:
        raise RequestError("messages is empty: must have a user's message at its end")
    for number, message in enumerate(messages):
        if not isinstance(message.get("role"), str) or not isinstance(message.get("content"), str):
            raise RequestError(f"message {number}: must have a role and a content, both text, and nothing else")
    if row.system is not None and messages[0]["role"] != "system":
        messages.insert(0, {"role": "system", "content": row.system})
    return messages


def _figures(ticket: RemoteTicket, service: RemoteService) -> AnswerFigures:
    answer = ticket.answer
    ended = ticket.submitted if ticket.ended is None else ticket.ended
    fields: dict[str, Any] = {
        "text": "", "finish_reason": "failed", "cached_tokens": 0, "new_tokens": 0, "queue_s": 0.0, "prefill_s": 0.0,
        "decode_s": 0.0, "total_s": round(ended - ticket.submitted, 6), "worker": ticket.server,
        "attempts": ticket.attempts, "request": ticket.number,
    }  # fmt: skip
    if answer is None:
        fields["queue_s"] = fields["total_s"]
        return AnswerFigures(fields, 0, ticket.error or "failed")
    if ticket.server is not None:
        fields["url"] = service.endpoints[ticket.server].base_url
    serving_s = answer.total_s if answer.ttft_s is None else answer.ttft_s
    queue_s = max(0.0, ended - ticket.submitted - answer.total_s)  # waits and failed attempts before the last too
    fields |= {
        "text": answer.text, "cached_tokens": answer.tokens.cached or 0, "new_tokens": answer.tokens.completion or 0,
        "queue_s": round(queue_s, 6), "prefill_s": round(serving_s, 6),
        "decode_s": round(answer.total_s - serving_s, 6), "total_s": round(queue_s + answer.total_s, 6),
    }  # fmt: skip
    error = ticket.error
    if error is None and answer.finish_reason == "content_filter":
        error = f"{fields['url']}: the server's content filter cut the answer"
    if error is None:
        fields["finish_reason"] = _REASONS.get(answer.finish_reason or "", "end")
    return AnswerFigures(fields, answer.tokens.prompt or 0, error)
