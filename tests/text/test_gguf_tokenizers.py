"""GGUF vocabularies: the ids of llama.cpp, from golden files; the rules of shared/formats.md by number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from text.golden_ids import BLOCK, END_ROWS, RENDERED, digests
from text.random_texts import random_texts
from text.small_vocabularies import (
    FAMILIES,
    PRE,
    SPECIAL,
    byte_level_metadata,
    family_metadata,
    sentencepiece_metadata,
)

from llmproc.errors import RequestError
from llmproc.text.tokenizers.gguf import load_gguf_tokenizer
from llmproc.text.tokenizers.pieces import PieceTokenizer
from llmproc.text.tokenizers.streaming import StreamDecoder

GOLDEN = json.loads((Path(__file__).parent / "llama_cpp_golden" / "llama_cpp_golden.json").read_text())
FILE = Path("model.gguf")
ROWS = 2000


def opened(metadata: dict[str, Any], rows: int = ROWS) -> PieceTokenizer:
    return load_gguf_tokenizer(FILE, metadata, rows)


def named(tokenizer: PieceTokenizer, *names: str) -> tuple[int, ...]:
    return tuple(tokenizer.special[name.encode()] for name in names)


def check(family: str, count: int) -> None:
    tokenizer, golden, texts = opened(family_metadata(family)), GOLDEN["families"][family], random_texts(count)
    ids = [tokenizer.encode(text) for text in texts]
    assert ids[:BLOCK] == golden["first"]
    assert digests(ids) == golden["digests"][: count // BLOCK]
    adds_space = family in ("llama", "llama-ties", "llama-no-scores")
    assert [tokenizer.decode(found).decode() for found in ids] == [" " * adds_space + text for text in texts]


@pytest.mark.parametrize("family", FAMILIES)
def test_random_texts_have_the_ids_of_llama_cpp(family: str) -> None:
    check(family, 300)


@pytest.mark.soak
@pytest.mark.parametrize("family", FAMILIES)
def test_5000_random_texts_have_the_ids_of_llama_cpp(family: str) -> None:
    check(family, 5000)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_rendered_text_has_the_ids_of_llama_cpp(family: str) -> None:
    tokenizer = opened(family_metadata(family))
    assert [tokenizer.encode_rendered([text]) for text in RENDERED] == GOLDEN["families"][family]["rendered"]


def test_families_cut_differently() -> None:
    """Else the golden ids would not show a wrong pre-tokenizer."""
    first = {family: GOLDEN["families"][family]["digests"][0] for family in FAMILIES}
    assert len(set(first.values())) == len(FAMILIES) - 1  # deepseek-r1-qwen is qwen2
    assert first["qwen2"] == first["deepseek-r1-qwen"]


# -- rule 2 and finding 14: BOS ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_rule_2_without_the_key_the_kind_decides_about_bos(family: str) -> None:
    tokenizer = opened(family_metadata(family))
    assert (tokenizer.bos is not None) == GOLDEN["families"][family]["add_bos"]
    assert (tokenizer.bos is not None) == (family in ("llama-bpe", "tekken") or family not in PRE)


@pytest.mark.parametrize("pre", ["llama3", "llama-v3", "falcon3"])
def test_rule_2_aliases_of_llama_bpe_add_bos(pre: str) -> None:
    bos = byte_level_metadata()["tokenizer.ggml.bos_token_id"]
    assert opened(byte_level_metadata(pre)).bos == bos


@pytest.mark.parametrize("add", [True, False])
@pytest.mark.parametrize("metadata", [byte_level_metadata, sentencepiece_metadata])
def test_rule_2_the_key_decides_if_it_is_there(metadata: Any, add: bool) -> None:
    found = metadata(add_bos_token=add)
    assert opened(found).bos == (found["tokenizer.ggml.bos_token_id"] if add else None)


def test_rule_2_a_rendered_text_gets_no_bos_of_its_own() -> None:
    tokenizer = opened(byte_level_metadata())
    assert tokenizer.encode_rendered(["<|begin_of_text|>a"]) == [tokenizer.bos, *tokenizer.encode("a")]


# -- rule 3 and finding 15: what ends a text ---------------------------------------------------------------------------


@pytest.mark.parametrize("row", range(len(END_ROWS)), ids=lambda row: " ".join(END_ROWS[row]))
def test_rule_3_texts_end_an_answer_as_in_llama_cpp(row: int) -> None:
    texts = list(END_ROWS[row])
    metadata = byte_level_metadata("qwen2", texts, eos_token_id=None, bos_token_id=None)
    tokens = metadata["tokenizer.ggml.tokens"]
    metadata["tokenizer.ggml.token_type"] = [1] * len(tokens)  # whatever type they have
    golden = GOLDEN["ends"][row]
    assert golden["texts"] == texts
    assert opened(metadata).eos == tuple(tokens.index(text) for text in golden["ends"])


def test_rule_3_without_eos_the_id_11_ends_nothing() -> None:
    assert 11 not in opened(byte_level_metadata("qwen2", [], eos_token_id=None, bos_token_id=None)).eos
    assert opened(byte_level_metadata("qwen2", [], eos_token_id=None, bos_token_id=None)).bos is None


def test_rule_3_eos_and_eot_ids_end_a_text() -> None:
    found = opened(
        byte_level_metadata("qwen2", [], eos_token_id=40, eot_token_id=41, eom_token_id=42, bos_token_id=None)
    )
    assert found.eos == (40, 41, 42)


# -- findings 16 and 13, rule 13, rule 16 ------------------------------------------------------------------------------


def test_finding_16_without_types_markers_are_still_tokens() -> None:
    tokenizer = opened(byte_level_metadata("qwen2", token_type=None))
    start, end = named(tokenizer, "<|im_start|>", "<|im_end|>")
    assert tokenizer.encode_rendered(["<|im_start|>a<|im_end|>"]) == [start, *tokenizer.encode("a"), end]
    assert b"<think>" not in tokenizer.special


def test_rule_16_no_normalisation_in_gguf() -> None:
    """Qwen2's own normaliser says NFC; llama.cpp does not do it, and neither does this reader."""
    tokenizer = opened(byte_level_metadata("qwen2"))
    text = "e\u0301"
    assert tokenizer.decode(tokenizer.encode(text)).decode() == text
    assert tokenizer.encode(text) != tokenizer.encode("é")


@pytest.mark.parametrize("family", ["qwen2", "llama"])
def test_rule_13_decoding_is_bytes(family: str) -> None:
    special = [*SPECIAL[3:], "été"]
    tokenizer = opened(
        byte_level_metadata("qwen2", special) if family == "qwen2" else sentencepiece_metadata(special, token_type=None)
    )
    data = "é".encode() + b"\xf0\x9f"
    ids = tokenizer.encode(data)
    assert tokenizer.decode(ids).decode("utf-8", "replace").lstrip() == "é\ufffd"
    decoder = StreamDecoder(tokenizer)
    assert ("".join(map(decoder.feed, ids)) + decoder.flush()).lstrip() == "é\ufffd"


def test_rule_13_added_tokens_print_as_written() -> None:
    metadata = byte_level_metadata("qwen2", ["été"], eos_token_id=None, bos_token_id=None)
    metadata["tokenizer.ggml.token_type"][-1] = 4
    tokenizer = opened(metadata)
    assert tokenizer.piece(len(metadata["tokenizer.ggml.tokens"]) - 1).decode() == "été"


def test_ids_beyond_the_vocabulary_print_as_nothing() -> None:
    tokenizer = opened(byte_level_metadata(), 1600)
    assert tokenizer.vocab_size == 1600 and tokenizer.piece(1599) == b""
    for token in (-1, 1600):
        with pytest.raises(RequestError, match=rf"token id {token} is outside the vocabulary 0\.\.1599"):
            tokenizer.piece(token)


# -- rule 18: a user's text stays text ---------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", SPECIAL)
def test_rule_18_a_user_cannot_write_special_tokens(family: str, name: str) -> None:
    tokenizer = opened(family_metadata(family))
    ids = tokenizer.encode(f"a{name} b")
    assert not set(ids) & set(tokenizer.special.values())
    assert tokenizer.decode(ids).decode().lstrip() == f"a{name} b"
    marked = tokenizer.encode_rendered(["x", name, name])
    assert marked.count(tokenizer.special[name.encode()]) == 1


def test_rule_18_merging_makes_no_special_token() -> None:
    metadata = sentencepiece_metadata()
    token = metadata["tokenizer.ggml.tokens"].index("45")
    assert token in opened(metadata).encode("45")
    metadata["tokenizer.ggml.token_type"][token] = 3
    tokenizer = opened(metadata)
    assert token not in tokenizer.encode("45") and tokenizer.decode(tokenizer.encode("45")) == b" 45"
    assert tokenizer.encode_rendered(["45"]) == [token]


@pytest.mark.parametrize("family", ["llama-bpe", "smollm", "llama", "llama-no-space"])
def test_a_space_stands_only_before_a_new_text(family: str) -> None:
    tokenizer = opened(family_metadata(family))
    (end,) = named(tokenizer, "<|im_end|>")
    assert tokenizer.decode(tokenizer.encode_rendered(["a", "</s>", "b"])).decode().lstrip() == "a</s>b"
    continued = tokenizer.encode_rendered(["b"], start=False)
    assert tokenizer.decode(continued) == b"b"
    assert tokenizer.decode(tokenizer.encode("b"), previous=end) == b"b"


# -- any text, any bytes -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def families() -> dict[str, PieceTokenizer]:
    return {family: opened(family_metadata(family)) for family in ("llama-bpe", "default", "llama", "llama-no-space")}


@settings(max_examples=150, deadline=None)
@given(
    data=st.one_of(st.binary(max_size=40), st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")))
)
def test_any_bytes_come_back(data: bytes, families: dict[str, PieceTokenizer]) -> None:
    for family, tokenizer in families.items():
        ids = tokenizer.encode(data)
        back = tokenizer.decode(ids)
        spaced = data.replace("▁".encode(), b" ")  # where a space is written so, the two cannot be told apart
        assert back in ((spaced, b" " + spaced) if family.startswith("llama") and family != "llama-bpe" else (data,))
        assert all(0 <= token < tokenizer.vocab_size for token in ids)


def test_a_long_text_is_encoded_at_once(families: dict[str, PieceTokenizer]) -> None:
    text = "ab 12 " * 5000
    for tokenizer in families.values():
        assert tokenizer.decode(tokenizer.encode(text)).decode().lstrip() == text.lstrip()
