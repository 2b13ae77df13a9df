"""GGUF files read: what a right file gives, in all the forms that writers use. Rule 20 of formats.md among them."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import gguf_files as files
from checkpoints.gguf_files import ARRAY, BOOL, F32, F64, I32, STRING, U8, U16, U32, U64

from llmproc.checkpoints.fingerprint import fingerprint_file
from llmproc.checkpoints.gguf.metadata import StringArray
from llmproc.checkpoints.gguf.model_file import GgufFile
from llmproc.checkpoints.gguf.writer import write_gguf
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.weights import Int8Matrix, Q4Matrix
from llmproc.config import WEIGHT_TYPES, shipped_file
from llmproc.errors import CheckpointError


def write(folder: Path, content: bytes, name: str = "m.gguf") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def same(found: Any, expected: Any) -> bool:
    return np.array_equal(found, expected)


def opened(folder: Path, pairs: files.Pairs, tensors: files.Tensors, **form: object) -> GgufFile:
    model = open_model(write(folder, files.gguf_bytes(pairs, tensors, **form)))  # type: ignore[arg-type]
    assert isinstance(model, GgufFile)
    return model


@pytest.mark.parametrize("version", [2, 3])
def test_what_is_known_without_loading(tmp_path: Path, version: int) -> None:
    pairs, tensors = files.small_model()
    model = opened(tmp_path, pairs, tensors, version=version)
    path, d = tmp_path / "m.gguf", model.description
    assert (model.path, model.format, model.version) == (path, "GGUF", f"version {version}")
    assert model.size == path.stat().st_size and model.notes == ()
    assert (d.dim, d.hidden_dim, d.n_layers, d.n_heads, d.n_kv_heads, d.head_dim) == (32, 64, 2, 4, 2, 8)
    assert (d.vocab_size, d.seq_len, d.weight_type, d.group_size, d.end_tokens) == (20, 64, "f32", 0, (2,))
    assert d.shared_classifier and abs(d.norm_eps - 1e-5) < 1e-12 and d.rope_theta == 10000.0
    assert open_model(str(path)) == model


def test_every_tensor_comes_to_its_place(tmp_path: Path) -> None:
    model = opened(tmp_path, *files.small_model())
    arrays, loaded = files.small_arrays("llama"), model.load()
    assert loaded.fingerprint == model.fingerprint() == fingerprint_file(model.path)
    w = loaded.weights
    assert same(w.embedding, arrays["token_embd.weight"]) and w.classifier is w.embedding
    assert same(w.final_norm, arrays["output_norm.weight"])
    names = {"attention_norm": "attn_norm", "wq": "attn_q", "wk": "attn_k", "wv": "attn_v", "wo": "attn_output"}
    names |= {"ffn_norm": "ffn_norm", "w1": "ffn_gate", "w2": "ffn_down", "w3": "ffn_up"}
    for number, layer in enumerate(w.layers):
        for ours, theirs in names.items():
            assert same(getattr(layer, ours), arrays[f"blk.{number}.{theirs}.weight"]), ours
        assert layer.biases == {} and layer.q_norm is None and layer.k_norm is None


@pytest.mark.parametrize("kind", [U8, U16, U32, U64, I32])
def test_rule_20_counts_are_scalars_of_any_whole_type(tmp_path: Path, kind: int) -> None:
    pairs, tensors = files.small_model()
    pairs["llama.attention.head_count_kv"] = (kind, 2)
    assert opened(tmp_path, pairs, tensors).description.n_kv_heads == 2


@pytest.mark.parametrize("key", ["attention.head_count", "attention.head_count_kv", "feed_forward_length"])
def test_rule_20_counts_may_be_arrays_of_one_number_a_layer(tmp_path: Path, key: str) -> None:
    pairs, tensors = files.small_model()
    expected = opened(tmp_path, pairs, tensors).description
    _, number = pairs[f"llama.{key}"]
    pairs[f"llama.{key}"] = (ARRAY, (I32, [number, number]))
    assert opened(tmp_path, pairs, tensors).description == expected
    pairs[f"llama.{key}"] = (ARRAY, (I32, [number, 1]))
    with pytest.raises(CheckpointError, match=f"{key} is an array of 2 with 2 different values: must be the same"):
        opened(tmp_path, pairs, tensors)


@pytest.mark.parametrize("alignment", [8, 32, 64, 4096])
def test_rule_20_the_alignment_is_the_files(tmp_path: Path, alignment: int) -> None:
    pairs, tensors = files.small_model()
    pairs["general.alignment"] = (U32, alignment)
    model = opened(tmp_path, pairs, tensors, alignment=alignment)
    assert same(model.load().weights.final_norm, files.small_arrays("llama")["output_norm.weight"])


def test_rule_20_tensors_count_by_name_and_offset(tmp_path: Path) -> None:
    pairs, tensors = files.small_model()
    backwards = opened(tmp_path, pairs, dict(reversed(tensors.items())), order=sorted(tensors))
    assert same(backwards.load().weights.layers[1].w2, files.small_arrays("llama")["blk.1.ffn_down.weight"])


def test_rule_20_types_are_the_tensors(tmp_path: Path) -> None:
    pairs, tensors = files.small_model()
    pairs["general.file_type"] = (U32, 15)
    assert opened(tmp_path, pairs, tensors).description.weight_type == "f32"
    assert opened(tmp_path, pairs, tensors).tensors["blk.0.attn_q.weight"].type.name == "F32"


def test_rule_20_names_merges_scores_and_tokens_may_be_absent(tmp_path: Path) -> None:
    pairs, tensors = files.small_model()
    bare = {key: item for key, item in pairs.items() if not key.startswith("tokenizer.")}
    assert opened(tmp_path, bare, tensors).description.end_tokens == ()


def test_all_types_of_metadata(tmp_path: Path) -> None:
    pairs, tensors = files.small_model()
    kinds: dict[int, Any] = {
        U8: 250,
        files.I8: -5,
        U16: 65000,
        files.I16: -300,
        U32: 1 << 31,
        I32: -7,
        F32: 0.5,
        BOOL: True,
    }
    kinds |= {STRING: "é", U64: 1 << 63, files.I64: -(1 << 40), F64: 0.1}
    pairs |= {f"x.{kind}": (kind, content) for kind, content in kinds.items()}
    arrays = {kind: [content, content] for kind, content in kinds.items()}
    pairs |= {f"x.array.{kind}": (ARRAY, (kind, items)) for kind, items in arrays.items()}
    pairs["x.empty"] = (ARRAY, (STRING, []))
    metadata = opened(tmp_path, pairs, tensors).metadata
    assert {kind: metadata[f"x.{kind}"] for kind in kinds} == kinds
    for kind, items in arrays.items():
        found: Any = metadata[f"x.array.{kind}"]
        assert (found.texts() if isinstance(found, StringArray) else list(found)) == items
    assert (
        metadata.strings("x.empty") is not None
        and not metadata.strings("x.empty")
        and len(metadata) == len(pairs) == len(list(metadata))
    )


def test_strings_are_found_wherever_they_are_asked_for(tmp_path: Path) -> None:
    pairs, tensors = files.small_model()
    tokens = ["a", "", "é" * 40_000, "z", *map(str, range(30_000))]  # longer than what is read at once
    pairs["x"] = (ARRAY, (STRING, tokens))
    found = opened(tmp_path, pairs, tensors).metadata.strings("x")
    assert found is not None and found.texts() == tokens and len(found) == len(tokens)
    raw = [token.encode() for token in tokens]
    assert [found.places(item) for item in raw[:4]] == [[0], [1], [2], [3]]
    assert found.places(b"29999") == [30_003] and found.places(b"nowhere") == []
    assert list(found) == raw and found[2] == raw[2] and found[-1] == raw[-1] and found[1:4] == raw[1:4]
    for beyond in (len(tokens), -len(tokens) - 1):
        with pytest.raises(IndexError):
            found[beyond]


def test_a_string_is_found_only_where_one_starts(tmp_path: Path) -> None:
    pairs, tensors = files.small_model()
    inner = files.string("</s>")
    pairs["x"] = (ARRAY, (STRING, ["a", inner, "</s>", inner + inner, "", "</s>", "</s"]))
    pairs["y"] = (STRING, "</s>")
    found = opened(tmp_path, pairs, tensors).metadata.strings("x")
    assert found is not None and found.places(b"</s>") == [2, 5] and found.places(b"") == [4]


def test_what_is_not_utf_8_is_the_callers_affair(tmp_path: Path) -> None:
    pairs, tensors = files.small_model()
    pairs["x"] = (ARRAY, (STRING, [b"\xff\xfe"]))
    found = opened(tmp_path, pairs, tensors).metadata.strings("x")
    assert found is not None and found[0] == b"\xff\xfe"
    with pytest.raises(UnicodeDecodeError):
        found.texts()


def test_floats_of_all_widths(tmp_path: Path) -> None:
    pairs, _ = files.small_model()
    arrays = files.small_arrays("llama")
    rounded = {name: (array.view("<u4") & 0xFFFF0000).view("<f4") for name, array in arrays.items()}
    brain = opened(tmp_path, pairs, {name: files.brain_floats(array) for name, array in arrays.items()})
    assert brain.description.weight_type == "f32", "BF16 is widened, exactly"
    assert same(brain.load().weights.layers[0].w1, rounded["blk.0.ffn_gate.weight"])
    assert brain.load().weights.layers[0].w1.dtype == brain.load().weights.final_norm.dtype == np.float32
    half = opened(tmp_path, pairs, {name: files.half_floats(array) for name, array in arrays.items()})
    w = half.load().weights
    assert half.description.weight_type == "f16" and w.layers[1].wq.dtype == np.float16
    assert w.final_norm.dtype == np.float32, "norms are float32, whatever the file holds"
    assert same(w.layers[1].wq, arrays["blk.1.attn_q.weight"].astype(np.float16))


def test_a_mixture_of_types_is_what_it_stands_for(tmp_path: Path) -> None:
    pairs, tensors = files.small_model()
    array = files.small_arrays("llama")["blk.0.attn_q.weight"]
    tensors["blk.0.attn_q.weight"] = files.half_floats(array)
    model = opened(tmp_path, pairs, tensors)
    assert model.description.weight_type == "f32"
    assert same(model.load().weights.layers[0].wq, array.astype(np.float16).astype(np.float32))


@pytest.mark.parametrize("weight_type", WEIGHT_TYPES)
def test_our_own_files_come_back(tmp_path: Path, weight_type: str) -> None:
    shipped = open_model(shipped_file("model", "model.bin"))
    from llmproc.checkpoints.ggml_types import converted_weights, dequantise

    floats = shipped.load().weights
    plain = dataclasses.replace(shipped.description, weight_type="f32", group_size=0, end_tokens=(2,))
    matrices = ("wq", "wk", "wv", "wo", "w1", "w2", "w3")
    layers = []
    for layer in floats.layers:
        plain_matrices: dict[str, Any] = {name: dequantise(getattr(layer, name)) for name in matrices}
        layers.append(dataclasses.replace(layer, **plain_matrices))
    embedding = dequantise(floats.embedding)
    weights = dataclasses.replace(floats, embedding=embedding, classifier=embedding, layers=layers)
    write_gguf(tmp_path / "m.gguf", plain, weights, weight_type)  # type: ignore[arg-type]
    model = open_model(tmp_path / "m.gguf")
    assert model.description.weight_type == weight_type
    assert dataclasses.replace(model.description, weight_type="f32", group_size=0, norm_eps=1e-5) == plain
    expected = converted_weights(weights, weight_type, "m")  # type: ignore[arg-type]
    found = model.load().weights
    for one, other in ((found.embedding, expected.embedding), (found.layers[5].w2, expected.layers[5].w2)):
        assert type(one) is type(other)
        if isinstance(one, (Int8Matrix, Q4Matrix)):
            assert same(one.values, other.values) and same(one.scales, other.scales)
        else:
            assert same(one, other)


def test_numpy_stays_out(tmp_path: Path) -> None:
    path = write(tmp_path, files.gguf_bytes(*files.small_model()))
    code = (
        "import sys; from llmproc.checkpoints.model_file import open_model\n"
        f"model = open_model({str(path)!r}); model.fingerprint(); print({{'numpy', 'numba'}} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_a_file_changed_after_it_was_opened_is_refused(tmp_path: Path) -> None:
    model = opened(tmp_path, *files.small_model())
    with model.path.open("ab") as file:
        file.write(bytes(32))
    with pytest.raises(CheckpointError, match="file is changed: must still be the one whose head was checked"):
        model.load()


def test_a_file_that_changes_while_its_head_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, files.gguf_bytes(*files.small_model()))
    found = iter(range(100))
    monkeypatch.setattr("llmproc.checkpoints.gguf.head.identity", lambda status: (0, 0, 0, next(found)))
    with pytest.raises(CheckpointError, match="file is changed: must not be written to while it is read"):
        open_model(path)


def test_a_file_that_changes_while_it_is_loaded_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = opened(tmp_path, *files.small_model())

    def fingerprint_meanwhile(fds: list[int]) -> str:
        with Path(f"/proc/self/fd/{fds[0]}").open("ab") as file:
            file.write(b"x")
        return ""

    monkeypatch.setattr("llmproc.checkpoints.gguf.loading.fingerprint_opened", fingerprint_meanwhile)
    with pytest.raises(CheckpointError, match="file is changed"):
        model.load()


def test_nan_is_refused_by_name(tmp_path: Path) -> None:
    pairs, tensors = files.small_model("qwen2")
    bias = files.small_arrays("qwen2")["blk.1.attn_k.bias"]
    bias[3] = np.nan
    tensors["blk.1.attn_k.bias"] = files.floats(bias)
    with pytest.raises(CheckpointError, match="layer 1 wk bias is nan at index 3: must be finite"):
        opened(tmp_path, pairs, tensors).load()


def test_tensors_can_be_read_one_by_one(tmp_path: Path) -> None:
    pairs, tensors = files.small_model()
    arrays = files.small_arrays("llama")
    q8_0 = np.zeros((64, 34), np.uint8)  # 64 rows of one block: half a scale of 1, values 0 to 31
    q8_0[:, :2], q8_0[:, 2:] = np.array([1], "<f2").view(np.uint8), np.arange(32, dtype=np.uint8)
    tensors["blk.0.ffn_gate.weight"] = (8, (64, 32), q8_0.tobytes())
    with opened(tmp_path, pairs, tensors).weight_source() as reader:
        assert reader.type_of("w1", 0).name == "Q8_0" and reader.type_of("w1", 1).name == "F32"
        parts = reader.parts("w1", 0)
        assert same(parts.values, np.tile(np.arange(32), (64, 1))) and (parts.scales == 1).all()
        assert parts.minimums is None and same(reader.values("w1", 0), parts.dequantise())
        assert same(reader.values("final_norm", None), arrays["output_norm.weight"])
        info, raw = reader.raw("w2", 1)
        assert info.shape == (32, 64) and raw.tobytes() == arrays["blk.1.ffn_down.weight"].tobytes()
        for call in (lambda: reader.parts("w1", 1), lambda: reader.type_of("q_norm", 0)):
            with pytest.raises(KeyError):
                call()
        reader.require_unchanged()
        (tmp_path / "m.gguf").write_bytes(b"")
        with pytest.raises(CheckpointError, match="file is changed"):
            reader.require_unchanged()
        with pytest.raises(CheckpointError, match="short read"):
            reader.raw("w2", 1)
