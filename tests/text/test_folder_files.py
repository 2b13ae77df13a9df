"""The files of a Hugging Face folder: what they say about end ids and templates, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from text.small_vocabularies import ROWS, opened, small, tokenizer_json, write_folder

from llmproc.errors import RequestError, TokenizerError
from llmproc.text.tokenizers.ends import WrongEndError, folder_ends
from llmproc.text.tokenizers.folder import load_folder_tokenizer

ENDS = st.one_of(
    st.just(...), st.none(), st.integers(-2, 60), st.floats(), st.booleans(), st.text(max_size=2),
    st.lists(st.one_of(st.integers(0, 60), st.none(), st.floats(0, 9)), max_size=4),
)  # fmt: skip
SMALL_FILES = ("tokenizer_config.json", "special_tokens_map.json", "generation_config.json", "config.json")


# -- rule 3: what ends a text ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "generation", "ends", "said"),
    [
        ({"eos_token_id": 5}, None, (5,), False),
        ({"eos_token_id": [5, 6]}, None, (5, 6), False),
        ({"eos_token_id": 5}, {"eos_token_id": 7}, (7,), False),
        ({"eos_token_id": 5}, {"eos_token_id": [7, 8]}, (7, 8), False),
        ({"eos_token_id": 5}, {}, (5,), True),
        ({}, {}, (), False),
        ({}, None, (), False),
        ({"eos_token_id": None}, None, (), False),
    ],
)  # fmt: skip
def test_rule_3_end_ids(config: Any, generation: Any, ends: tuple[int, ...], said: bool, tmp_path: Path) -> None:
    files = {"config_json": config} | ({} if generation is None else {"generation_config_json": generation})
    tokenizer = opened(tmp_path, tokenizer_json(), **files)
    assert tokenizer.eos == ends
    assert any("generation_config.json names no eos_token_id" in note for note in tokenizer.notes) == said


@pytest.mark.parametrize("bad", ["2", 1.5, True, ROWS, -1, [3, "x"]])
def test_rule_3_other_end_ids_are_refused(bad: Any, tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=r"config.json: eos_token_id is .*must be one id or a list of ids"):
        opened(tmp_path, tokenizer_json(), config_json={"eos_token_id": bad})


@settings(max_examples=200)
@given(values=st.tuples(ENDS, ENDS), there=st.booleans(), rows=st.integers(1, 50))
def test_rule_3_any_value_gives_ids_of_the_model_or_is_refused(values: tuple[Any, Any], there: bool, rows: int) -> None:
    config, generation = ({} if value is ... else {"eos_token_id": value} for value in values)
    try:
        ends, notes = folder_ends(config, generation if there else None, rows)
    except WrongEndError as error:
        assert error.file in ("config.json", "generation_config.json") and error.value and error.rule
        return
    assert all(type(token) is int and 0 <= token < rows for token in ends) and len(set(ends)) == len(ends)
    assert not notes or (there and ends and generation.get("eos_token_id") is None)


def test_rule_3_the_map_counts_when_the_config_lists_no_tokens(tmp_path: Path) -> None:
    ids = {token["content"]: token["id"] for token in tokenizer_json()["added_tokens"]}
    config, names = {"eos_token": "<|endoftext|>"}, {"eos_token": {"content": "<|im_end|>"}}
    files: dict[str, Any] = {"tokenizer_config_json": config, "special_tokens_map_json": names}
    assert opened(tmp_path, tokenizer_json(), **files).eos == (ids["<|im_end|>"],)
    config["added_tokens_decoder"] = {}  # type: ignore[assignment]
    assert opened(tmp_path, tokenizer_json(), **files).eos == (ids["<|endoftext|>"],)


# -- what cannot be read -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"model": {"type": "Unigram", "vocab": [["a", 0.0]]}}, "model is of type Unigram: must be BPE"),
        ({"model": {"type": "BPE", "vocab": {"a": "x"}, "merges": []}}, "must have a vocab of ids and a list"),
        ({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["ab"]}}, "merge 0 is 'ab': must be two pieces"),
        ({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [["a", "b"]]}}, "model is refused by the tokenizers"),
        ({"model": []}, "model is another JSON value"),
        ({"model": {"type": "BPE", "vocab": {"a": 0, "b": 0}, "merges": []}}, "id of 'b' is 0: must not be that of"),
        ({"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}}, "id of 'a' is -1: must be in 0"),
        ({"pre_tokenizer": {"type": "Nonsense"}}, "pipeline is refused by the tokenizers library"),
        ({"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "("}, "behavior": "Isolated"}}, "is refused by"),
        ({"decoder": {"type": "WordPiece"}}, "decoder is of type WordPiece: must be made of"),
        ({"decoder": {"type": "Replace", "pattern": {"Regex": "x"}, "content": ""}}, "must replace one fixed text"),
        ({"added_tokens": {}}, "must be an object with a model and added_tokens"),
    ],
)  # fmt: skip
def test_files_that_break_a_rule(change: dict[str, Any], rule: str, tmp_path: Path) -> None:
    given = {**small("a", "b"), **change}
    with pytest.raises(TokenizerError, match=rule) as caught:
        opened(tmp_path, given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", SMALL_FILES)
@pytest.mark.parametrize("data", [b"[]", b"{", b"\xff"])
def test_small_files_that_break_a_rule(name: str, data: bytes, tmp_path: Path) -> None:
    write_folder(tmp_path, tokenizer_json())
    (tmp_path / name).write_bytes(data)
    with pytest.raises(TokenizerError, match=f"{name}: file is .*must be a JSON object"):
        load_folder_tokenizer(tmp_path, ROWS)


def test_a_folder_without_a_tokenizer(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=r"tokenizer.json: no such file"):
        load_folder_tokenizer(tmp_path, ROWS)


def test_text_whose_bytes_have_no_token_is_refused(tmp_path: Path) -> None:
    tokenizer = opened(tmp_path, small("a", "b", decoder={"type": "ByteLevel"}))
    assert tokenizer.encode("ab") == [0, 1]
    with pytest.raises(RequestError, match=r"byte 99 \(0x63\) at position 2 of the text has no token"):
        tokenizer.encode("abc")


# -- which template ----------------------------------------------------------------------------------------------------


def test_finding_4_the_template_file_comes_first(tmp_path: Path) -> None:
    config: dict[str, Any] = {"bos_token": "<s>", "chat_template": "config"}
    tokenizer = opened(tmp_path, tokenizer_json(), tokenizer_config_json=config)
    assert tokenizer.chat is not None and tokenizer.chat.template == "config"
    assert tokenizer.chat.variables == {"bos_token": "<s>"}
    named = [{"name": "tool_use", "template": "tools"}, {"name": "default", "template": "usual"}]
    tokenizer = opened(tmp_path, tokenizer_json(), tokenizer_config_json={"chat_template": named})
    assert tokenizer.chat is not None and tokenizer.chat.template == "usual"
    tokenizer = opened(tmp_path, tokenizer_json(), tokenizer_config_json=config, chat_template_jinja="file")
    assert tokenizer.chat is not None and tokenizer.chat.template == "file"
    assert opened(tmp_path / "none", tokenizer_json()).chat is None
