"""Whatever bytes come, they are a request or are refused in one line."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from server.ollama.ollama_answers import BOTH, CHAT, GENERATE, question

from llmproc.server.asking import Asked
from llmproc.server.ollama.dialects import OllamaChat, OllamaGenerate
from llmproc.server.ollama.pages import shown_model
from llmproc.server.ollama.requests import OllamaChatRequest, OllamaGenerateRequest, OllamaOptions
from llmproc.server.refusals import RefusedError

CHECKS = settings(max_examples=150, deadline=None)
FIELDS = sorted({*OllamaChatRequest.__struct_fields__, *OllamaGenerateRequest.__struct_fields__})
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["user", "json", "5m", "high", "\ud800", 1 << 70, -1, 0, 1e308])
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)
OPTIONS = st.dictionaries(st.sampled_from(OllamaOptions.__struct_fields__) | st.text(max_size=6), VALUES, max_size=5)
PARTS = st.sampled_from(["role", "content", "thinking", "images", "tool_calls", "name"])
MESSAGES = st.lists(
    st.dictionaries(PARTS, VALUES),
    max_size=3,
)
BODIES = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=6), VALUES, max_size=6)


def judged(dialect: OllamaChat | OllamaGenerate, body: bytes) -> Asked | None:
    """What is asked, or None when it is refused; the refusal is one line that any client can read."""
    try:
        return dialect.read(body)
    except RefusedError as error:
        told = dialect.errors.refusal(error)
        assert error.status == 400 and isinstance(json.loads(told)["error"], str) and b"\n" not in told
        return None


@CHECKS
@given(body=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    assert judged(CHAT, body) is None or json.loads(body) is not None
    judged(GENERATE, body)


@CHECKS
@given(fields=BODIES, options=OPTIONS | st.none(), messages=MESSAGES | st.none())
def test_any_values_are_read_or_refused(fields: dict[str, Any], options: Any, messages: Any) -> None:
    body = json.dumps({**fields, "options": options}).encode()
    judged(GENERATE, body)
    found = judged(CHAT, json.dumps({**fields, "options": options, "messages": messages}).encode())
    if found is not None:
        assert found.sampling.max_tokens >= 1 and all(isinstance(name, str) for name in found.ignored)


@CHECKS
@given(at=st.integers(0, 200), instead=st.binary(max_size=3))
def test_a_good_body_with_wrong_bytes_in_it(at: int, instead: bytes) -> None:
    body = question(options={"stop": ["a"], "num_thread": 3}, keep_alive="5m", think=False)
    judged(CHAT, body[:at] + instead + body[at + len(instead) :])
    judged(CHAT, body[:at])


@CHECKS
@given(body=st.binary(max_size=80) | BODIES.map(lambda fields: json.dumps(fields).encode()))
def test_any_body_of_show(body: bytes) -> None:
    try:
        found = shown_model(body)
    except RefusedError as error:
        assert error.status == 400
    else:
        assert found is None or isinstance(found, str)


@BOTH
@pytest.mark.parametrize("inside", ['{"options":{"x":%s', '{"options":{"stop":%s', '{"zz":%s', '{"messages":%s', "%s"])
def test_depth_is_refused(dialect: OllamaChat | OllamaGenerate, inside: str) -> None:
    for deep in ("[" * 200_000, '{"a":' * 200_000):
        assert judged(dialect, (inside % deep).encode()) is None


def test_depth_that_is_just_read_once_is_refused_the_second_time() -> None:
    """Options are looked at twice, from places of different depth: none between both limits may be an accident."""
    for depth in range(sys.getrecursionlimit() - 120, sys.getrecursionlimit()):
        judged(CHAT, ('{"options":{"x":%s}}' % ("[" * depth + "]" * depth)).encode())
