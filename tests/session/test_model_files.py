"""A checkpoint, its tokenizer and a template opened together, and what there is to tell about them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.own_models import write_own_folder, write_own_gguf

from llmproc.config import EngineOptions, SamplingParams
from llmproc.errors import UsageError
from llmproc.session.model_files import read_model_files
from llmproc.text.templates.registry import built_in_template

SAID = "generation_config.json names no eos_token_id: that of config.json ends a text ([3])"
SUGGESTED = {"do_sample": True, "temperature": 0.7, "top_k": 0}


def test_a_model_brings_tokenizer_and_template(tmp_path: Path) -> None:
    for path in (write_own_gguf(tmp_path / "m.gguf", "qwen3"), write_own_folder(tmp_path / "folder", "qwen3")):
        files = read_model_files(path)
        assert files.tokenizer_path == path and files.template.name.startswith("jinja-")
        assert files.notices(EngineOptions(), SamplingParams()) == []
        other = read_model_files(path, template_options={"enable_thinking": False}).template
        assert other.name != files.template.name
        with pytest.raises(UsageError, match="template option thinking: "):
            read_model_files(path, template_options={"thinking": False})


def test_what_is_said_is_said_once(tmp_path: Path) -> None:
    files = read_model_files(write_own_folder(tmp_path / "folder", generation_config=SUGGESTED))
    assert files.notes == (SAID,)  # the model's and the tokenizer's readers say it alike
    suggestion = "generation_config.json suggests --temperature 0.7; used are 0.6 and 0.9"
    assert files.notices(EngineOptions(), SamplingParams()) == [SAID, suggestion]
    assert files.notices(EngineOptions()) == [SAID]
    long = EngineOptions(context=4096)
    cut = f"context is 4096: {tmp_path / 'folder'} has 512 positions, so 512 are used"
    assert files.notices(long, option="context") == [SAID, cut]
    assert files.context(long) == 512


def test_a_model_without_a_template_says_so(tmp_path: Path) -> None:
    path = write_own_gguf(tmp_path / "m.gguf", None)
    files = read_model_files(path)
    assert files.template.name == "plain"
    assert files.notes == (f"{path} brings no chat template: prompts are continued as plain text",)
    assert read_model_files(path, template=built_in_template("plain")).notes == ()  # asked for


def test_the_shipped_model_has_nothing_to_say(quick: Path) -> None:
    files = read_model_files(quick)
    assert files.tokenizer_path == quick.with_name("tokenizer.bin")
    assert files.notices(EngineOptions(), SamplingParams()) == []


def test_a_named_tokenizer_wins(tmp_path: Path, quick: Path) -> None:
    path = write_own_gguf(tmp_path / "m.gguf")
    files = read_model_files(quick, path)
    assert files.tokenizer_path == path and files.template.name.startswith("jinja-")
    assert files.tokenizer.vocab_size == files.model.description.vocab_size == 2048
