"""Hugging Face folders: ids of the `tokenizers` library, bytes of our own; rules of shared/formats.md by number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from text.random_texts import random_texts
from text.small_vocabularies import (
    PRE,
    ROWS,
    SPECIAL,
    added,
    opened,
    sentencepiece_json,
    small,
    template_processing,
    tokenizer_json,
)
from tokenizers import Regex, pre_tokenizers

from llmproc.errors import RequestError, TokenizerError
from llmproc.text.tokenizers.library import LibraryTokenizer
from llmproc.text.tokenizers.streaming import StreamDecoder

FORMS: dict[str, Any] = {
    **{pre: lambda pre=pre: tokenizer_json(pre) for pre in PRE},
    "nfc": lambda: tokenizer_json("qwen2", normalizer={"type": "NFC"}),
    "regex": lambda: tokenizer_json(
        pre_tokenizer={"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
    ),
    "llama-2": lambda: sentencepiece_json(),
    "metaspace first": lambda: sentencepiece_json("first"),
    "metaspace always": lambda: sentencepiece_json("always"),
    "metaspace never": lambda: sentencepiece_json("never"),
}


def shown(tokenizer: LibraryTokenizer, ids: list[int], pieces: tuple[str, ...]) -> list[str]:
    return [pieces[token] for token in ids]


# -- equal to the library ----------------------------------------------------------------------------------------------


def check(folder: Path, form: str, count: int) -> None:
    given = FORMS[form]()
    tokenizer, library = opened(folder, given), tokenizers.Tokenizer.from_str(json.dumps(given))
    for text in random_texts(count):
        ids = tokenizer.encode(text)
        assert ids == library.encode(text, add_special_tokens=False).ids, text
        assert tokenizer.encode_rendered([text]) == ids
        if form not in ("nfc",):
            assert tokenizer.decode(ids, tokenizer.bos).decode() in (text, text.removeprefix(" "))


@pytest.mark.parametrize("form", FORMS)
def test_random_texts_have_the_ids_of_the_library(form: str, tmp_path: Path) -> None:
    check(tmp_path, form, 300)


@pytest.mark.soak
@pytest.mark.parametrize("form", FORMS)
def test_5000_random_texts_have_the_ids_of_the_library(form: str, tmp_path: Path) -> None:
    check(tmp_path, form, 5000)


@pytest.mark.parametrize("form", FORMS)
def test_rendered_texts_have_the_ids_of_the_library(form: str, tmp_path: Path) -> None:
    given = FORMS[form]()
    tokenizer, library = opened(tmp_path, given), tokenizers.Tokenizer.from_str(json.dumps(given))
    names = [token["content"] for token in given["added_tokens"]]
    for index, text in enumerate(random_texts(100)):
        name = names[index % len(names)]
        rendered = f"{name}{text}{name} {text[::-1]}"
        assert tokenizer.encode_rendered([rendered]) == library.encode(rendered, add_special_tokens=False).ids


# -- rule 1: the file alone says how text becomes ids ------------------------------------------------------------------


def test_rule_1_digits_then_byte_level(tmp_path: Path) -> None:
    pieces = ("a", "Ġ", "1", "2", "ĠĠ", "ĉ")
    steps = [
        {"type": "Digits", "individual_digits": True},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True},
    ]
    given = small(*pieces, merges=[["Ġ", "Ġ"]], pre_tokenizer={"type": "Sequence", "pretokenizers": steps})
    beside: dict[str, Any] = {
        "tokenizer_config_json": {"tokenizer_class": "GPT2Tokenizer"},
        "config_json": {"model_type": "qwen2"},
    }
    tokenizer = opened(tmp_path, given, **beside)
    assert shown(tokenizer, tokenizer.encode("a  12"), pieces) == ["a", "ĠĠ", "1", "2"]


def test_rule_1_prepend_and_replace(tmp_path: Path) -> None:
    pieces = ("<unk>", "<s>", "</s>", "▁", "a", "b")
    given = {**sentencepiece_json(), "added_tokens": [added(token, name) for token, name in enumerate(pieces[:3])]}
    given["model"] = small(*pieces)["model"] | {"unk_token": "<unk>"}
    tokenizer = opened(tmp_path, given, tokenizer_config_json={"tokenizer_class": "LlamaTokenizer", "legacy": False})
    assert shown(tokenizer, tokenizer.encode(" a"), pieces) == ["▁", "▁", "a"]
    assert shown(tokenizer, tokenizer.encode_rendered(["a</s>b"]), pieces) == ["▁", "a", "</s>", "▁", "b"]


def test_rule_1_metaspace_first(tmp_path: Path) -> None:
    tokenizer = opened(tmp_path, sentencepiece_json("first"))
    assert tokenizer.encode(" Hello") == tokenizer.encode("Hello")
    older = opened(tmp_path / "older", sentencepiece_json())
    assert older.encode(" Hello") != older.encode("Hello")


# -- rule 2: BOS -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [None, True, False])
@pytest.mark.parametrize("adds", [True, False])
def test_rule_2_the_post_processor_decides_about_bos(adds: bool, asked: bool | None, tmp_path: Path) -> None:
    bos = tokenizer_json()["added_tokens"][1]["id"]
    given = tokenizer_json(post_processor=template_processing("<s>", bos) if adds else None)
    config = {"bos_token": "<s>"} if asked is None else {"bos_token": "<s>", "add_bos_token": asked}
    tokenizer = opened(tmp_path, given, tokenizer_config_json=config)
    assert tokenizer.bos == (bos if adds else None)
    assert bool(tokenizer.notes) == (asked is not None and asked != adds)
    assert tokenizer.encode("a") == tokenizer.encode_rendered(["a"])  # neither adds it by itself


def test_rule_2_a_post_processor_that_adds_two_ids_is_refused(tmp_path: Path) -> None:
    two = template_processing("<s>", 1500)
    two["single"] = [two["single"][0], *two["single"]]
    with pytest.raises(TokenizerError, match=r"post_processor .* must add one id at most"):
        opened(tmp_path, tokenizer_json(post_processor=two))


# -- rule 13: own bytes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["qwen2", "llama-2"])
def test_rule_13_one_mark_for_a_broken_sequence(form: str, tmp_path: Path) -> None:
    tokenizer = opened(tmp_path, FORMS[form]())
    ids = tokenizer.encode("é".encode() + b"\xf0\x9f")
    assert tokenizer.decode(ids).decode("utf-8", "replace").lstrip() == "é\ufffd"
    decoder = StreamDecoder(tokenizer)
    assert ("".join(map(decoder.feed, ids)) + decoder.flush()).lstrip() == "é\ufffd"


def test_rule_13_added_tokens_print_as_written(tmp_path: Path) -> None:
    given = tokenizer_json()
    first = given["added_tokens"][-1]["id"] + 1
    given["added_tokens"] += [added(first, "été"), added(first + 1, "Ġz", special=False)]
    tokenizer = opened(tmp_path, given, tokenizer_config_json={"clean_up_tokenization_spaces": True})
    assert [tokenizer.piece(first).decode(), tokenizer.piece(first + 1).decode()] == ["été", "Ġz"]
    assert tokenizer.decode(tokenizer.encode("Hello , world .")) == b"Hello , world ."


def test_rule_10_ids_beyond_the_vocabulary_print_as_nothing(tmp_path: Path) -> None:
    tokenizer = opened(tmp_path, tokenizer_json())
    assert tokenizer.vocab_size == ROWS and tokenizer.decode([ROWS - 1]) == b""
    with pytest.raises(RequestError, match="outside the vocabulary"):
        tokenizer.piece(ROWS)


# -- rules 14, 15, 16 --------------------------------------------------------------------------------------------------


def test_rule_14_truncation_padding_and_dropout_are_ignored(tmp_path: Path) -> None:
    text = "Hello, a text of more than four tokens"
    whole = opened(tmp_path / "plain", tokenizer_json()).encode(text)
    truncation = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}
    padding: dict[str, Any] = {"strategy": {"Fixed": 60}, "direction": "Right", "pad_to_multiple_of": None}
    padding |= {"pad_id": 0, "pad_type_id": 0, "pad_token": "<unk>"}
    given = tokenizer_json(truncation=truncation, padding=padding)
    given["model"]["dropout"] = 0.9
    library = tokenizers.Tokenizer.from_str(json.dumps(given))
    assert len(library.encode(text, add_special_tokens=False).ids) in (4, 60)  # what it guards from
    assert opened(tmp_path, given).encode(text) == whole and 4 < len(whole) < 60


def entry(content: str, **flags: bool) -> dict[str, Any]:
    return {key: value for key, value in added(0, content, **flags).items() if key != "id"}


def test_rule_15_the_flags_of_the_decoder_win(tmp_path: Path) -> None:
    given = tokenizer_json()
    token = next(token["id"] for token in given["added_tokens"] if token["content"] == "<|im_end|>")
    config = {"added_tokens_decoder": {str(token): entry("<|im_end|>", lstrip=True, rstrip=True)}}
    tokenizer = opened(tmp_path, given, tokenizer_config_json=config)
    assert tokenizer.encode_rendered(["a <|im_end|> b"]) == [*tokenizer.encode("a"), token, *tokenizer.encode("b")]


def test_rule_15_a_token_that_only_the_decoder_has(tmp_path: Path) -> None:
    given = tokenizer_json()
    following = given["added_tokens"][-1]["id"] + 1
    config = {"added_tokens_decoder": {str(following): entry("<|new|>")}}
    assert opened(tmp_path, given, tokenizer_config_json=config).special[b"<|new|>"] == following
    config = {"added_tokens_decoder": {str(following + 99): entry("<|new|>")}}
    with pytest.raises(TokenizerError, match=rf"id of the added token '<\|new\|>' is {following + 99}"):
        opened(tmp_path, given, tokenizer_config_json=config)


@pytest.mark.parametrize("content", ["<|im_end|>", "a"])
def test_rule_15_an_id_that_disagrees_is_refused(content: str, tmp_path: Path) -> None:
    config = {"added_tokens_decoder": {"1700": entry(content)}}
    with pytest.raises(TokenizerError, match=r"tokenizer_config.json: id of .* is 1700: must be \d+"):
        opened(tmp_path, tokenizer_json(), tokenizer_config_json=config)


def test_rule_15_an_id_beyond_the_embedding_is_refused(tmp_path: Path) -> None:
    last = tokenizer_json()["added_tokens"][-1]["id"]
    with pytest.raises(TokenizerError, match=rf"id of '</tool_response>' is {last}: must be in 0..{last - 1}"):
        opened(tmp_path, tokenizer_json(), rows=last)


def test_rule_15_a_special_token_in_no_vocabulary_is_said(tmp_path: Path) -> None:
    tokenizer = opened(tmp_path, tokenizer_json(), tokenizer_config_json={"eos_token": "<|nowhere|>"})
    assert tokenizer.eos == () and "'<|nowhere|>', which the vocabulary" in tokenizer.notes[0]


def kept(pattern: str, text: str) -> int:
    """Return how many characters of `text` the library's pattern matches."""
    left = pre_tokenizers.Split(Regex(pattern), "removed").pre_tokenize_str(text)
    return len(text) - sum(len(part) for part, _ in left)


def test_rule_16_the_library_has_unicode_16() -> None:
    everything = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    assert (kept(r"\p{L}", everything), kept(r"\p{N}", everything), kept(r"\s", everything)) == (141_028, 1_911, 25)
    assert [kept(r"\p{L}", "\u1c89"), kept(r"\p{L}", "\u088f"), kept(r"\s", "\x1f")] == [1, 0, 0]


def test_rule_16_nfc_where_the_normalizer_says_so(tmp_path: Path) -> None:
    composed, apart = opened(tmp_path / "a", FORMS["nfc"]()), opened(tmp_path / "b", FORMS["qwen2"]())
    assert composed.decode(composed.encode("e\u0301")).decode() == "é"
    assert apart.decode(apart.encode("e\u0301")).decode() == "e\u0301"


# -- rule 18 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SPECIAL)
def test_rule_18_a_user_cannot_write_special_tokens(name: str, tmp_path: Path) -> None:
    tokenizer = opened(tmp_path, tokenizer_json())
    ids = tokenizer.encode(f"a{name} b")
    assert not set(ids) & set(tokenizer.special.values())
    assert tokenizer.decode(ids).decode() == f"a{name} b"
    assert tokenizer.encode_rendered([name, name, name]).count(tokenizer.special[name.encode()]) == 2


def test_rule_18_white_space_that_has_a_token_is_text(tmp_path: Path) -> None:
    given = tokenizer_json()
    token = given["added_tokens"][-1]["id"] + 1
    given["added_tokens"].append(added(token, "\t\t\t", special=False))
    tokenizer = opened(tmp_path, given)
    assert tokenizer.encode("a\t\t\tb") == [*tokenizer.encode("a"), token, *tokenizer.encode("b")]
    assert b"\t\t\t" not in tokenizer.special


def test_rule_18_a_vocabulary_that_makes_a_special_token_of_text_is_stopped(tmp_path: Path) -> None:
    given = small("<", ">", "<>", merges=[["<", ">"]], added_tokens=[added(2, "<>")])
    tokenizer = opened(tmp_path, given)
    assert tokenizer.encode("><") == [1, 0]
    with pytest.raises(RequestError, match="makes its special token '<>' of plain text"):
        tokenizer.encode("<>")


@settings(max_examples=150, deadline=None)
@given(
    data=st.one_of(st.binary(max_size=40), st.text(max_size=30).map(lambda text: text.encode("utf-8", "surrogatepass")))
)
@pytest.mark.parametrize("form", ["llama-bpe", "llama-2"])
def test_any_bytes_come_back(form: str, data: bytes, any_folder: dict[str, LibraryTokenizer]) -> None:
    tokenizer = any_folder[form]
    ids = tokenizer.encode(data)
    back = tokenizer.decode(ids)
    spaced = data.replace("▁".encode(), b" ")  # where a space is written so, the two cannot be told apart
    assert back in (spaced, b" " + spaced) if form == "llama-2" else back == data
    assert all(0 <= token < tokenizer.vocab_size for token in ids)


@pytest.fixture(scope="module")
def any_folder(tmp_path_factory: pytest.TempPathFactory) -> dict[str, LibraryTokenizer]:
    return {form: opened(tmp_path_factory.mktemp("f"), FORMS[form]()) for form in ("llama-bpe", "llama-2")}
