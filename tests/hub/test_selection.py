"""Which files make a model: as transformers and llama.cpp choose them, or one line that says why none do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.errors import FetchError
from llmproc.hub.selection import INDEX, SINGLE, FileChoice, choose_files, needs_other_format

CONFIG = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"]
OTHERS = [
    "README.md", ".gitattributes", "pytorch_model.bin", "onnx/model.onnx", "onnx/config.json", "tf_model.h5",
    "tokenizer.model", "consolidated.safetensors", "model.fp16.safetensors", "adapter_model.safetensors", "runs/a.json",
]  # fmt: skip
MLC = "mlc-chat-config.json"
SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]


def refused(names: list[str], wanted: str | None = None) -> str:
    with pytest.raises(FetchError) as caught:
        choose_files(names, wanted, "HF://o/n")
    message = str(caught.value)
    assert message.startswith("HF://o/n: ") and "\n" not in message
    return message


def test_a_folder_is_its_json_templates_and_one_file_of_weights() -> None:
    choice = choose_files([*CONFIG, *OTHERS, SINGLE], None, "x")
    assert choice.entry == "" and set(choice.files) == {*CONFIG, SINGLE}
    assert choice.files[-1] == SINGLE, "weights come last: what is there without them is not taken for a model"


def test_a_folder_in_shards_has_its_index() -> None:
    choice = choose_files([*CONFIG, *OTHERS, *SHARDS, INDEX], None, "x")
    assert set(choice.files) == {*CONFIG, INDEX, *SHARDS} and choice.files[-2:] == tuple(SHARDS)


def test_one_file_of_weights_goes_before_an_index_beside_it() -> None:
    assert set(choose_files([*CONFIG, SINGLE, INDEX, *SHARDS], None, "x").files) == {*CONFIG, SINGLE}


def test_a_folder_goes_before_gguf_files_beside_it() -> None:
    assert choose_files(["config.json", SINGLE, "a.gguf"], None, "x").entry == ""
    assert choose_files(["config.json", SINGLE, "a.gguf"], "a.gguf", "x") == FileChoice(("a.gguf",), "a.gguf")


def test_the_only_gguf_file_is_the_model() -> None:
    names = ["README.md", "config.json", "sub/a-Q8_0.gguf", "mmproj-a.gguf", "imatrix.gguf"]
    assert choose_files(names, None, "x") == FileChoice(("sub/a-Q8_0.gguf",), "sub/a-Q8_0.gguf")


def test_of_several_gguf_files_one_must_be_named() -> None:
    names = [f"m-Q{bits}_0.gguf" for bits in range(1, 10)]
    message = refused([*names, "m-00001-of-00002.gguf", "m-00002-of-00002.gguf"])
    assert "holds 10 GGUF models; add the name of one: m-00001-of-00002.gguf, m-Q1_0.gguf" in message
    assert message.endswith("and 2 more")


@pytest.mark.parametrize("wanted", ["d/m-00001-of-00003.gguf", "d/m-00002-of-00003.gguf", None])
def test_a_split_file_is_all_its_parts_and_is_named_by_the_first(wanted: str | None) -> None:
    parts = tuple(f"d/m-0000{number}-of-00003.gguf" for number in (1, 2, 3))
    assert choose_files(set(parts), wanted, "x") == FileChoice(parts, parts[0])


def test_a_part_that_is_missing_is_named() -> None:
    parts = ["m-00001-of-00003.gguf", "m-00003-of-00003.gguf"]
    assert "lacks a part of it, m-00002-of-00003.gguf" in refused(parts, "m-00001-of-00003.gguf")
    assert "lacks a part of it, m-00002-of-00003.gguf" in refused(parts)


def test_a_file_of_llama2c_brings_the_tokenizer_beside_it() -> None:
    names = ["model.bin", "tokenizer.bin", "a/model.bin", "a/tokenizer.bin", "b/model.bin"]
    assert choose_files(names, "model.bin", "x") == FileChoice(("tokenizer.bin", "model.bin"), "model.bin")
    assert choose_files(names, "a/model.bin", "x").files == ("a/tokenizer.bin", "a/model.bin")
    assert choose_files(names, "b/model.bin", "x").files == ("b/model.bin",)
    assert choose_files(names, "tokenizer.bin", "x").files == ("tokenizer.bin",)
    with_sidecar = choose_files([*names, "a/tokenizer.meta.json"], "a/model.bin", "x").files
    assert with_sidecar == ("a/tokenizer.bin", "a/tokenizer.meta.json", "a/model.bin")


@pytest.mark.parametrize(
    ("names", "wanted", "words"),
    [
        ([MLC, "params_shard_0.bin", "tokenizer.json"], None, "take the same model as safetensors or GGUF"),
        (["config.json", MLC, "params_shard_0.bin"], None, "compiled for MLC (mlc-chat-config.json)"),
        (["config.json", "pytorch_model.bin"], None, "holds pytorch_model.bin, which are not read: take"),
        (["onnx/model.onnx"], None, "holds onnx/model.onnx"),
        (["README.md"], None, "holds neither model.safetensors nor a GGUF file"),
        ([], None, "holds neither model.safetensors nor a GGUF file"),
        (["adapter_model.safetensors", "config.json"], None, "holds neither model.safetensors nor a GGUF file"),
        (["a-Q8_0.gguf", "b.gguf"], "a-Q8.gguf", "the repository has no file a-Q8.gguf; there is a-Q8_0.gguf"),
        (["b.gguf"], "zzz", "the repository has no file zzz; there is b.gguf"),
        (["README.md"], "zzz", "the repository has no file zzz"),
        (["pytorch_model.bin"], "pytorch_model.bin", "is not a format that llmproc reads"),
        (["x/pytorch_model-1-of-2.bin"], "x/pytorch_model-1-of-2.bin", "is not a format that llmproc reads"),
        (["a.onnx"], "a.onnx", "is not a format that llmproc reads"),
        ([SINGLE, "config.json"], SINGLE, "alone is not a model: name the repository without the file"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_model_is_refused_in_words(names: list[str], wanted: str | None, words: str) -> None:
    assert words in refused(names, wanted)


def test_mlcs_files_beside_readable_ones_are_no_reason_to_refuse() -> None:
    names = ["mlc-chat-config.json", "params_shard_0.bin", "config.json", SINGLE]
    assert not needs_other_format(names) and choose_files(names, None, "x").entry == ""
    assert needs_other_format(["mlc-chat-config.json"]) and not needs_other_format(["config.json"])


PIECES = st.sampled_from(
    [*CONFIG, *OTHERS, *SHARDS, SINGLE, INDEX, "a.gguf", "b-00001-of-00002.gguf", "mlc-chat-config.json"]
)


@settings(deadline=None)
@given(st.sets(PIECES), st.none() | PIECES)
def test_whatever_is_chosen_is_there(names: set[str], wanted: str | None) -> None:
    try:
        choice = choose_files(names, wanted, "HF://o/n")
    except FetchError:
        return
    assert choice.entry in ("", *choice.files) and len(set(choice.files)) == len(choice.files)
    assert set(choice.files) <= names
    assert not [name for name in choice.files if name.endswith((".onnx", ".h5")) or name.startswith("pytorch")]
