"""llmproc convert: files are written whole, never over others, and what is lost is said."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from checkpoints import naive_gguf
from checkpoints.conversions import folder_with_tokenizer

from llmproc.apps.convert.app import main
from llmproc.checkpoints.model_file import open_model
from llmproc.config import shipped_file

SHIPPED = str(shipped_file("model", "model.bin"))
TOKENIZER = shipped_file("tokenizer", "tokenizer.bin")


@pytest.fixture
def convert(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: Any) -> tuple[int, str, str]:
        code = main([str(word) for word in arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_there_and_back(tmp_path: Path, convert: Any) -> None:
    gguf, model = tmp_path / "m.gguf", tmp_path / "back.bin"
    code, out, err = convert(SHIPPED, gguf, "--to", "gguf")
    assert (code, err) == (0, "") and out == f"{gguf}: {gguf.stat().st_size:,} bytes\n"
    metadata, _ = naive_gguf.read(gguf)
    assert metadata["general.name"] == "model" and "<|im_start|>" in metadata["tokenizer.chat_template"]
    code, out, _ = convert(gguf, model, "--to", "llama2c", "--json")
    facts = json.loads(out)
    assert code == 0 and facts["from"] == "GGUF" and facts["to"] == "llama2c" and facts["notes"] == []
    assert facts["files"] == {str(tmp_path / name): (tmp_path / name).stat().st_size
                              for name in ("back.bin", "tokenizer.bin", "tokenizer.meta.json")}  # fmt: skip
    assert model.read_bytes() == Path(SHIPPED).read_bytes()


def test_wanted_weights(tmp_path: Path, convert: Any) -> None:
    folder = folder_with_tokenizer(tmp_path / "folder", "qwen2", "qwen2")
    for weights, stored in (("q8_0", "int8"), ("q4_0", "q4"), ("f16", "f16")):
        out = tmp_path / f"{weights}.gguf"
        assert convert(folder, out, "--to", "gguf", "--weights", weights)[0] == 0
        assert open_model(out).description.weight_type == stored


def test_notes_go_to_stderr(tmp_path: Path, convert: Any) -> None:
    folder = folder_with_tokenizer(tmp_path / "folder", "llama", "smollm")
    code, out, err = convert(folder, tmp_path / "model.bin", "--to", "llama2c")
    assert code == 0 and out.count("\n") == 3
    assert err.startswith("note: tokenizer.bin does not cut text into words as smollm does")


@pytest.mark.parametrize("to", ["gguf", "llama2c"])
def test_files_that_are_there_stay(tmp_path: Path, convert: Any, to: str) -> None:
    there = tmp_path / ("x" if to == "gguf" else "tokenizer.bin")
    there.write_text("mine")
    gguf = tmp_path / "source.gguf"
    assert convert(SHIPPED, gguf, "--to", "gguf", "--tokenizer", TOKENIZER)[0] == 0
    code, out, err = convert(gguf, tmp_path / "x", "--to", to)
    assert (code, out) == (2, "")
    assert err == f"llmproc: {there}: there is such a file already; --force replaces it\n"
    assert there.read_text() == "mine"
    assert convert(gguf, tmp_path / "x", "--to", to, "--force")[0] == 0
    assert there.read_bytes()[:4] != b"mine" and open_model(tmp_path / "x")


def test_what_the_target_cannot_say_leaves_nothing(tmp_path: Path, convert: Any) -> None:
    folder = folder_with_tokenizer(tmp_path / "folder", "qwen3", "qwen2")
    code, out, err = convert(folder, tmp_path / "out" / "x.bin", "--to", "llama2c")
    assert (code, out) == (4, "") and "norms of queries and keys" in err and err.count("\n") == 1
    assert os.listdir(tmp_path) == ["folder"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((SHIPPED, "x"), 2, "--to"),
        ((SHIPPED, "x", "--to", "onnx"), 2, "invalid choice"),
        ((SHIPPED, "x", "--to", "gguf", "--weights", "q2"), 2, "invalid choice"),
        ((SHIPPED, ".", "--to", "gguf"), 2, "OUT is .: must name a file"),
        (("no", "x", "--to", "gguf"), 4, "no such file"),
        ((SHIPPED, "no/x", "--to", "gguf"), 4, "must be writable"),
        ((SHIPPED, "folder", "--to", "gguf", "--force"), 4, "is a directory"),
        ((SHIPPED, "x", "--to", "gguf", "--tokenizer", "no"), 4, "no: no such file"),
        ((SHIPPED, "x", "--to", "llama2c", "--weights", "f16"), 2, "--weights is f16: must be one of q8_0, f32"),
    ],
    ids=lambda value: " ".join(value[1:]) if isinstance(value, tuple) else None,
)
def test_refusals_are_one_line(
    arguments: tuple[str, ...], code: int, message: str, tmp_path: Path, convert: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    found, out, err = convert(*arguments)
    assert (found, out) == (code, "") and message in err and err.count("\n") == 1
    assert os.listdir(tmp_path) == ["folder"]


def test_the_tokenizer_beside_the_model_counts(tmp_path: Path, convert: Any) -> None:
    (tmp_path / "model.bin").write_bytes(Path(SHIPPED).read_bytes())
    (tmp_path / "tokenizer.bin").write_bytes(b"broken")
    code, _, err = convert(tmp_path / "model.bin", tmp_path / "x.gguf", "--to", "gguf")
    assert code == 4 and str(tmp_path / "tokenizer.bin") in err
