"""Messages: what goes over the pipes comes out the same, and nothing else comes out."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.config import EngineOptions
from llmproc.errors import ProtocolError
from llmproc.processes.frames import Frame
from llmproc.processes.protocol import FIRST_FREE
from llmproc.service.messages import Cancel, Events, Finish, Generate, PrepareOrder, Token, from_frame, to_frame

MESSAGES = [
    Generate([1, 2, 3], 5, [2], 0.6, 0.9, 2**64 - 1, 3),
    Generate([1], 5, [], 0.0, 1.0, 42, 0, closing=2),
    Cancel(),
    Events([]),
    Events([Token(1, 5, True), Finish(2, "end", "", 3, 1, 2, 4, None, 5, 0.1, 0.2), Token(3, 2, False)]),
    Events([Finish(1, "failed", "logits", 3, 1, 2, 4, 12, 5, 0.1, 0.2)]),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
def test_round_trip(message: Generate | Cancel | Events) -> None:
    frame = to_frame(message, 17)
    assert frame.type >= FIRST_FREE
    assert frame.request_id == 17
    assert from_frame(frame) == message


@pytest.mark.parametrize("kind", [0, 1, 15, FIRST_FREE + 4, 255])
def test_an_unknown_type_is_refused(kind: int) -> None:
    with pytest.raises(ProtocolError, match="frame type"):
        from_frame(Frame(kind, 0, b"\x90"))


@given(st.sampled_from(MESSAGES), st.binary(max_size=40))
@settings(max_examples=200, deadline=None)
def test_foreign_bytes_are_a_protocol_error_or_a_message(message: Generate | Cancel | Events, data: bytes) -> None:
    try:
        found = from_frame(Frame(to_frame(message).type, 0, data))
    except ProtocolError:
        return
    assert type(found) is type(message)


def test_a_reason_outside_the_list_is_refused() -> None:
    frame = to_frame(Events([Finish(1, "end", "", 3, 1, 2, 4, None, 5, 0.1, 0.2)]))
    raw = msgspec.msgpack.decode(frame.payload)
    raw[0][0][2] = "whatever"
    with pytest.raises(ProtocolError):
        from_frame(Frame(frame.type, 0, msgspec.msgpack.encode(raw)))


def test_a_prepare_order_carries_the_engine_options_whole_and_checked() -> None:
    options = EngineOptions(threads=2, sequences=4, weights="q4", context=300, kv_memory=1 << 33, leads=False)
    data = msgspec.json.encode(PrepareOrder("model.bin", options))
    assert msgspec.json.decode(data, type=PrepareOrder) == PrepareOrder("model.bin", options)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(data.replace(b'"threads":2', b'"threads":"two"'), type=PrepareOrder)
