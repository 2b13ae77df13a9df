"""The forward pass: blocks equal single tokens, nothing unchecked reaches a kernel, nothing stale or NaN spreads."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from engine.fake_forward import answer, drain
from engine.one_sequence import C_ORDER, Model, OneSequence, bits, one_sequence, open_engine

from llmproc.checkpoints.weights import Int8Matrix
from llmproc.config import EngineOptions
from llmproc.engine.batch import Chunk
from llmproc.engine.events import Finish, Token
from llmproc.engine.loading import open_weights
from llmproc.engine.sequence import SequenceRequest
from llmproc.errors import RequestError

ORDERS = {"c order": C_ORDER, "fast": EngineOptions(), "fast, f32 cache": EngineOptions(kv_type="f32")}
PROMPT = (4, 9, 1, 7)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("weight_type", ["int8", "f32"])
@pytest.mark.parametrize("cuts", [[1] * 39, [39], [16, 16, 7], [3, 17, 19]])
def test_a_prompt_in_any_cuts_gives_the_bits_of_single_tokens(
    make_model, weight_type: str, cuts: list[int], order: str
) -> None:
    model = make_model(2, weight_type)
    ids = np.random.default_rng(0).integers(0, 50, 40).tolist()
    with one_sequence(model, ORDERS[order]) as alone, one_sequence(model, ORDERS[order]) as together:
        for position, token in enumerate(ids):
            expected = alone.forward(token, position)
        position = 0
        for cut in cuts:
            together.read(ids[position : position + cut], position)
            position += cut
        np.testing.assert_array_equal(bits(together.forward(ids[-1], 39)), bits(expected))
        np.testing.assert_array_equal(
            together.forward_pass.workspace.pool_bytes, alone.forward_pass.workspace.pool_bytes, "other keys or values"
        )


@pytest.mark.parametrize("order", ORDERS)
def test_what_a_page_held_before_does_not_matter_once_it_is_wiped(make_model, order: str) -> None:
    """Stale numbers behind the last position count for nothing; NaN would, so pages that may hold it are wiped."""
    with one_sequence(make_model(), ORDERS[order]) as sequence:
        forward = sequence.forward_pass
        expected = [sequence.forward(token, position) for position, token in enumerate(PROMPT)]
        forward.workspace.pool_bytes[:] = 0x55  # a large number as float32, an ordinary one as half
        stale = [sequence.forward(token, position) for position, token in enumerate(PROMPT)]
        np.testing.assert_array_equal(stale, expected)
        forward.workspace.pool_bytes[:] = 0xFF  # NaN
        forward.wipe(sequence.pages)
        assert not forward.workspace.pool_bytes.any()
        wiped = [sequence.forward(token, position) for position, token in enumerate(PROMPT)]
        np.testing.assert_array_equal(wiped, expected)


def test_wipe_touches_the_pages_named_alone(make_model) -> None:
    with one_sequence(make_model()) as sequence:
        forward = sequence.forward_pass
        forward.workspace.pool_bytes[:] = 7
        forward.wipe([1])
        left = forward.workspace.pool_bytes.reshape(forward.pages, -1)
        assert left.any(axis=1).tolist() == [page != 1 for page in range(forward.pages)]
        assert (left[0] == 7).all()


def refused() -> dict[str, tuple[list[Chunk], str]]:
    """Name -> (chunks that must not reach a kernel, what is said). The model: 50 ids, 64 positions, 8 pages."""
    pages = [0, 1, 2, 3]

    def one(tokens: list[int], position: int = 0, table: list[int] = pages) -> list[Chunk]:
        return [Chunk(tokens, position, table, True)]

    return {
        "id below": (one([-1]), "token ids"),
        "id above": (one([1, 50]), "token ids"),
        "huge id": (one([1 << 70]), "token ids"),
        "no ids": (one([]), "0 tokens"),
        "position below": (one([1], -1), "position -1"),
        "position above": (one([1], 64), "position 64"),
        "last position above": (one([1, 2, 3], 62), "position 62"),
        "more ids than a step has": (one([1] * 64) + one([1] * 64, 0, [4, 5, 6, 7]), "128 tokens in a step"),
        "too few pages": (one([1], 16, [0]), "1 pages cannot hold 17"),
        "no pages": (one([1], 0, []), "0 pages"),
        "page below": (one([1], 0, [-1]), "pages must be 0..7"),
        "page above": (one([1], 20, [0, 8]), "pages must be 0..7"),
        "the second chunk": (one([1]) + one([50]), "token ids"),
        "more chunks than sequences": (one([1]) + one([2], 0, [4]) + one([3], 0, [5]), "3 chunks"),
    }


@pytest.mark.parametrize("name", refused())
def test_what_is_out_of_range_is_refused_before_a_kernel_sees_it(make_model, name: str) -> None:
    chunks, said = refused()[name]
    options = EngineOptions(sequences=2, batch_tokens=64)
    with open_weights(*make_model(), options) as forward:
        assert (forward.vocab_size, forward.context, forward.pages) == (50, 64, 8)
        with pytest.raises(RequestError, match=said):
            forward.run(chunks)
        assert not forward.workspace.pool_bytes.any(), "something was computed"
        expected = OneSequence(forward).forward(1, 0)
    with one_sequence(make_model(), EngineOptions()) as fresh:
        np.testing.assert_array_equal(fresh.forward(1, 0), expected, "the refused one left something")


def test_read_only_weights_are_fine(make_model) -> None:
    description, weights = make_model()
    with one_sequence((description, weights)) as sequence:
        expected = sequence.forward(1, 0)
    for layer in weights.layers:
        layer.attention_norm.flags.writeable = False
        layer.wq.values.flags.writeable = layer.wq.scales.flags.writeable = False
    with one_sequence((description, weights)) as sequence:
        np.testing.assert_array_equal(sequence.forward(1, 0), expected)


def request(number: int, tokens: tuple[int, ...] = PROMPT, **more: float) -> SequenceRequest:
    return SequenceRequest(number, tokens, 10, **{"temperature": 0.8, "top_p": 0.9, **more})


def spoil(model: Model, weight_type: str, place: str, row: int) -> None:
    weights = model[1]
    if place == "norm":
        weights.layers[0].ffn_norm[3] = np.nan
    else:
        matrix = getattr(weights, place)
        (matrix.scales if weight_type == "int8" else matrix)[row, 0] = np.nan


@pytest.mark.parametrize("order", ["c order", "fast"])
@pytest.mark.parametrize("weight_type", ["int8", "f32"])
@pytest.mark.parametrize("place", ["norm", "classifier", "embedding"])
@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_nan_weights_fail_the_request_with_a_reason(
    make_model, order: str, weight_type: str, place: str, temperature: float
) -> None:
    model = make_model(0, weight_type)
    spoil(model, weight_type, place, PROMPT[-1])
    with open_engine(model, ORDERS[order]) as engine:
        for number in (1, 2):
            ids, finish = answer(engine, request(number, temperature=temperature))
            assert (ids, finish.reason, finish.draws) == ([], "failed", 0)
            assert "NaN" in finish.message
            assert finish.cached_tokens == 0, "a failed sequence leaves nothing to reuse"


@pytest.mark.parametrize("order", ["c order", "fast"])
@pytest.mark.parametrize("weight_type", ["int8", "f32"])
@pytest.mark.parametrize("dim", [16, 24])
def test_a_failure_leaves_those_beside_it_and_after_it_alone(
    make_model, order: str, weight_type: str, dim: int
) -> None:
    """Pages, rows of activations (which are padded where `dim` is no whole vector) and scratch are used again."""
    options = dataclasses.replace(ORDERS[order], sequences=2, threads=2)
    with open_engine(make_model(0, weight_type, dim=dim), options) as engine:
        expected, _ = answer(engine, request(1))
        unused = next(token for token in range(49, 0, -1) if token not in (*PROMPT, *expected))
    model = make_model(0, weight_type, dim=dim)
    spoil(model, weight_type, "embedding", unused)
    with open_engine(model, options) as engine:
        engine.add(request(1, (unused,) * 14))
        engine.add(request(2))
        events = drain(engine)
        assert [e.token for e in events if e.request_id == 2 and isinstance(e, Token)] == expected
        assert {e.request_id: e.reason for e in events if isinstance(e, Finish)} == {1: "failed", 2: "length"}
        for number in range(3, 7):
            assert answer(engine, request(number))[0] == expected


def breakages() -> dict:
    """Name -> how to break one thing about (description, weights)."""

    def layer(**changes):
        def broken(d, w):
            first = dataclasses.replace(w.layers[0], **{name: change(w) for name, change in changes.items()})
            return d, dataclasses.replace(w, layers=[first, *w.layers[1:]])

        return broken

    def weights(**changes):
        return lambda d, w: (d, dataclasses.replace(w, **{name: change(w) for name, change in changes.items()}))

    def description(**changes):
        return lambda d, w: (dataclasses.replace(d, **changes), w)

    def cut(matrix):
        return Int8Matrix(matrix.values[:-1], matrix.scales[:-1])

    return {
        "final norm": weights(final_norm=lambda w: w.final_norm[:-1]),
        "embedding values": weights(embedding=lambda w: cut(w.embedding)),
        "classifier scales": weights(classifier=lambda w: Int8Matrix(w.classifier.values, w.classifier.scales[:, :-1])),
        "layer 0 wk is int8": layer(wk=lambda w: w.layers[0].wk.values),
        "layer 0 w2 values": layer(w2=lambda w: w.layers[0].w1),
        "layer 0 wq values is float32": layer(
            wq=lambda w: Int8Matrix(w.layers[0].wq.values.astype(np.float32), w.layers[0].wq.scales)
        ),
        "layer 0 wq values must be aligned": layer(
            wq=lambda w: Int8Matrix(np.asfortranarray(w.layers[0].wq.values), w.layers[0].wq.scales)
        ),
        "layer 0 ffn_norm is float64": layer(ffn_norm=lambda w: w.layers[0].ffn_norm.astype(np.float64)),
        "1 layers": weights(layers=lambda w: w.layers[:1]),
        "head_dim": description(head_dim=3),
        "n_heads": description(n_kv_heads=3),
        "group_size": description(group_size=5),
    }


@pytest.mark.parametrize("name", breakages())
def test_weights_that_do_not_fit_the_description_are_refused(make_model, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        open_weights(*breakages()[name](*make_model()), C_ORDER)
