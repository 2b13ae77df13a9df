"""Variables for a model's own chat template, and the registry that gives them to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from text.chat_cases import BYTE_LEVEL, TEMPLATES
from text.small_vocabularies import tokenizer_json, write_folder

from llmproc.errors import UsageError
from llmproc.text.templates.jinja import JinjaTemplate
from llmproc.text.templates.registry import template_for
from llmproc.text.templates.template_options import template_options
from llmproc.text.tokenizers.folder import load_folder_tokenizer
from llmproc.text.tokenizers.pieces import PieceTokenizer


@pytest.fixture
def thinking(tmp_path: Path) -> PieceTokenizer:
    files = {"tokenizer_config_json": BYTE_LEVEL, "chat_template_jinja": TEMPLATES["qwen3"]}
    return load_folder_tokenizer(write_folder(tmp_path, tokenizer_json(), **files), 2000)


def test_template_options() -> None:
    given = ["enable_thinking=false", "n=3", "colour=red", "text=", 'quoted="a=b"', "list=[1]"]
    expected = {"enable_thinking": False, "n": 3, "colour": "red", "text": "", "quoted": "a=b", "list": [1]}
    assert template_options(given) == expected


@pytest.mark.parametrize("bad", [["x"], ["=1"], ["a b=1"], ["messages=1"], ["tools=[]"], ["a=1", "a=2"]])
def test_template_options_that_break_a_rule(bad: list[str]) -> None:
    with pytest.raises(UsageError, match="--template-option is "):
        template_options(bad)


@given(pairs=st.lists(st.one_of(st.text(max_size=12), st.from_regex(r"[a-c]{1,2}=.{0,6}", fullmatch=True)), max_size=3))
def test_any_pairs_are_variables_or_refused(pairs: list[str]) -> None:
    try:
        found = template_options(pairs)
    except UsageError as error:
        assert str(error).startswith("--template-option is ") and "\n" not in str(error)
        return
    assert list(found) == [pair.partition("=")[0] for pair in pairs]
    assert all(name.isidentifier() for name in found)


def test_the_registry_takes_the_models_own_template(thinking: PieceTokenizer, tmp_path: Path) -> None:
    own = template_for(thinking)
    assert isinstance(own, JinjaTemplate) and own.name.startswith("jinja-")
    assert own.name == template_for(thinking).name
    without = load_folder_tokenizer(write_folder(tmp_path / "none", tokenizer_json()), 2000)
    assert template_for(without).name == "plain"
    with pytest.raises(UsageError, match="template option enable_thinking: the template plain has no variables"):
        template_for(without, {"enable_thinking": False})


def test_a_variable_is_part_of_what_identifies_a_template(thinking: PieceTokenizer) -> None:
    names = {template_for(thinking, options).name for options in (None, {}, *({"enable_thinking": b} for b in (0, 1)))}
    assert len(names) == 3


def test_a_variable_that_the_template_never_reads_is_refused_by_name(thinking: PieceTokenizer) -> None:
    with pytest.raises(UsageError, match=r"template option enable_thinkin: .* no such variable; it reads enable_thin"):
        template_for(thinking, {"enable_thinking": False, "enable_thinkin": False})
    for name in ("ns", "message", "loop", "raise_exception"):  # its own names, and those of the environment
        with pytest.raises(UsageError, match=f"template option {name}: "):
            template_for(thinking, {name: 1})
    chat = thinking.chat
    assert chat is not None
    thinking.chat = chat._replace(template="{{ bos_token }}{{ messages[0].content }}")
    with pytest.raises(UsageError, match="it reads none"):
        template_for(thinking, {"x": 1})
