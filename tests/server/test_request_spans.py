"""What becomes of one request's span inside the server, where no client can show it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.types import Message

from llmproc.config import SamplingParams
from llmproc.server.asking import About, Asked
from llmproc.server.limits import HttpLimits
from llmproc.server.request_spans import RequestSpan, ServerSpans, _texts_of
from llmproc.server.responding import Endpoint, Responder
from llmproc.telemetry.record import RequestRecord

SCOPE = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": [(b"content-length", b"2")]}


def spans(content: bool = False) -> tuple[ServerSpans, list[RequestRecord]]:
    records: list[RequestRecord] = []
    return ServerSpans(About("m", "fp", 64), records.append, content), records


def asked(*prompts: Any, **more: Any) -> Asked:
    return Asked(prompts, SamplingParams(), stream=False, **more)


def test_a_mistake_of_ours_is_an_error_and_goes_on_to_the_log() -> None:
    made, records = spans()

    async def receive() -> Message:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    def broken(body: bytes) -> Asked:
        raise ZeroDivisionError

    responder: Any = SimpleNamespace(spans=made, limits=HttpLimits())
    dialect: Any = SimpleNamespace(read=broken)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(Endpoint(dialect, responder)(dict(SCOPE), receive, None))  # type: ignore[arg-type]
    (record,) = records
    assert record.error_type == "internal_error" and record.more["http.response.status_code"] == 500


@pytest.mark.parametrize("prompts", [(), ("hi",)])
def test_only_what_asks_for_an_answer_has_a_span(prompts: tuple[str, ...]) -> None:
    made, records = spans()
    span: RequestSpan = made.begin(dict(SCOPE))
    span.asked(asked(*prompts), 9)
    span.end()
    assert [record.error_type for record in records] == ["cancelled"] * len(prompts)


def test_a_client_that_left_before_it_asked_has_none() -> None:
    made, records = spans()
    made.begin(dict(SCOPE)).end()
    assert records == []


def test_texts_are_kept_only_if_they_are_exported() -> None:
    for content in (False, True):
        made, records = spans(content)
        span = made.begin(dict(SCOPE))
        span.asked(asked("hi", system="be brief"), 9)
        span.end()
        messages = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]
        assert (records[0].prompt, records[0].weight) == ((messages, 9) if content else (None, 0))


def test_several_prompts_are_messages_and_ids_are_nothing() -> None:
    assert _texts_of(asked("a", "b")) == [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
    assert _texts_of(asked([1, 2])) is None and _texts_of(asked([1], [2])) is None


def test_a_server_without_collector_makes_no_span() -> None:
    assert Responder(*[None] * 6).spans is None  # type: ignore[arg-type]
