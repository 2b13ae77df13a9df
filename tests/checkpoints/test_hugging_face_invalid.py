"""Folders that each break one rule: one line that names file, field and rule, exit code 4."""

from __future__ import annotations

import json
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints.hugging_face_folders import safetensors_bytes, small_arrays, stored, write_folder, write_shards

from llmproc.checkpoints.model_file import open_model
from llmproc.errors import CheckpointError

NORM = "model.norm.weight"
PLACE = {"dtype": "F32", "shape": [32], "data_offsets": [2560, 2688]}  # of the norm, behind the embedding


def header(entries: dict[str, Any]) -> bytes:
    return safetensors_bytes(small_arrays(), header=entries)


def norm(**changes: Any) -> bytes:
    return header({NORM: {**PLACE, **changes}})


def without(name: str) -> bytes:
    return safetensors_bytes({key: item for key, item in small_arrays().items() if key != name})


def with_array(name: str, array: np.ndarray, dtype: str = "F32") -> bytes:
    return safetensors_bytes({**small_arrays(), name: stored(array, dtype)})


def with_whole_numbers() -> bytes:
    arrays = small_arrays()
    return safetensors_bytes({**arrays, NORM: ("I32", np.ones(32, "<i4"))})


GOOD = safetensors_bytes(small_arrays())
FILES: list[tuple[str, bytes, tuple[str, ...]]] = [
    ("empty", b"", ("file size is 0 bytes", "at least 8")),
    ("only a length", struct.pack("<Q", 0), ("header is not JSON",)),
    ("huge length", struct.pack("<Q", (1 << 64) - 1) + bytes(99), ("header length is 18446744", "at most 99")),
    ("length beyond the end", struct.pack("<Q", 100) + b"{}", ("header length is 100", "at most 2")),
    ("not JSON", struct.pack("<Q", 2) + b"{]", ("header is not JSON",)),
    ("not UTF-8", struct.pack("<Q", 2) + b"\xff\xff", ("header is not UTF-8",)),
    ("a list", struct.pack("<Q", 2) + b"[]", ("header is list", "must be a JSON object")),
    ("deep", struct.pack("<Q", 200_000) + b"[" * 200_000, ("header is not JSON",)),
    ("a pickle", b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n" + bytes(90), ("header length is",)),
    ("cut short", GOOD[:-1], ("file size is", "(truncated)", "must be exactly")),
    ("too long", GOOD + b"\0", ("(too long)", "must be exactly")),
    ("an entry that is a number", header({NORM: 3}), (f"{NORM} is not dtype, shape and data_offsets",)),
    ("an entry with more", header({NORM: {**PLACE, "x": 1}}), (f"{NORM} is not dtype",)),
    ("an unknown dtype", norm(dtype="F4"), (f"{NORM}: dtype is 'F4'", "must be one of F64, F32")),
    ("a dtype that is a list", norm(dtype=["F32"]), (f"{NORM}: dtype is",)),
    ("a dtype we do not compute with", with_whole_numbers(), (f"{NORM}: dtype is I32", "F32, F16, BF16")),
    ("a negative size", norm(shape=[-32]), (f"{NORM}: shape is [-32]",)),
    ("a fractional size", norm(shape=[32.0]), (f"{NORM}: shape is",)),
    ("a size that is true", norm(shape=[True]), (f"{NORM}: shape is",)),
    ("nine dimensions", norm(shape=[1] * 8 + [32]), (f"{NORM}: shape is", "at most 8")),
    ("sizes that overflow", norm(shape=[1 << 61, 8]), (f"{NORM}: data_offsets", "bytes apart")),
    ("one offset", norm(data_offsets=[2560]), (f"{NORM}: data_offsets",)),
    ("a negative offset", norm(data_offsets=[-128, 0]), (f"{NORM}: data_offsets", "whole numbers")),
    ("offsets backwards", norm(data_offsets=[2688, 2560]), (f"{NORM}: data_offsets", "128 bytes apart")),
    ("a hole", norm(data_offsets=[2561, 2689]), ("data_offsets", "leaves a gap", "must begin at 2560")),
    ("an overlap", norm(data_offsets=[2556, 2684]), ("data_offsets", "overlaps", "must begin at")),
    ("another tensor's place", norm(data_offsets=[0, 128]), ("data_offsets",)),
    ("far away", norm(data_offsets=[1 << 60, (1 << 60) + 128]), ("data_offsets", "leaves a gap")),
    ("no embedding", without("model.embed_tokens.weight"), ("model.embed_tokens.weight: shape is missing",)),
    ("no norm", without(NORM), (f"{NORM} is missing", "architecture llama")),
    ("another shape", with_array(NORM, np.ones(31)), (f"{NORM}: shape is [31]", "must be [32] by config.json")),
    ("turned", with_array("model.layers.0.mlp.up_proj.weight", np.ones((32, 64))), ("is [32, 64]", "[64, 32]")),
    ("a tensor we do not know", with_array("model.layers.0.ssm", np.ones(3)), ("tensor is model.layers.0.ssm",)),
    ("a name with controls", with_array("a\n\x1b[31m", np.ones(3)), (r"tensor is a\n\x1b[31m",)),
]  # fmt: skip
CONFIGS: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("another architecture", {"model_type": "gpt_neox"}, ("model_type is 'gpt_neox'", "llama, mistral, qwen2, qwen3")),
    ("architecture a list", {"model_type": ["llama"]}, ("model_type is ['llama']",)),
    ("no architecture", {"model_type": ..., "architectures": ...}, ("model_type is null", "must be one of")),
    ("a class we do not know", {"model_type": ..., "architectures": ["Foo"]}, ("model_type is 'Foo'",)),
    ("quantised", {"quantization_config": {"quant_method": "gptq"}}, ("quantization_config is 'gptq'", "as GGUF")),
    ("another activation", {"hidden_act": "gelu"}, ("hidden_act is 'gelu'", "must be silu")),
    ("no width", {"hidden_size": ...}, ("hidden_size is missing", "2..65536")),
    ("width null", {"hidden_size": None}, ("hidden_size is null",)),
    ("width a string", {"hidden_size": "32"}, ("hidden_size is '32'", "whole number")),
    ("width true", {"hidden_size": True}, ("hidden_size is true",)),
    ("width 32.5", {"hidden_size": 32.5}, ("hidden_size is 32.5",)),
    ("a huge width", {"hidden_size": 10**30}, ("hidden_size is 1000",)),
    ("a width that the tensors do not have", {"hidden_size": 64}, ("model.norm.weight: shape is [32]", "must be [64]")),
    ("no layers", {"num_hidden_layers": 0}, ("num_hidden_layers is 0", "1..1024")),
    ("more layers", {"num_hidden_layers": 3}, ("model.layers.2.input_layernorm.weight is missing",)),
    ("fewer layers", {"num_hidden_layers": 1}, ("tensor is model.layers.1", "would change the result")),
    ("3 of 4 heads", {"num_key_value_heads": 3}, ("num_key_value_heads is 3", "must divide the 4 query heads")),
    ("5 heads", {"num_attention_heads": 5, "head_dim": ...}, ("num_attention_heads is 5", "must divide")),
    ("odd heads", {"head_dim": 7}, ("head_dim is 7", "must be even")),
    ("huge heads", {"head_dim": 2048}, ("head_dim is 2048", "2..1024")),
    ("epsilon null", {"rms_norm_eps": None}, ("rms_norm_eps is null", "must be a number")),
    ("epsilon negative", {"rms_norm_eps": -1e-5}, ("rms_norm_eps is -1e-05",)),
    ("a number of 400 digits", {"rms_norm_eps": 10**400}, ("rms_norm_eps is 1000",)),
    ("a size of 400 digits", {"hidden_size": 10**400}, ("hidden_size is 1000",)),
    ("no context", {"max_position_embeddings": 0}, ("max_position_embeddings is 0",)),
]  # fmt: skip


def refused(folder: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        open_model(folder)
    message = str(caught.value)
    assert caught.value.exit_code == 4 and message.isprintable() and message.startswith(str(folder))
    return message


@pytest.mark.parametrize(("content", "words"), [pytest.param(c, w, id=n) for n, c, w in FILES])
def test_a_file_that_breaks_a_rule(tmp_path: Path, content: bytes, words: tuple[str, ...]) -> None:
    write_folder(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(content)
    message = refused(tmp_path)
    for word in words:
        assert word in message


@pytest.mark.parametrize(("changes", "words"), [pytest.param(c, w, id=n) for n, c, w in CONFIGS])
def test_a_config_that_breaks_a_rule(tmp_path: Path, changes: dict[str, Any], words: tuple[str, ...]) -> None:
    message = refused(write_folder(tmp_path, changes=changes))
    for word in words:
        assert word in message


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"nul", b"[" * 100_000])
@pytest.mark.parametrize("name", ["config.json", "generation_config.json", "model.safetensors.index.json"])
def test_a_file_that_is_no_json_object_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    write_folder(tmp_path)
    if "index" in name:
        (tmp_path / "model.safetensors").unlink()
    (tmp_path / name).write_bytes(content)
    assert f"{name}: " in refused(tmp_path) and "must be a" in refused(tmp_path)


def test_a_config_that_is_too_big_is_not_read(tmp_path: Path) -> None:
    with (write_folder(tmp_path) / "config.json").open("ab") as file:
        file.truncate(1 << 40)
    assert "config.json: file size is 1099511627776" in refused(tmp_path)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (None, "model.safetensors is missing: must be in a folder, or model.safetensors.index.json"),
        ("mlc-chat-config.json", "is compiled for MLC: take the same model as safetensors or GGUF"),
        ("pytorch_model.bin", "is a pickle, which is not read: take the same model as safetensors or GGUF"),
        ("pytorch_model.bin.index.json", "names pickles"),
    ],
)
def test_a_folder_without_weights_says_what_to_take(tmp_path: Path, name: str | None, words: str) -> None:
    (write_folder(tmp_path) / "model.safetensors").unlink()
    if name:
        (tmp_path / name).write_text("{}")
    assert words in refused(tmp_path)


def test_a_folder_without_config_is_refused(tmp_path: Path) -> None:
    (write_folder(tmp_path) / "config.json").unlink()
    assert "config.json: no such file" in refused(tmp_path)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors.index.json", "model.safetensors"])
def test_json_that_would_take_much_memory_is_bounded(tmp_path: Path, name: str) -> None:
    """Twenty million empty lists in 60 MB would be more than a gigabyte."""
    write_folder(tmp_path)
    if "index" in name:
        (tmp_path / "model.safetensors").unlink()
    body = b'{"a": [' + b"[]," * 20_000_000 + b"[]]}"
    (tmp_path / name).write_bytes(struct.pack("<Q", len(body)) * (name == "model.safetensors") + body)
    del body
    tracemalloc.start()
    try:
        refused(tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_a_folder_that_cannot_be_looked_into_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        open_model(str(tmp_path / "x\0y"))
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CheckpointError, match="must be readable"):
        open_model(tmp_path / "file" / "config.json")


def edit_index(folder: Path, **changes: Any) -> None:
    path = folder / "model.safetensors.index.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize(
    ("weight_map", "words"),
    [
        (None, "weight_map is NoneType"),
        ([], "weight_map is list"),
        ({}, "weight_map is dict"),
        ({"a": 3}, "must be an object of tensor names and file names"),
        ({"a": "../model.safetensors"}, "must name .safetensors files in the same folder"),
        ({"a": "/etc/passwd"}, "must name .safetensors files"),
        ({"a": "model.bin"}, "must name .safetensors files"),
        ({"a": "x\0.safetensors"}, "must name .safetensors files"),
        ({"a": "gone.safetensors"}, "gone.safetensors: no such file"),
        ({str(n): f"{n}.safetensors" for n in range(1001)}, "weight_map is 1001 files: must be at most 1000"),
        ({"a": "model-00001-of-00003.safetensors"}, "weight_map: a is model-00001-of-00003.safetensors"),
    ],
)
def test_an_index_that_breaks_a_rule(tmp_path: Path, weight_map: Any, words: str) -> None:
    write_shards(write_folder(tmp_path), small_arrays())
    edit_index(tmp_path, weight_map=weight_map)
    assert words in refused(tmp_path)


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    paths = write_shards(write_folder(tmp_path), small_arrays())
    paths[1].unlink()
    assert f"{paths[1]}: no such file" in refused(tmp_path)


def test_a_tensor_in_two_shards_is_refused(tmp_path: Path) -> None:
    paths = write_shards(write_folder(tmp_path), small_arrays())
    both = {NORM: small_arrays()[NORM]}
    paths[0].write_bytes(safetensors_bytes(both))
    assert "must stand in one file, it is in model-00001-of-00003.safetensors too" in refused(tmp_path)
