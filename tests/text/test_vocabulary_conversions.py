"""Tokenizers carried into other formats: the same ids of any text there, or a refusal by name, or a note."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from text.random_texts import random_texts
from text.small_vocabularies import (
    FAMILIES,
    ROWS,
    family_metadata,
    metadata_of,
    sentencepiece_json,
    tokenizer_json,
    write_folder,
)

from llmproc.config import shipped_file
from llmproc.errors import TokenizerError
from llmproc.text.templates.chatml import CHATML_JINJA
from llmproc.text.tokenizers.bin_from_gguf import bin_entries
from llmproc.text.tokenizers.folder import load_folder_tokenizer
from llmproc.text.tokenizers.gguf import load_gguf_tokenizer
from llmproc.text.tokenizers.gguf_from_bin import vocabulary_from_bin
from llmproc.text.tokenizers.gguf_from_folder import vocabulary_from_folder
from llmproc.text.tokenizers.gguf_pre import PRE_TOKENIZERS, named_pre_tokenizer
from llmproc.text.tokenizers.gguf_vocabulary import GgufVocabulary, read_gguf_vocabulary
from llmproc.text.tokenizers.made_vocabulary import sentencepiece_vocabulary
from llmproc.text.tokenizers.sidecar import Sidecar, sidecar_path, write_sidecar
from llmproc.text.tokenizers.tokenizer import Tokenizer, load_tokenizer, write_tokenizer

SHIPPED = shipped_file("tokenizer", "tokenizer.bin")
HAND = ["", "a  12", "Hello, world", " two  spaces", "naïve", "漢字", "🙂", "it's I'LL", "x\n\ny", "<|im_end|>", "½²Ⅷ"]
TEXTS = [*HAND, *random_texts(150)]
TEXTS = [text for text in TEXTS if "▁" not in text]  # GGUF's llama form cannot tell it from a space
FOLDER_FAMILIES = ("llama-bpe", "qwen2", "smollm", "gpt-2", "tekken")


def published_pre_tokenizer(family: str) -> Any:
    """The cuts as published tokenizer.json files write them, where that differs from ours."""
    alphabet = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    if family in ("llama-bpe", "qwen2"):
        numbers = r"\p{N}{1,3}" if family == "llama-bpe" else r"\p{N}"
        pattern = (
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|" + numbers
            + r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        )  # fmt: skip
        cut = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
        return {"type": "Sequence", "pretokenizers": [cut, alphabet]}
    whole = {**alphabet, "use_regex": True}
    if family == "smollm":
        return {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, whole]}
    return whole if family == "gpt-2" else PRE_TOKENIZERS[family].as_json()


def folder(path: Path, family: str, **fields: Any) -> Path:
    tokenizer = tokenizer_json(family, pre_tokenizer=published_pre_tokenizer(family), **fields)
    tokenizer["model"]["ignore_merges"] = PRE_TOKENIZERS[family].whole_words
    return write_folder(path, tokenizer, tokenizer_config_json={"eos_token": "<|im_end|>"}, config_json={})


def reread(vocabulary: GgufVocabulary, rows: int = ROWS) -> Any:
    return load_gguf_tokenizer(Path("x"), metadata_of(vocabulary), rows)


# --- from a folder


@pytest.mark.parametrize("family", FOLDER_FAMILIES)
def test_byte_level_folders_keep_their_ids(tmp_path: Path, family: str) -> None:
    path = folder(tmp_path, family)
    found = vocabulary_from_folder(path, ROWS)
    assert (found.vocabulary.model, found.vocabulary.pre) == ("gpt2", family)
    ours, theirs = reread(found.vocabulary), load_folder_tokenizer(path, ROWS)
    assert [ours.encode(text) for text in TEXTS] == [theirs.encode(text) for text in TEXTS]
    assert ours.encode_rendered(["<|im_start|>user\nHi", "<|im_end|>", "<|im_end|>"]) == theirs.encode_rendered(
        ["<|im_start|>user\nHi", "<|im_end|>", "<|im_end|>"]
    )
    assert set(theirs.eos) <= set(ours.eos) and ours.bos == theirs.bos and ours.special == theirs.special


@pytest.mark.parametrize("metaspace", [None, "always", "never"])
def test_sentencepiece_folders_keep_their_ids(tmp_path: Path, metaspace: str | None) -> None:
    path = write_folder(tmp_path, sentencepiece_json(metaspace), tokenizer_config_json={"eos_token": "</s>"})
    written = vocabulary_from_folder(path, ROWS)
    found = written.vocabulary
    assert found.model == "llama" and found.add_space == (metaspace != "never") and found.add_bos
    ours, theirs = reread(found), load_folder_tokenizer(path, ROWS)
    for text in TEXTS:  # finding 10: the newer form puts no second space before a text that begins with one
        if metaspace != "always" or not text.startswith(" "):
            assert ours.encode(text) == theirs.encode(text)
    assert ours.bos == theirs.bos == 1 and 2 in ours.eos
    assert any("begins with a space" in note for note in written.notes) == (metaspace == "always")


def test_ids_without_a_token_are_unused_ones(tmp_path: Path) -> None:
    tokenizer = tokenizer_json("smollm", pre_tokenizer=published_pre_tokenizer("smollm"))
    last = max(tokenizer["model"]["vocab"].values())
    piece = next(name for name, token in tokenizer["model"]["vocab"].items() if token == last)
    del tokenizer["model"]["vocab"][piece]
    tokenizer["model"]["merges"] = [m for m in tokenizer["model"]["merges"] if "".join(m) != piece and piece not in m]
    path = write_folder(tmp_path, tokenizer)
    try:
        found = vocabulary_from_folder(path, ROWS).vocabulary
    except TokenizerError as error:
        assert "added token" in str(error)  # the library would number those behind the gap otherwise
        return
    assert found.tokens[last] == b"[PAD%d]" % last and found.types[last] == 5


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"pre_tokenizer": {"type": "Whitespace"}}, "pre_tokenizer is a step of type Whitespace: "),
        ({"pre_tokenizer": None}, "pre_tokenizer is none: must cut text as one that GGUF has a name for"),
        (
            {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True}},
            "pre_tokenizer is a step of type ByteLevel: ",
        ),
        ({"normalizer": {"type": "Lowercase"}}, "normalizer is of type Lowercase: must be none or NFC"),
    ],
)
def test_what_gguf_has_no_name_for(tmp_path: Path, fields: dict[str, Any], message: str) -> None:
    given = {"pre_tokenizer": published_pre_tokenizer("gpt-2"), **fields}
    path = write_folder(tmp_path, tokenizer_json("gpt-2", **given))
    with pytest.raises(TokenizerError, match=message):
        vocabulary_from_folder(path, ROWS)


def test_nfc_is_said(tmp_path: Path) -> None:
    found = vocabulary_from_folder(folder(tmp_path, "qwen2", normalizer={"type": "NFC"}), ROWS)
    assert any("normalises text to NFC" in note for note in found.notes)


def test_every_pre_tokenizer_is_found_by_its_cuts() -> None:
    for name, known in PRE_TOKENIZERS.items():
        found = named_pre_tokenizer(known.patterns, known.whole_words)
        assert found is not None and PRE_TOKENIZERS[found] is known, name
    assert named_pre_tokenizer((r"\p{N}",), False) is None


# --- from tokenizer.bin and back


def test_the_shipped_tokenizer_keeps_its_ids() -> None:
    found = vocabulary_from_bin(SHIPPED, 2048)
    assert found.notes == () and found.vocabulary.template == CHATML_JINJA and found.vocabulary.add_bos is False
    ours, theirs = reread(found.vocabulary, 2048), load_tokenizer(SHIPPED, 2048)
    assert [ours.encode(text) for text in TEXTS] == [theirs.encode(text) for text in TEXTS]
    assert [ours.piece(token) for token in range(2048)] == [theirs.piece(token) for token in range(2048)]
    assert ours.special == theirs.special and ours.eos == theirs.eos and ours.bos is None


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=30) | st.text(max_size=30).map(str.encode))
def test_any_bytes_keep_their_ids(data: bytes) -> None:
    if "▁".encode() not in data:
        assert SHIPPED_AS_GGUF.encode(data) == SHIPPED_TOKENIZER.encode(data)


SHIPPED_AS_GGUF, SHIPPED_TOKENIZER = (
    reread(vocabulary_from_bin(SHIPPED, 2048).vocabulary, 2048),
    load_tokenizer(SHIPPED, 2048),
)


def back(folder: Path, vocabulary: GgufVocabulary, rows: int) -> tuple[Tokenizer, tuple[str, ...]]:
    """The tokenizer.bin that a vocabulary becomes, read by its own reader."""
    entries = bin_entries(vocabulary, rows)
    path = folder / "tokenizer.bin"
    write_tokenizer(path, entries.pieces, entries.scores)
    write_sidecar(sidecar_path(path), entries.sidecar, rows)
    return load_tokenizer(path, rows), entries.notes


def test_the_shipped_tokenizer_comes_back_byte_for_byte(tmp_path: Path) -> None:
    found, notes = back(tmp_path, vocabulary_from_bin(SHIPPED, 2048).vocabulary, 2048)
    assert (tmp_path / "tokenizer.bin").read_bytes() == SHIPPED.read_bytes() and notes == ()
    assert json.loads((tmp_path / "tokenizer.meta.json").read_bytes()) == json.loads(
        SHIPPED.with_name("tokenizer.meta.json").read_bytes()
    )
    assert found.template_name == "chatml"


@pytest.mark.parametrize("family", ["llama", "llama-ties"])
def test_sentencepiece_as_tokenizer_bin(tmp_path: Path, family: str) -> None:
    metadata = family_metadata(family)
    vocabulary = read_gguf_vocabulary(Path("x"), metadata, ROWS)
    found, notes = back(tmp_path, vocabulary, ROWS)
    theirs = load_gguf_tokenizer(Path("x"), metadata, ROWS)
    assert found.byte_tokens and notes == ()
    assert [found.encode(text) for text in TEXTS] == [theirs.encode(text) for text in TEXTS]
    assert found.bos == theirs.bos and set(theirs.eos) == set(found.eos) and found.template_name == "plain"


def test_a_made_vocabulary_there_and_back(tmp_path: Path) -> None:
    vocabulary = sentencepiece_vocabulary(700)
    found, notes = back(tmp_path, vocabulary, 720)
    assert found.template_name == "chatml" and notes == () and found.vocab_size == 720
    again = vocabulary_from_bin(tmp_path / "tokenizer.bin", 720).vocabulary
    assert again.tokens[:700] == vocabulary.tokens and again.scores[:700] == vocabulary.scores
    assert again.types[:700] == vocabulary.types and again.add_space


def test_byte_level_as_tokenizer_bin_says_what_is_lost(tmp_path: Path) -> None:
    metadata = family_metadata("smollm")
    found, notes = back(tmp_path, read_gguf_vocabulary(Path("x"), metadata, ROWS), ROWS)
    theirs = load_gguf_tokenizer(Path("x"), metadata, ROWS)
    assert notes[0].startswith("tokenizer.bin does not cut text into words as smollm does")
    assert [found.decode(theirs.encode(text), 5).decode() for text in TEXTS] == TEXTS
    same = sum(found.encode(text) == theirs.encode(text) for text in TEXTS)
    assert 30 < same < len(TEXTS), "some texts have nothing to lose, others do: the note is true"


def test_a_template_that_is_not_chatml_is_said() -> None:
    vocabulary = dataclasses.replace(sentencepiece_vocabulary(600), template="{{ messages[0].content }}")
    entries = bin_entries(vocabulary, 600)
    assert entries.sidecar.template == "plain" and "not ChatML" in entries.notes[0]
    broken = dataclasses.replace(vocabulary, template="{{ messages[0].content.nothing.at.all }}")
    assert bin_entries(broken, 600).sidecar.template == "plain"


def test_what_tokenizer_bin_cannot_hold() -> None:
    vocabulary = read_gguf_vocabulary(Path("x"), family_metadata("llama-no-space"), ROWS)
    with pytest.raises(TokenizerError, match=r"must be there and differ from every other entry in tokenizer\.bin"):
        bin_entries(vocabulary, ROWS)  # a byte token and a character that is the same byte
    moved = dataclasses.replace(sentencepiece_vocabulary(600))
    moved = dataclasses.replace(moved, tokens=(moved.tokens[0], *moved.tokens[2:4], moved.tokens[1], *moved.tokens[4:]))
    with pytest.raises(TokenizerError, match=r"id of <0x00> is .*: must be 3: tokenizer.bin has its byte tokens there"):
        bin_entries(moved, 600)
    ends = dataclasses.replace(moved, named={}, tokens=tuple(b"t%d" % at for at in range(600)), ids={}, add_space=False,
                               types=(1,) * 600)  # fmt: skip
    with pytest.raises(TokenizerError, match="eos_token_id is missing: must name a token that ends a text"):
        bin_entries(ends, 600)


def test_two_entries_that_gguf_writes_alike(tmp_path: Path) -> None:
    pieces = [b"<unk>", b"<s>", b"</s>", b"a", b" ", "▁".encode()]
    write_tokenizer(tmp_path / "tokenizer.bin", pieces, [0.0] * 6)
    with pytest.raises(TokenizerError, match=r"piece of entry 4 is .*must differ from entry 5 where a space"):
        vocabulary_from_bin(tmp_path / "tokenizer.bin", 6)


def test_parts_of_characters_and_more_ends_are_said(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.bin"
    write_tokenizer(path, [b"<unk>", b"<s>", b"</s>", b"a\xc3", b"\xe6\xbc", b"b", b"c"], [0.0] * 7)
    write_sidecar(sidecar_path(path), Sidecar(bos=1, eos=(2, 5, 6), unk=0, template="plain"), 7)
    found = vocabulary_from_bin(path, 7)
    assert found.notes[0].startswith("2 entries are parts of characters")
    assert found.notes[1].startswith("GGUF names two end tokens: [6] end a text only if")
    assert found.vocabulary.named == {"bos": 1, "eos": 2, "eot": 5, "unknown": 0}


def test_families_of_the_tests_are_all_there() -> None:
    assert set(FOLDER_FAMILIES) < set(FAMILIES)
