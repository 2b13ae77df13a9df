"""Reference against kernels: every logit bit-equal in C order, close in plain NumPy, on real and odd shapes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from engine.one_sequence import C_ORDER, bits, one_sequence, sample
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmproc.engine.randomness import RandomStream
from llmproc.engine.reference import Reference, quantise, reference_sample

BOS = 1


@pytest.mark.parametrize("name", ["course-tiny-v2", "stories260K"])
@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_200_tokens_from_bos_are_the_same_by_both(name: str, temperature: float, shared_models: dict) -> None:
    """Each goes its own way: its own logits, its own stream, and (as often as its slowness allows) its own sampler."""
    every = 5 if name == "course-tiny-v2" else 1  # 49152 calls of expf for one draw
    model = shared_models[name]
    reference, stream, draws = Reference(*model), RandomStream(7), RandomStream(7)
    by_kernels, by_reference = [BOS], [BOS]
    with one_sequence(model, replace(C_ORDER, threads=2)) as sequence:
        for position in range(200):
            logits = sequence.forward(by_kernels[-1], position)
            expected = reference.forward(by_reference[-1], position)
            np.testing.assert_array_equal(bits(logits), bits(expected))
            by_kernels.append(sample(logits, temperature, 0.9, stream))
            coin = draws.coin() if temperature else None
            if position % every == 0:
                by_reference.append(reference_sample(expected, temperature, 0.9, coin))
            else:
                again = RandomStream(7, draws.draws - 1 if temperature else 0)
                by_reference.append(sample(expected, temperature, 0.9, again))
    assert by_kernels == by_reference
    assert len(set(by_kernels)) > 10, "a model that repeats itself shows nothing"
    assert stream.state == draws.state


shapes = st.fixed_dictionaries(
    {
        "n_layers": st.integers(1, 3),
        "n_kv_heads": st.integers(1, 3),
        "vocab_size": st.integers(1, 40),
        "hidden_dim": st.sampled_from([8, 16, 40]),
    }
)


@given(
    shapes, st.integers(1, 3), st.sampled_from([2, 6, 10]), st.sampled_from(["int8", "f32"]), st.sampled_from([4, 8]),
    st.integers(0, 2**31),
)  # fmt: skip
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_any_shape_gives_the_same_bits(
    make_model, threads: int, sizes: dict, shared: int, head_dim: int, weight_type: str, group: int, seed: int
) -> None:
    """Head counts and head sizes that are no powers of two, a head_dim that is not dim / n_heads, groups of 4 and 8.

    Token by token, and the first half of them at once.
    """
    heads = sizes["n_kv_heads"] * shared * (group // 2 if weight_type == "int8" else 1)  # whole groups
    model = make_model(seed, weight_type, group, **sizes, dim=24, n_heads=heads, head_dim=head_dim, seq_len=12)
    reference, random = Reference(*model), np.random.default_rng(seed)
    ids = random.integers(sizes["vocab_size"], size=12).tolist()
    expected = [reference.forward(token, position) for position, token in enumerate(ids)]
    with one_sequence(model, replace(C_ORDER, threads=threads)) as sequence:
        for position, token in enumerate(ids):
            np.testing.assert_array_equal(bits(sequence.forward(token, position)), bits(expected[position]))
    with one_sequence(model, replace(C_ORDER, threads=threads)) as sequence:
        np.testing.assert_array_equal(bits(sequence.read(ids[:7], 0)), bits(expected[6]))
        np.testing.assert_array_equal(bits(sequence.read(ids[7:], 7)), bits(expected[11]))


@pytest.mark.parametrize("weight_type", ["int8", "f32"])
def test_plain_numpy_agrees_to_some_digits_only(make_model, weight_type: str) -> None:
    model = make_model(3, weight_type, dim=64, hidden_dim=128, vocab_size=500)
    plain, ordered = Reference(*model, c_order=False), Reference(*model)
    differences = 0
    for position, token in enumerate([1, 5, 2, 40, 7]):
        first, second = plain.forward(token, position), ordered.forward(token, position)
        # int8: a sum that differs in the last bit can move an activation to the next of 127 steps
        np.testing.assert_allclose(first, second, atol=2e-2 if weight_type == "int8" else 1e-5, rtol=1e-4)
        differences += int((first != second).sum())
    assert differences > 0, "then the order of sums would not matter and the C-order mode would test nothing"


@pytest.mark.parametrize("group", [4, 16])
def test_group_sums_too_large_for_float_are_exact_too(make_model, monkeypatch: pytest.MonkeyPatch, group: int) -> None:
    from llmproc.engine import reference

    model = make_model(1, group=group, dim=16, hidden_dim=32)
    usual = Reference(*model).forward(3, 0)
    monkeypatch.setattr(reference, "EXACT", 0)
    np.testing.assert_array_equal(bits(Reference(*model).forward(3, 0)), bits(usual))


def test_quantise_of_the_reference() -> None:
    values, scales = quantise(np.array([127, 0.5, -0.5, -1.5, 0, 0, 0, 0, 1, np.nan, 0, 0], np.float32), 4)
    assert values.tolist() == [127, 1, -1, -2, 0, 0, 0, 0, 0, 0, 0, 0]
    assert scales[:2].tolist() == [1, 0] and np.isnan(scales[2])


def test_out_of_range_is_refused(make_model) -> None:
    reference = Reference(*make_model())
    for token, position in ((-1, 0), (50, 0), (0, -1), (0, 64)):
        with pytest.raises(ValueError, match="out of range"):
            reference.forward(token, position)
