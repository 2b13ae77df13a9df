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
from llmproc.service.messages import (
    Cancel,
    Events,
    Finish,
    Generate,
    Likely,
    PrepareOrder,
    Shaping,
    Taken,
    from_frame,
    to_frame,
)

FINISH = Finish(
    request_id=2, reason="end", prompt_tokens=3, cached_tokens=1, new_tokens=2, draws=4, positions=5, prefill_s=0.1,
    decode_s=0.2,
)  # fmt: skip
SHAPED = SamplingParams(
    top_k=5, min_p=0.25, presence_penalty=1, frequency_penalty=-0.5, repetition_penalty=1.5, min_tokens=3, logprobs=2,
    logit_bias={9: -1, 7: 2.5},
)  # fmt: skip
MESSAGES = [
    Generate.sampled([1, 2, 3], SamplingParams(0.6, 0.9, 5, 2**64 - 1), end_tokens=[2], draws=3),
    Generate.sampled([1], SamplingParams(0.0, 1.0), max_tokens=5, end_tokens=[], draws=0, closing=2),
    Generate.greedy([1], 5, draws=2, alone=True, wait_s=0.5),
    Generate.sampled([1, 2], SHAPED, end_tokens=[2], draws=0),
    Cancel(),
    Events(),
    Events([1, 3], [[5], [7, 2]], [3], [FINISH, Taken(4, 0, 1.5)]),
    Events([1, 3], [[5], [7, 2]], likely={3: [Likely(-0.5, [(7, -0.5), (9, -0.75)]), Likely(0.0)]}),
    Events(items=[structs.replace(FINISH, reason="failed", message="logits", discarded=12)]),
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


IDS = st.integers(0, 2**31 - 1)
COLUMNS = st.dictionaries(st.integers(1, 2**63), st.lists(IDS, min_size=1, max_size=6), max_size=20)


@st.composite
def events(draw: st.DrawFn) -> Events:
    columns = draw(COLUMNS)
    closed = draw(st.lists(st.sampled_from(list(columns)), unique=True)) if columns else []
    taken = st.builds(Taken, st.integers(1, 2**40), st.integers(0, 99), st.floats(0, 1e9))
    items = draw(st.lists(st.one_of(st.just(FINISH), taken), max_size=4))
    asking = draw(st.sets(st.sampled_from(list(columns)))) if columns else set()
    said = st.builds(Likely, st.floats(-99, 0), st.lists(st.tuples(IDS, st.floats(-99, 0)), max_size=3))
    likely = {each: [draw(said) for _ in columns[each]] for each in asking}
    return Events(list(columns), list(columns.values()), closed, items, likely)


@given(events())
@settings(max_examples=200, deadline=None)
def test_columns_round_trip(message: Events) -> None:
    assert from_frame(to_frame(message)) == message


@given(events(), st.data())
@settings(max_examples=300, deadline=None)
def test_a_damaged_payload_is_refused_or_has_columns_that_agree(message: Events, data: st.DataObject) -> None:
    frame = to_frame(message)
    place = data.draw(st.integers(0, len(frame.payload) - 1))
    cut = data.draw(st.booleans())
    changed = b"" if cut else bytes([data.draw(st.integers(0, 255))])
    payload = frame.payload[:place] + changed + (b"" if cut else frame.payload[place + 1 :])
    try:
        found = from_frame(Frame(frame.type, 0, payload))
    except ProtocolError:
        return
    assert not cut, "a frame that was cut off is refused"
    assert isinstance(found, Events)
    assert len(found.requests) == len(set(found.requests)) == len(found.tokens)
    assert set(found.closed) <= set(found.requests) and all(found.tokens)
    assert all(type(each) is int for ids in found.tokens for each in ids)


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ([[1, 2], [[5]], [], []], "2 requests with the ids of 1"),
        ([[1], [[5], [6]], [], []], "1 requests with the ids of 2"),
        ([[], [[5]], [], []], "0 requests with the ids of 1"),
        ([[1, 1], [[5], [6]], [], []], "stands twice"),
        ([[1], [[5]], [2], []], "closed that got no id"),
        ([[], [], [2], []], "closed that got no id"),
        ([[1, 2], [[5], []], [], []], "without ids"),
        ([[1], [5], [], []], "frame of type"),
        ([[1], [["5"]], [], []], "frame of type"),
        ([[1], [[5.0]], [], []], "frame of type"),
        ([["1"], [[5]], [], []], "frame of type"),
        ([[1], [[None]], [], []], "frame of type"),
        ([[1], b"\x05\x00\x00\x00", [], []], "frame of type"),
        ([[1], [[5]], [], [], {1: []}], "do not go with the ids"),
        ([[1], [[5]], [], [], {1: [[-1.0], [-1.0]]}], "do not go with the ids"),
        ([[1], [[5]], [], [], {2: [[-1.0]]}], "do not go with the ids"),
        ([[1], [[5]], [], [], {1: [["-1"]]}], "frame of type"),
    ],
)
def test_columns_that_do_not_agree_are_refused(columns: list[object], why: str) -> None:
    code = to_frame(Events()).type
    with pytest.raises(ProtocolError, match=why):
        from_frame(Frame(code, 0, msgspec.msgpack.encode(columns)))


def test_an_order_carries_every_option_and_none_where_none_is_asked_for() -> None:
    shaping = Generate.sampled([1, 2], SHAPED, end_tokens=[2], draws=0).shaping
    assert shaping == Shaping(
        given=2, bias=[(7, 2.5), (9, -1.0)], min_tokens=3, repetition=1.5, frequency=-0.5, presence=1.0, top_k=5,
        min_p=0.25, logprobs=2,
    )  # fmt: skip
    told = Generate.sampled([1], SamplingParams(logprobs=0), end_tokens=[], draws=0).shaping
    assert told == Shaping(given=1, logprobs=0)
    unchanged = SamplingParams(top_k=-1, min_p=0, repetition_penalty=1, stop="x", ignore_eos=True, n=3)
    assert Generate.sampled([1], unchanged, end_tokens=[], draws=0).shaping is None


def test_a_reason_outside_the_list_is_refused() -> None:
    frame = to_frame(Events(items=[FINISH]))
    raw = msgspec.msgpack.decode(frame.payload)
    raw[3][0][2] = "whatever"
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
        "positions", "prefill_s", "decode_s", "user_s", "system_s", "wait_s", "kv_bytes",
    )  # fmt: skip
    shaped = Generate.sampled([1], SHAPED, max_tokens=5, end_tokens=[2], draws=4)
    assert msgspec.msgpack.decode(to_frame(shaped).payload) == [
        [1], 5, [2], 0.6, 0.9, 42, 4, None, False, 0.0, [1, [[7, 2.5], [9, -1.0]], 3, 1.5, -0.5, 1.0, 5, 0.25, 2, ""],
    ]  # fmt: skip
    told = to_frame(Events([3], [[7]], [], [], {3: [Likely(-0.5, [(7, -0.5)])]}))
    assert msgspec.msgpack.decode(told.payload, strict=False) == [[3], [[7]], [], [], {3: [[-0.5, [[7, -0.5]]]]}]
