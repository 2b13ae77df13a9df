"""Vocabularies of synthetic models: of any size, no entry twice, read back by our readers, texts come back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.config import shipped_file
from llmproc.errors import UsageError
from llmproc.text.templates.messages import ChatMessage
from llmproc.text.templates.registry import BUILT_IN, template_for
from llmproc.text.tokenizers.gguf import load_gguf_tokenizer
from llmproc.text.tokenizers.gguf_vocabulary import GgufVocabulary
from llmproc.text.tokenizers.made_vocabulary import byte_level_vocabulary, sentencepiece_vocabulary
from llmproc.text.tokenizers.tokenizer import load_tokenizer

SIZES = (512, 2048, 5000)
TEXTS = ["Hello, what is a pipe?", "12 + 30 = 42", "  two  spaces\n", "naïve 漢字 🙂", "x" * 300, ""]


def metadata_of(vocabulary: GgufVocabulary) -> dict[str, Any]:
    """The keys of a file with this vocabulary, as its reader hands them on."""
    v = vocabulary
    found = {
        "model": v.model, "pre": v.pre, "tokens": list(v.tokens), "scores": list(v.scores), "token_type": list(v.types),
        "merges": list(v.merges), "add_bos_token": v.add_bos, "add_space_prefix": v.add_space,
        **{f"{name}_token_id": token for name, token in v.named.items()},
    }  # fmt: skip
    return {**{f"tokenizer.ggml.{key}": value for key, value in found.items()}, "tokenizer.chat_template": v.template}


def made(kind: str, count: int) -> GgufVocabulary:
    return sentencepiece_vocabulary(count) if kind == "llama" else byte_level_vocabulary(count, kind)


@pytest.mark.parametrize("kind", ["llama", "smollm", "qwen2", "llama-bpe"])
@pytest.mark.parametrize("count", SIZES)
def test_every_entry_differs_and_texts_come_back(kind: str, count: int) -> None:
    vocabulary = made(kind, count)
    assert len(vocabulary.tokens) == len(set(vocabulary.tokens)) == len(vocabulary.types) == count
    tokenizer = load_gguf_tokenizer(Path("x"), metadata_of(vocabulary), count)
    for text in TEXTS:
        ids = tokenizer.encode(text)
        assert tokenizer.decode(ids, tokenizer.bos if kind == "llama" else None).decode() == text
    used = tokenizer.encode("the process writes what the parent reads")
    assert max(used) > 300 and len(used) < 41, "pieces are joined"


@pytest.mark.parametrize("kind", ["llama", "smollm"])
def test_a_larger_vocabulary_begins_with_a_smaller_one(kind: str) -> None:
    small, large = made(kind, 2048), made(kind, 5000)
    assert large.tokens[:2048] == small.tokens and large.scores[:2048] == small.scores
    assert large.merges[: len(small.merges)] == small.merges


@pytest.mark.parametrize("count", SIZES)
def test_merges_join_what_is_there_already(count: int) -> None:
    vocabulary = byte_level_vocabulary(count, "smollm")
    known = {token.decode() for token in vocabulary.tokens[3:259]}
    for merge, token in zip(vocabulary.merges, vocabulary.tokens[259:], strict=True):
        first, second = merge.split(" ")
        assert first in known and second in known and first + second == token.decode()
        known.add(first + second)


def test_the_shipped_pieces_are_the_first_ones() -> None:
    path = shipped_file("tokenizer", "tokenizer.bin")
    shipped = load_tokenizer(path, 2048)
    tokenizer = load_gguf_tokenizer(Path("x"), metadata_of(byte_level_vocabulary(2048, "smollm")), 2048)
    assert [tokenizer.piece(token) for token in range(3, 2048)] == [shipped.piece(token) for token in range(3, 2048)]
    for text in ("What is a zombie process?", "the pipe and the parent"):
        assert tokenizer.encode(text) == shipped.encode(text)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_any_text_comes_back(text: str) -> None:
    for kind in ("llama", "smollm"):
        tokenizer = TOKENIZERS[kind]
        ids = tokenizer.encode(text)
        said = tokenizer.decode(ids, tokenizer.bos if kind == "llama" else None).decode()
        assert said == (text.replace("▁", " ") if kind == "llama" else text)
        assert not set(ids) & set(tokenizer.special.values()), "a user never writes a special token"


TOKENIZERS = {kind: load_gguf_tokenizer(Path("x"), metadata_of(made(kind, 1024)), 1024) for kind in ("llama", "smollm")}


@pytest.mark.parametrize("kind", ["llama", "smollm", "llama-bpe"])
def test_the_template_is_chatml(kind: str) -> None:
    tokenizer = load_gguf_tokenizer(Path("x"), metadata_of(made(kind, 1024)), 1024)
    template = template_for(tokenizer)
    messages = [ChatMessage("system", "Be brief."), ChatMessage("user", "Hi"), ChatMessage("assistant", "Hello")]
    ids = template.render(tokenizer, [*messages, ChatMessage("user", "Bye")])
    assert b"<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n" in tokenizer.decode(ids)
    if kind == "smollm":  # no BOS and no space before a text: the same ids as those of the built-in template
        assert ids == BUILT_IN["chatml"].render(tokenizer, [*messages, ChatMessage("user", "Bye")])
    assert {tokenizer.special[b"<|im_end|>"]} <= template.end_tokens(tokenizer)


def test_bos_stands_before_a_text_where_it_should() -> None:
    for vocabulary, bos in (
        (sentencepiece_vocabulary(512), 1),
        (byte_level_vocabulary(512, "smollm"), None),
        (byte_level_vocabulary(512, "llama-bpe", adds_bos=True), 0),
    ):
        assert load_gguf_tokenizer(Path("x"), metadata_of(vocabulary), 512).bos == bos


@pytest.mark.parametrize("make", [sentencepiece_vocabulary, lambda count: byte_level_vocabulary(count, "smollm")])
def test_too_small(make: Any) -> None:
    with pytest.raises(UsageError, match="vocabulary of 511: must be at least 512"):
        make(511)


def test_names_stand_in_json_as_they_are() -> None:
    """The byte alphabet is text: a tokenizer.json can hold it."""
    tokens = [token.decode() for token in byte_level_vocabulary(1024, "smollm").tokens]
    assert json.loads(json.dumps(tokens)) == tokens
