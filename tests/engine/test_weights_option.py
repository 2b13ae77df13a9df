"""What `--weights` makes of a file when a model is planned: floats become any type, quantised ones float32 only."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from engine.filled_files import SIZES, mixed_gguf, small_file

from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.weight_choice import chosen_weights, own_weights
from llmproc.config import WEIGHT_TYPES, EngineOptions
from llmproc.engine.loading import plan_model
from llmproc.errors import UsageError

PLAIN = EngineOptions(threads=1)
QUANTISED_ONLY = "must be {0}, because {1} already holds {0}: only an fp32 checkpoint can be quantised"
CHOICES = {  # types of a file -> what becomes of int8, q4, f16, f32: the conversion, `as it is`, or `refused`
    ("F32",): ("int8", "q4", "f16", "as it is"),
    ("F16",): ("int8", "q4", "as it is", "f32"),
    ("BF16",): ("int8", "q4", "f16", "f32"),
    ("F32", "F16", "BF16"): ("int8", "q4", "f16", "f32"),
    ("Q8_0",): ("as it is", "refused", "refused", "f32"),
    ("Q4_0",): ("refused", "as it is", "refused", "f32"),
    ("Q4_K", "Q6_K"): ("refused", "refused", "refused", "f32"),
    ("Q8_0", "F32"): ("refused", "refused", "refused", "f32"),
}


@pytest.mark.parametrize("held", CHOICES, ids=" and ".join)
def test_what_weights_makes_of_a_file(tmp_path: Path, held: tuple[str, ...]) -> None:
    ends = ("attn_q.weight", "ffn_up.weight")
    path = mixed_gguf(tmp_path / "m.gguf", {**dict(zip(ends, held[1:], strict=False)), "": held[0]})
    model, named = open_model(path), ", ".join(sorted(held))
    assert chosen_weights(model, None) == (model.description, None)
    assert own_weights(model) == dict(zip(CHOICES[held], WEIGHT_TYPES, strict=True)).get("as it is")
    for weights, becomes in zip(WEIGHT_TYPES, CHOICES[held], strict=True):
        options = dataclasses.replace(PLAIN, weights=weights)
        if becomes == "refused":
            with pytest.raises(UsageError) as caught:
                plan_model(model, options)
            assert str(caught.value) == f"--weights is {weights}: {QUANTISED_ONLY.format(named, path)}"
        elif becomes == "as it is":
            assert chosen_weights(model, weights) == (model.description, None)
        else:
            described, wanted = chosen_weights(model, weights)
            assert described.weight_type == wanted == weights == becomes
            assert described.group_size == (32 if weights in ("int8", "q4") else 0)
            assert len(plan_model(model, options).kinds) == 1


def test_a_file_of_llama2cs_int8_is_only_itself(tmp_path: Path) -> None:
    model = small_file(tmp_path, "llama2.c version 2")
    assert own_weights(model) == "int8" and chosen_weights(model, "int8") == (model.description, None)
    for weights in ("q4", "f16", "f32"):
        with pytest.raises(UsageError) as caught:
            chosen_weights(model, weights)
        assert str(caught.value) == f"--weights is {weights}: {QUANTISED_ONLY.format('int8', model.path)}"


def test_rows_that_groups_do_not_divide(tmp_path: Path) -> None:
    path = mixed_gguf(tmp_path / "m.gguf", {"": "F32"}, hidden=SIZES["hidden"] + 16)
    for weights in ("int8", "q4"):
        with pytest.raises(UsageError, match=rf"multiple of 32, w2 of .*m\.gguf has {SIZES['hidden'] + 16}"):
            plan_model(open_model(path), dataclasses.replace(PLAIN, weights=weights))


def test_the_c_engines_order_takes_weights_as_they_are(tmp_path: Path) -> None:
    options = EngineOptions(weights="int8", kv_type="f32", c_order=True)
    with pytest.raises(UsageError, match="--weights is int8: the C engine's order is for weights as they are"):
        plan_model(small_file(tmp_path, "GGUF"), options)
