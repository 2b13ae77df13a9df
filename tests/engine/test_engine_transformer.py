"""The transformer: blocks equal single tokens, nothing unchecked reaches a kernel."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from llmproc.checkpoints.weights import Int8Matrix
from llmproc.engine.transformer import Transformer
from llmproc.errors import RequestError


@pytest.mark.parametrize("weight_type", ["int8", "f32"])
@pytest.mark.parametrize("cuts", [[1] * 39, [39], [16, 16, 7], [3, 17, 19]])
def test_prefill_in_any_cuts_gives_the_bits_of_single_tokens(make_model, weight_type: str, cuts: list[int]) -> None:
    transformer = Transformer(*make_model(2, weight_type))
    ids = np.random.default_rng(0).integers(0, 50, 40).tolist()
    alone, together = transformer.new_cache(), transformer.new_cache()
    for position, token in enumerate(ids):
        expected = transformer.forward(token, position, alone)
    position = 0
    for cut in cuts:
        transformer.prefill(ids[position : position + cut], position, together)
        position += cut
    found = transformer.forward(ids[-1], 39, together)
    np.testing.assert_array_equal(found.view(np.uint32), expected.view(np.uint32))
    np.testing.assert_array_equal(together.keys, alone.keys)
    np.testing.assert_array_equal(together.values, alone.values)


def test_logits_are_the_callers_own(make_model) -> None:
    transformer = Transformer(*make_model())
    cache = transformer.new_cache()
    first = transformer.forward(1, 0, cache)
    kept = first.copy()
    transformer.forward(2, 1, cache)
    np.testing.assert_array_equal(first, kept)


def test_the_cache_behind_a_position_does_not_matter(make_model) -> None:
    transformer = Transformer(*make_model())
    cache, dirty = transformer.new_cache(), transformer.new_cache()
    dirty.keys[:], dirty.values[:] = np.nan, np.nan
    for position, token in enumerate((4, 9, 1)):
        clean = transformer.forward(token, position, cache)
        np.testing.assert_array_equal(transformer.forward(token, position, dirty), clean)


def test_ids_and_positions_are_checked_before_a_kernel_sees_them(make_model) -> None:
    transformer = Transformer(*make_model())
    cache = transformer.new_cache()
    for token, position in ((-1, 0), (50, 0), (0, -1), (0, 64)):
        with pytest.raises(RequestError):
            transformer.forward(token, position, cache)
    with pytest.raises(RequestError):
        transformer.prefill([1, 2, 3], 62, cache)
    assert not cache.keys.any() and not cache.values.any()


def test_read_only_weights_are_fine(make_model) -> None:
    description, weights = make_model()
    cache = Transformer(description, weights).new_cache()
    expected = Transformer(description, weights).forward(1, 0, cache)
    for layer in weights.layers:
        layer.attention_norm.flags.writeable = False
        layer.wq.values.flags.writeable = layer.wq.scales.flags.writeable = False
    np.testing.assert_array_equal(Transformer(description, weights).forward(1, 0, cache), expected)


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
        "layer 0 wk is ndarray": layer(wk=lambda w: w.layers[0].wk.values),
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
        Transformer(*breakages()[name](*make_model()))
