"""What a GGUF file says of its architecture: formats.md's rules on RoPE, windows, biases, layers and end tokens."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import gguf_files as files
from checkpoints.gguf_files import ARRAY, F32, STRING, U32

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.gguf.end_tokens import END_TEXTS
from llmproc.checkpoints.model_file import open_model
from llmproc.errors import CheckpointError

WIDE: dict[str, int] = {"dim": 64, "head_dim": 16}  # heads of 16, as in rule 4's values
LLAMA3_DIVISORS = [1, 1.293976, 7.667385, 8, 8, 8, 8, 8]


def described(
    folder: Path, architecture: str = "llama", more: files.Pairs | None = None, divisors: list[float] | None = None
) -> ModelDescription:
    pairs, tensors = files.small_model(architecture, **WIDE)
    if divisors is not None:
        tensors["rope_freqs.weight"] = files.floats(np.array(divisors, np.float32))
    (folder / "m.gguf").write_bytes(files.gguf_bytes({**pairs, **(more or {})}, tensors))
    return open_model(folder / "m.gguf").description


def same(found: Any, expected: np.ndarray) -> bool:
    return np.array_equal(found, expected)


def frequencies(description: ModelDescription) -> tuple[float, ...]:
    found = description.inverse_frequencies()
    assert len(found) == description.head_dim // 2 == 8
    return found


@pytest.mark.parametrize(
    ("architecture", "pairs"),
    [
        ("llama", "interleaved"),
        ("qwen2", "half-split"),
        ("qwen3", "half-split"),
        ("smollm3", "interleaved"),
        ("granite", "interleaved"),
    ],
)
def test_rule_08_rows_of_llama_smollm3_and_granite_are_permuted(tmp_path: Path, architecture: str, pairs: str) -> None:
    features = described(tmp_path, architecture).features
    assert (features.architecture, features.rope.pairs) == (architecture, pairs)


def test_rule_08_every_fourth_layer_of_smollm3_is_without_rope(tmp_path: Path) -> None:
    pairs, tensors = files.small_model("smollm3", layers=9)
    (tmp_path / "m.gguf").write_bytes(files.gguf_bytes(pairs, tensors))
    assert open_model(tmp_path / "m.gguf").description.features.no_rope_layers == (3, 7)


def test_rule_11_biases_by_tensors_present(tmp_path: Path) -> None:
    assert described(tmp_path).features.biases == ()
    assert described(tmp_path, "qwen2").features.biases == ("wk", "wq", "wv")
    weights = open_model(tmp_path / "m.gguf").load().weights
    arrays = files.small_arrays("qwen2", **WIDE)
    for number, layer in enumerate(weights.layers):
        assert layer.biases.keys() == {"wq", "wk", "wv"}
        assert np.array_equal(layer.biases["wk"], arrays[f"blk.{number}.attn_k.bias"])
    pairs, tensors = files.small_model("llama")
    for number in range(2):
        tensors[f"blk.{number}.ffn_down.bias"] = files.floats(np.ones(32, np.float32))
    (tmp_path / "m.gguf").write_bytes(files.gguf_bytes(pairs, tensors))
    assert open_model(tmp_path / "m.gguf").description.features.biases == ("w2",)


def test_norms_of_queries_and_keys(tmp_path: Path) -> None:
    assert described(tmp_path, "qwen3").features.query_key_norm
    layer = open_model(tmp_path / "m.gguf").load().weights.layers[1]
    arrays = files.small_arrays("qwen3", **WIDE)
    assert layer.q_norm is not None and np.array_equal(layer.q_norm, arrays["blk.1.attn_q_norm.weight"])
    assert layer.k_norm is not None and np.array_equal(layer.k_norm, arrays["blk.1.attn_k_norm.weight"])


def test_rule_04_without_scaling_only_theta_counts(tmp_path: Path) -> None:
    plain = described(tmp_path)
    assert plain.features.rope.inverse_frequencies == () and plain.features.rope.scaling == "default"
    assert frequencies(plain)[:2] == pytest.approx((1, 0.31622777))
    bare, tensors = files.small_model("llama", **WIDE)
    del bare["llama.rope.freq_base"]
    (tmp_path / "m.gguf").write_bytes(files.gguf_bytes(bare, tensors))
    assert open_model(tmp_path / "m.gguf").description.rope_theta == 10000
    other = described(tmp_path, more={"llama.rope.freq_base": (F32, 500000.0)})
    assert frequencies(other)[1] == pytest.approx(500000 ** (-2 / 16))


@pytest.mark.parametrize("stated", [True, False])
def test_rule_04_linear(tmp_path: Path, stated: bool) -> None:
    more: files.Pairs = {"llama.rope.scaling.factor": (F32, 4.0)}
    if stated:  # else a factor alone means linear
        more["llama.rope.scaling.type"] = (STRING, "linear")
    found = described(tmp_path, more=more)
    assert frequencies(found)[:2] == pytest.approx((0.25, 0.07905694))
    assert (found.features.rope.scaling, found.features.rope.attention_factor) == ("linear", 1)


def test_rule_04_the_old_key_of_linear(tmp_path: Path) -> None:
    found = described(tmp_path, more={"llama.rope.scale_linear": (F32, 4.0)})
    assert frequencies(found)[:2] == pytest.approx((0.25, 0.07905694))


@pytest.mark.parametrize("scaling", [{"type": (STRING, "none"), "factor": (F32, 4.0)}, {"factor": (F32, 1.0)}])
def test_rule_04_scaling_that_changes_nothing(tmp_path: Path, scaling: files.Pairs) -> None:
    more = {f"llama.rope.scaling.{key}": item for key, item in scaling.items()}
    assert described(tmp_path, more=more).features.rope.inverse_frequencies == ()


def test_rule_04_llama3_is_a_tensor_of_divisors(tmp_path: Path) -> None:
    found = described(tmp_path, divisors=LLAMA3_DIVISORS)
    assert frequencies(found)[:4] == pytest.approx((1, 0.2443846, 0.01304226, 0.003952847), rel=1e-6)
    assert found.features.rope.scaling == "llama3"


@pytest.mark.parametrize("original", [64, None])
def test_rule_04_yarn_without_an_original_length_takes_the_context(tmp_path: Path, original: int | None) -> None:
    more: files.Pairs = {"llama.rope.scaling.type": (STRING, "yarn"), "llama.rope.scaling.factor": (F32, 4.0)}
    if original:
        more |= {"llama.rope.scaling.original_context_length": (U32, 64), "llama.context_length": (U32, 256)}
    found = described(tmp_path, more=more)
    assert found.seq_len == (256 if original else 64)
    assert frequencies(found)[:4] == pytest.approx((1, 0.2371708, 0.05, 0.007905695), rel=1e-6)
    assert found.features.rope.attention_factor == pytest.approx(1.138629436)


def test_rule_07_a_window_in_a_llama_file_holds_for_all_layers(tmp_path: Path) -> None:
    found = described(tmp_path, more={"llama.attention.sliding_window": (U32, 8)})
    assert found.features.windows == (8, 8)
    assert described(tmp_path, more={"llama.attention.sliding_window": (U32, 0)}).features.windows == ()


@pytest.mark.parametrize("architecture", ["qwen2", "qwen3", "smollm3"])
def test_rule_07_a_window_that_does_not_say_for_which_layers_is_refused(tmp_path: Path, architecture: str) -> None:
    with pytest.raises(CheckpointError, match="sliding_window is 8: must be absent or 0"):
        described(tmp_path, architecture, {f"{architecture}.attention.sliding_window": (U32, 8)})


def test_rule_09_the_output_layer_is_the_files_or_the_embedding(tmp_path: Path) -> None:
    pairs, tensors = files.small_model()
    own = np.full((20, 32), 0.5, np.float32)
    tensors["output.weight"] = files.floats(own)
    (tmp_path / "m.gguf").write_bytes(files.gguf_bytes(pairs, tensors))
    model = open_model(tmp_path / "m.gguf")
    assert not model.description.shared_classifier and same(model.load().weights.classifier, own)
    assert described(tmp_path).shared_classifier


def test_rule_10_sizes_are_the_tensors(tmp_path: Path) -> None:
    found = described(tmp_path, more={"llama.vocab_size": (U32, 999)})
    assert found.vocab_size == 20
    fewer = described(tmp_path, more={"tokenizer.ggml.tokens": (ARRAY, (STRING, ["a"] * 11))})
    assert fewer.vocab_size == 20, "ids beyond the tokens are ids of the model all the same"


def ends(folder: Path, tokens: list[str], eos: int | None = None, eot: int | None = None) -> tuple[int, ...]:
    pairs, tensors = files.small_model()
    del pairs["tokenizer.ggml.eos_token_id"]
    pairs["tokenizer.ggml.tokens"] = (ARRAY, (STRING, tokens))
    for key, token in (("eos", eos), ("eot", eot)):
        if token is not None:
            pairs[f"tokenizer.ggml.{key}_token_id"] = (U32, token)
    (folder / "m.gguf").write_bytes(files.gguf_bytes(pairs, tensors))
    return open_model(folder / "m.gguf").description.end_tokens


WORDS = [f"w{number}" for number in range(16)]
TEXTS = [
    "<|eot_id|>", "<|im_end|>", "<end_of_turn>", "<|endoftext|>", "<|eom_id|>", "<EOT>", "_<EOT>", "<|end_of_text|>",
    "</s>", "<eos>", "[EOS]", "<turn|>", "<｜end▁of▁sentence｜>", "<|end|>",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_rule_03_a_text_ends_by_its_words(tmp_path: Path, text: str) -> None:
    assert ends(tmp_path, [*WORDS[:13], text, "x"]) == (13,)
    assert text == "<|end|>" or text.encode() in END_TEXTS


@pytest.mark.parametrize("text", ["<|eot|>", "<|END_OF_TURN_TOKEN|>", "<|im_start|>", "</s> ", "<|return|>"])
def test_rule_03_other_texts_do_not_end(tmp_path: Path, text: str) -> None:
    assert ends(tmp_path, [*WORDS, text]) == ()


def test_rule_03_ids_count_beside_the_texts(tmp_path: Path) -> None:
    assert ends(tmp_path, [*WORDS, "</s>"], eos=3, eot=5) == (3, 5, 16)
    assert ends(tmp_path, WORDS, eos=4, eot=4) == (4,)


def test_rule_03_without_an_end_never_id_11(tmp_path: Path) -> None:
    assert ends(tmp_path, WORDS) == ()


def test_rule_03_the_end_of_a_channel_ends_unless_three_others_stand_beside_it(tmp_path: Path) -> None:
    others = ["<|return|>", "<|call|>", "<|flush|>"]
    assert ends(tmp_path, [*WORDS[:10], "<|end|>", *others]) == (11, 12, 13)
    for missing in others:
        assert ends(tmp_path, [*WORDS[:10], "<|end|>", *[text for text in others if text != missing]]) == (10,)


def test_frequencies_of_a_plain_model_follow_from_theta() -> None:
    plain = ModelDescription(8, 16, 2, 2, 1, 12, 6, 4, True, "f32", 0, rope_theta=100.0)
    assert plain.inverse_frequencies() == (1.0, 1 / math.sqrt(100.0))
