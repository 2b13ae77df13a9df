"""llmproc show: every kind of model is shown, one that cannot run too, and nothing is loaded for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from checkpoints import gguf_files, hugging_face_folders
from checkpoints.conversions import folder_with_tokenizer

from llmproc.apps.show.app import main
from llmproc.apps.show.lines import as_lines
from llmproc.checkpoints.gguf.synthetic import write_synthetic_gguf
from llmproc.checkpoints.gguf.tensor_types import TENSOR_TYPES
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.overview.tensors import kv_bytes, parameters, stored_tensors, type_shares
from llmproc.checkpoints.synth import write_synthetic
from llmproc.checkpoints.synth_shapes import synthetic_model
from llmproc.config import shipped_file
from llmproc.kernels.stored import tiles_of


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: Any, code: int = 0) -> str:
        assert main([str(word) for word in arguments]) == code
        out, err = capsys.readouterr()
        assert (err == "") == (code == 0)
        return err if code else out

    return run


def facts(show: Any, *arguments: Any) -> dict[str, Any]:
    return json.loads(show(*arguments, "--json"))


def test_the_shipped_model(show: Any) -> None:
    found = facts(show)
    assert found["model"].endswith("model.bin") and found["format"] == "llama2.c version 2" and found["runs"]
    assert found["sizes"] == {
        "layers": 6, "width": 192, "feed_forward": 512, "heads": 6, "kv_heads": 2, "head_dim": 32, "vocabulary": 2048,
    }  # fmt: skip
    assert found["tokenizer"]["ends"] == [{"id": 2, "text": "<|im_end|>"}]
    assert found["fingerprint"] == open_model(shipped_file("model", "model.bin")).fingerprint()
    assert found["memory"]["kv_per_token"] == 2 * 6 * 64 * 2 and found["parameters"] == 2_755_008
    lines = show()
    assert "parameters     2,755,008\n" in lines and "2 <|im_end|>" in lines and "template       chatml\n" in lines


@pytest.mark.parametrize("architecture", ["llama", "mistral", "qwen2", "qwen3", "smollm3"])
def test_a_mixed_gguf_file(tmp_path: Path, show: Any, architecture: str) -> None:
    path = tmp_path / "m.gguf"
    write_synthetic_gguf(path, synthetic_model("tiny", architecture, gguf=True), "q4_k_m", 1)
    found = facts(show, path)
    rows = {(row["name"], row["type"]): row for row in found["weights"]}
    assert rows["w1", "Q4_K"]["tile"] == "q4_k" and rows["w1", "Q4_K"]["tensors"] == 4
    assert rows["embedding", "Q6_K"]["tile"] == "q6_k" and rows["embedding", "Q6_K"]["tensors"] == 1
    assert rows["attention_norm", "F32"]["tile"] == "f32"
    assert rows["w1", "Q4_K"]["stored"] == 4 * 512 * 256 // 256 * 144
    assert rows["w1", "Q4_K"]["packed"] == 4 * 512 * 256 // 256 * 148, "a byte for each of 16 numbers of six bits"
    assert sum(row["stored"] for row in found["weights"]) < found["memory"]["file"] == path.stat().st_size
    features = found["features"]
    assert features["biases"] == (["wk", "wq", "wv"] if architecture == "qwen2" else [])
    assert features["query_key_norm"] == (architecture == "qwen3")
    assert features["window"] == (64 if architecture == "mistral" else 0)
    assert found["rope"]["layers_without"] == ([3] if architecture == "smollm3" else [])
    assert found["tokenizer"]["template"] == "the model's own" and found["tokenizer"]["entries"] == 1024
    text = show(path)
    assert "Q4_K" in text and "in q6_k tiles" in text and "<|im_end|>" in text
    assert ("norms of queries and keys" in text) == (architecture == "qwen3")
    assert ("sliding window of 64 in layers 0-3" in text) == (architecture == "mistral")
    assert ("not in layers 3" in text) == (architecture == "smollm3")


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
def test_a_folder(tmp_path: Path, show: Any, dtype: str) -> None:
    folder = folder_with_tokenizer(tmp_path / "folder", "llama", "smollm", dtype)
    found = facts(show, folder)
    assert {row["type"] for row in found["weights"]} == {dtype}
    assert {row["tile"] for row in found["weights"] if row["name"] == "wq"} == {dtype.lower()}
    assert found["tokenizer"]["type"] == "tokenizer.json" and "<|im_start|>" in found["tokenizer"]["template_text"]
    assert "runs" in found and "... 1 lines more" in show(folder)


def test_a_tokenizer_that_cannot_be_read_is_said(tmp_path: Path, show: Any) -> None:
    path = tmp_path / "model.bin"
    write_synthetic(path, "tiny", 1)
    assert "number of entries is 2048: must be 512" in facts(show, path)["tokenizer"]["error"]
    assert "tokenizer      cannot be read: " in show(path)


def test_an_unknown_architecture_is_shown_with_the_reason(tmp_path: Path, show: Any) -> None:
    pairs, tensors = gguf_files.small_model("llama")
    renamed = {key.replace("llama.", "gemma."): value for key, value in pairs.items()}
    renamed["general.architecture"] = (gguf_files.STRING, "gemma")
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf_files.gguf_bytes(renamed, tensors))
    found = facts(show, path)
    assert not found["runs"] and "general.architecture is gemma: must be one of llama, " in found["reason"]
    assert found["values"]["gemma.block_count"] == 2 and found["types"][0]["type"] == "F32"
    assert found["tokenizer"] == {"type": "gpt2", "entries": 20}
    text = show(path)
    assert "runs           no: " in text and "gemma.block_count = 2" in text and "gpt2, 20 entries" in text


def test_a_tensor_type_that_is_not_read(tmp_path: Path, show: Any) -> None:
    pairs, tensors = gguf_files.small_model("llama")
    tensors["token_embd.weight"] = (23, *tensors["token_embd.weight"][1:])
    (tmp_path / "m.gguf").write_bytes(gguf_files.gguf_bytes(pairs, tensors))
    found = facts(show, tmp_path / "m.gguf")
    assert not found["runs"] and "token_embd.weight: type is IQ4_XS: must be one of F32, " in found["reason"]
    assert found["values"]["llama.block_count"] == 2 and found["types"] == [] and found["architecture"] == "llama"


def test_an_unknown_folder_is_shown_with_the_reason(tmp_path: Path, show: Any) -> None:
    folder = hugging_face_folders.write_folder(tmp_path / "f", "llama", {"model_type": "gemma3"})
    found = facts(show, folder)
    assert not found["runs"] and "model_type is 'gemma3'" in found["reason"] and found["architecture"] == "gemma3"
    assert found["values"]["hidden_size"] == 32 and found["types"] == [
        {"type": "F32", "tensors": 20, "stored": found["types"][0]["stored"]}
    ]
    assert "hidden_size = 32" in show(folder)


def test_what_is_not_a_model(tmp_path: Path, show: Any) -> None:
    (tmp_path / "x.txt").write_text("hello, this is not a model at all, but a text of some length")
    assert show(tmp_path / "x.txt", code=4).startswith("llmproc: ") and show(tmp_path / "no", code=4)
    assert "a directory" in show(tmp_path, code=4)
    (tmp_path / "cut.gguf").write_bytes(b"GGUF\3\0\0\0")
    assert "cut.gguf" in show(tmp_path / "cut.gguf", code=4)
    assert main(["--what"]) == 2


def test_texts_of_a_file_stay_on_their_line(tmp_path: Path, show: Any) -> None:
    pairs, tensors = gguf_files.small_model("llama")
    pairs["tokenizer.chat_template"] = (gguf_files.STRING, "a\x1b[31mb\nc\rd")
    pairs["general.name"] = (gguf_files.STRING, "x\ny")
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf_files.gguf_bytes(pairs, tensors))
    text = show(path)
    assert "\x1b" not in text and "\r" not in text


# --- the arithmetic


@pytest.mark.parametrize("kind", TENSOR_TYPES.values(), ids=lambda kind: kind.name)
def test_every_type_has_a_tile(kind: Any) -> None:
    """Those of their own width need next to nothing more than the file: a byte for each six-bit number at most."""
    own = {"F32", "F16", "BF16", "Q8_0", "Q4_0", "Q5_0", "Q4_K", "Q6_K"}
    values, scales = tiles_of(kind.name, 0).bytes_of(512)
    stored = 16 * 512 // kind.block * kind.block_bytes
    assert stored <= values + scales and (kind.name not in own or values + scales <= 1.03 * stored)


BITS = [
    ("Q5_0", 0, 5.5), ("Q5_1", 0, 10), ("Q2_K", 0, 12), ("Q3_K", 0, 12), ("Q5_K", 0, 10), ("int8", 64, 8.5),
    ("MXFP4", 0, 10),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "group", "bits"), BITS)
def test_bits_of_tiles(kind: str, group: int, bits: float) -> None:
    assert sum(tiles_of(kind, group).bytes_of(6400)) * 8 / (16 * 6400) == bits


def test_shares_add_up_to_the_tensors(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    write_synthetic_gguf(path, synthetic_model("tiny", "qwen2", gguf=True), "q5_k_m", 1)
    model = open_model(path)
    tensors, shares = list(stored_tensors(model)), type_shares(model)
    assert sum(share.tensors for share in shares) == len(tensors) == 2 + 4 * (9 + 3)
    for part in ("stored", "packed"):
        assert sum(getattr(share, part) for share in shares) == sum(getattr(tensor, part) for tensor in tensors)
    assert parameters(model) == sum(tensor.count for tensor in tensors)
    assert kv_bytes(model.description) == 2 * 4 * 128 * 2
    assert {share.name for share in shares} >= {"wq", "wq bias", "wk bias", "wv bias", "final_norm"}


def test_lines_of_a_feature_rich_model() -> None:
    given = {
        "model": "m", "format": "f", "architecture": "a", "runs": False, "reason": "why", "parameters": 1,
        "sizes": dict.fromkeys(("layers", "width", "feed_forward", "heads", "kv_heads", "head_dim", "vocabulary"), 1),
        "context": 5, "notes": ["n"], "fingerprint": "x", "weights": [],
        "rope": {"theta": 5e5, "scaling": "yarn", "pairs": "half-split", "attention_factor": 1.25,
                 "layers_without": []},
        "features": {"output_layer": "its own", "biases": [], "query_key_norm": False, "norm_epsilon": 1e-6,
                     "window": 7, "window_layers": [0, 1, 2, 5, 7]},
        "memory": {"file": 999, "weights": 1_500_000, "kv_per_token": 2_000_000_000, "kv_full_context": 3 * 10**12},
        "tokenizer": {"type": "t", "entries": 2, "special": 0, "bos": None, "ends": [], "template": "plain",
                      "template_text": None, "notes": ["odd"]},
    }  # fmt: skip
    text = "\n".join(as_lines(given))
    assert "no: why" in text and "cos and sin times 1.25" in text and "in layers 0-2,5,7" in text
    assert "999 bytes" in text and "1.5 MB of weights, 2.0 GB a token, 3.0 TB" in text
    assert "ends a text    nothing" in text and "before a text  nothing" in text and "note           odd" in text
