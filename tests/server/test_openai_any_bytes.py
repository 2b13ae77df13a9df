"""Whatever bytes come: they are asked for something, or refused with a status and one line. Nothing else is raised."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server.made_answers import CHAT, TEXT

from llmproc.server.asking import Asked
from llmproc.server.dialect import Dialect
from llmproc.server.openai.requests import ChatRequest, CompletionRequest
from llmproc.server.refusals import RefusedError

DIALECTS: dict[str, Dialect] = {"chat": CHAT, "completions": TEXT}
CHECKS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
GOOD = {
    "chat": b'{"messages":[{"role":"user","content":[{"type":"text","text":"Hi \\u00e9"}]}],"n":2,"stop":["a"],'
    b'"logit_bias":{"1":-1.5e0},"stream":true,"stream_options":{"include_usage":true}}',
    "completions": b'{"prompt":["Hi",[1,2]],"n":2,"stop":"a","logprobs":3,"temperature":0.5,"seed":-7,"user":null}',
}
NAMES = [*ChatRequest.__struct_fields__, *CompletionRequest.__struct_fields__, "role", "content", "type", "text", "x"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text("ab\n\x00é\u2028", max_size=4)
    | st.sampled_from(["user", "system", "text", "auto", 10**400, 1e308, -1, 0, 1, "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=10,
)  # fmt: skip


def judged(dialect: Dialect, body: bytes) -> Asked | RefusedError:
    try:
        asked = dialect.read(body)
    except RefusedError as error:
        assert error.status == 400 and error.message.isprintable() and len(error.message) < 400
        reply = json.loads(dialect.errors.refusal(error))
        assert set(reply) == {"error"} and set(reply["error"]) == {"message", "type", "param", "code"}
        return error
    assert asked.prompts and 1 <= asked.sampling.max_tokens <= 1 << 20
    return asked


@pytest.mark.parametrize("name", DIALECTS)
@CHECKS
@given(st.binary(max_size=60))
def test_any_bytes(name: str, body: bytes) -> None:
    judged(DIALECTS[name], body)


@pytest.mark.parametrize("name", DIALECTS)
@CHECKS
@given(st.data())
def test_a_good_body_with_bytes_changed_cut_or_put_in(name: str, data: Any) -> None:
    body = GOOD[name]
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 4)))
    piece = data.draw(
        st.binary(max_size=3) | st.sampled_from([b"null", b"[", b"{", b'"', b"1e999", b"NaN", b"\\ud800"])
    )
    judged(DIALECTS[name], body[:start] + piece + body[end:])


@pytest.mark.parametrize("name", DIALECTS)
@CHECKS
@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5), st.booleans())
def test_fields_of_any_kind(name: str, fields: dict[str, Any], complete: bool) -> None:
    needed = {"messages": [{"role": "user", "content": "Hi"}]} if name == "chat" else {"prompt": "Hi"}
    judged(DIALECTS[name], json.dumps({**fields, **needed} if complete else fields).encode())


HUGE = 200_000
HOSTILE = {
    "deep lists": b"[" * HUGE,
    "deep objects": b'{"a":' * HUGE,
    "deep in a known field": b'{"tools":' + b"[" * HUGE + b"]" * HUGE + b"}",
    "deep in a free field": b'{"chat_template_kwargs":' + b'{"a":' * HUGE,
    "deep where text is due": b'{"prompt":' + b"[" * HUGE + b"]" * HUGE + b"}",
    "a number of many digits": b'{"n":' + b"9" * HUGE + b"}",
    "an exponent of many digits": b'{"temperature":1e' + b"9" * HUGE + b"}",
    "a small number of many digits": b'{"temperature":0.' + b"0" * HUGE + b"1}",
    "a long name": b'{"' + b"x" * HUGE + b'":1}',
    "many names": b"{" + b",".join(b'"n%d":1' % i for i in range(HUGE // 10)) + b"}",
    "equal names": b"{" + b",".join([b'"n":1'] * (HUGE // 10)) + b"}",
    "a long text": b'{"user":"' + b"x" * HUGE + b'"}',
    "many wrong items": b'{"messages":[' + b",".join([b"0"] * HUGE) + b"]}",
    "a half of a pair": b'{"user":"\\ud800"}',
    "a raw surrogate": b'{"user":"\xed\xa0\x80"}',
    "NaN": b'{"temperature":NaN}',
    "minus infinity": b'{"temperature":-Infinity}',
    "out of range": b'{"temperature":1e999}',
    "a zero byte": b'{"user":"\x00"}',
    "UTF-16": '{"messages":[]}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "two bodies": b"{}{}",
    "a list": b"[]",
    "nothing": b"",
}


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_bodies_are_refused(name: str, what: str) -> None:
    assert isinstance(judged(DIALECTS[name], HOSTILE[what]), RefusedError)


@pytest.mark.parametrize("name", DIALECTS)
def test_the_good_bodies_are_good(name: str) -> None:
    assert isinstance(judged(DIALECTS[name], GOOD[name]), Asked)
