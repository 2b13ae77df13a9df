"""Messages: what goes over the pipes comes out the same, and nothing else comes out."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from llmproc.config import EngineOptions, SamplingParams
from llmproc.errors import ProtocolError
from llmproc.processes.frames import Frame
from llmproc.processes.protocol import FIRST_FREE
from llmproc.service.messages import Cancel, Events, Finish, Generate, PrepareOrder, Token, from_frame, to_frame

FINISH = Finish(
    request_id=2, reason="end", prompt_tokens=3, cached_tokens=1, new_tokens=2, draws=4, positions=5, prefill_s=0.1,
    decode_s=0.2,
)  # fmt: skip
MESSAGES = [
    Generate.sampled([1, 2, 3], SamplingParams(0.6, 0.9, 5, 2**64 - 1), end_tokens=[2], draws=3),
    Generate.sampled([1], SamplingParams(0.0, 1.0), max_tokens=5, end_tokens=[], draws=0, closing=2),
    Generate.greedy([1], 5, draws=2, alone=True, wait_s=0.5),
    Cancel(),
    Events([]),
    Events([Token(1, 5, True), FINISH, Token(3, 2, False)]),
    Events([structs.replace(FINISH, reason="failed", message="logits", discarded=12)]),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
def test_round_trip(message: Generate | Cancel | Events) -> None:
    frame = to_frame(message, 17)
    assert frame.type >= FIRST_FREE
    assert frame.request_id == 17
    assert from_frame(frame) == message


@pytest.mark.parametrize("kind", [0, 1, 15, FIRST_FREE + 5, 255])
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
    frame = to_frame(Events([FINISH]))
    raw = msgspec.msgpack.decode(frame.payload)
    raw[0][0][2] = "whatever"
    with pytest.raises(ProtocolError):
        from_frame(Frame(frame.type, 0, msgspec.msgpack.encode(raw)))


def test_a_prepare_order_carries_the_engine_options_whole_and_checked() -> None:
    options = EngineOptions(threads=2, sequences=4, weights="q4", context=300, kv_memory=1 << 33, leads=False)
    data = msgspec.json.encode(PrepareOrder(b"caf\xe9.bin", options))
    assert msgspec.json.decode(data, type=PrepareOrder) == PrepareOrder(b"caf\xe9.bin", options)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(data.replace(b'"threads":2', b'"threads":"two"'), type=PrepareOrder)


def test_the_usual_ends_and_orders_have_names() -> None:
    end = Finish.plain(1, "failed", prompt_tokens=3, new_tokens=2, draws=5, message="why", decode_s=0.5)
    assert end == Finish(
        request_id=1, reason="failed", message="why", prompt_tokens=3, cached_tokens=0, new_tokens=2, draws=5,
        discarded=None, positions=5, prefill_s=0.0, decode_s=0.5,
    )  # fmt: skip
    drawn = Generate.sampled([1], SamplingParams(0.5, 0.25, 7, 9), end_tokens=[2], draws=3)
    assert (drawn.max_tokens, drawn.temperature, drawn.top_p, drawn.seed, drawn.draws) == (7, 0.5, 0.25, 9, 3)
    assert Generate.sampled([1], SamplingParams(), max_tokens=2, end_tokens=[], draws=0, closing=2).max_tokens == 2
    assert Generate.greedy([1], 5).temperature == 0 and not Generate.greedy([1], 5).end_tokens
    for kind in (Finish, Generate):
        with pytest.raises(TypeError):
            kind(1)  # type: ignore[call-arg,misc]  # fields are given by name


def test_on_the_wire_fields_keep_their_order() -> None:
    """array_like: a message is its fields in this order, so a new field goes to the end."""
    assert Finish.__struct_fields__ == (
        "request_id", "reason", "message", "prompt_tokens", "cached_tokens", "new_tokens", "draws", "discarded",
        "positions", "prefill_s", "decode_s",
    )  # fmt: skip
    assert msgspec.msgpack.decode(to_frame(Generate.greedy([1], 5)).payload) == [
        [1],
        5,
        [],
        0.0,
        1.0,
        1,
        0,
        None,
        False,
        0.0,
    ]
