"""Files damaged at random: show says what is in them or refuses in one line, convert writes a model or nothing."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from checkpoints import gguf_files
from checkpoints.conversions import folder_with_tokenizer, synthetic

from llmproc.apps.convert.app import main as convert
from llmproc.apps.show.app import main as show
from llmproc.checkpoints.model_file import open_model
from llmproc.errors import LlmprocError

FEW = 120
MANY = pytest.param(2000, marks=pytest.mark.soak)


def flipped(data: bytes, chance: random.Random, within: int) -> bytes:
    """One to three bytes of the first `within` changed, or the end cut off."""
    found = bytearray(data)
    if chance.random() < 0.1:
        return bytes(found[: chance.randrange(len(found))])
    for _ in range(chance.randrange(1, 4)):
        found[chance.randrange(min(within, len(found)))] ^= 1 << chance.randrange(8)
    return bytes(found)


def shown(path: Path, capsys: pytest.CaptureFixture[str]) -> bool:
    """Whether `show` could say something; a traceback or a second line of an error fails."""
    code = show([str(path), "--json"])
    out, err = capsys.readouterr()
    if code == 0:
        facts: dict[str, Any] = json.loads(out)
        assert facts["model"] == str(path) and (facts["runs"] or facts["reason"]) and err == ""
        assert show([str(path)]) == 0
        assert capsys.readouterr().out.count("\n") > 4
        return True
    assert code in (1, 4) and out == "" and err.startswith("llmproc: ") and err.count("\n") == 1
    return False


@pytest.mark.parametrize("count", [FEW, MANY])
def test_flips_in_a_gguf_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int) -> None:
    chance = random.Random(count)
    pairs, tensors = gguf_files.small_model("qwen2")
    data = gguf_files.gguf_bytes(pairs, tensors)
    path, outcomes = tmp_path / "m.gguf", set()
    for _ in range(count):
        path.write_bytes(flipped(data, chance, 2500))
        outcomes.add(shown(path, capsys))
        if convert([str(path), str(tmp_path / "out.gguf"), "--to", "gguf", "--force"]) == 0:
            try:
                assert open_model(tmp_path / "out.gguf").description
            except LlmprocError as error:
                raise AssertionError("what was written cannot be read") from error
        capsys.readouterr()
        (tmp_path / "out.gguf").unlink(missing_ok=True)
        assert os.listdir(tmp_path) == ["m.gguf"]
    assert outcomes == {True, False}


@pytest.mark.parametrize("count", [FEW // 2, MANY])
def test_flips_in_the_small_files_of_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int) -> None:
    chance = random.Random(count)
    folder = folder_with_tokenizer(tmp_path / "folder", "qwen3", "qwen2")
    names = ("config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
    outcomes = set()
    for turn in range(count):
        name = names[turn % len(names)]
        before = (folder / name).read_bytes()
        (folder / name).write_bytes(flipped(before, chance, 600))
        outcomes.add(shown(folder, capsys))
        (folder / name).write_bytes(before)
    assert outcomes == {True, False}


@pytest.mark.parametrize("count", [FEW // 3, MANY])
def test_flips_in_the_tokenizer_of_a_real_layout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int
) -> None:
    chance = random.Random(count)
    data = synthetic(tmp_path, "q4_k_m").path.read_bytes()
    path = tmp_path / "m.gguf"
    for _ in range(count):
        path.write_bytes(flipped(data, chance, 60_000))
        shown(path, capsys)
