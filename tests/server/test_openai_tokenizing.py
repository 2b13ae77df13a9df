"""/tokenize and /detokenize: the ids are those of an answer, and text comes back as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmproc.config import SamplingParams, shipped_file
from llmproc.server.openai.tokenizing import Tokenizing
from llmproc.server.refusals import RefusedError
from llmproc.session.conversation import Conversation
from llmproc.session.model_files import ModelFiles, read_model_files
from llmproc.session.prompts import place_prompt

CHECKS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TALK = [
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Yes?"},
    {"role": "user", "content": "A pipe."},
]


@pytest.fixture(scope="module")
def files() -> ModelFiles:
    """The shipped model's tokenizer and template."""
    return read_model_files(shipped_file("model", "model.bin"))


@pytest.fixture(scope="module")
def tokenizing(files: ModelFiles) -> Tokenizing:
    return Tokenizing(files.tokenizer, files.template, 512)


def tokens(tokenizing: Tokenizing, **fields: Any) -> Any:
    return json.loads(tokenizing.tokenize(json.dumps(fields).encode()))


def refusal(answer: Any, **fields: Any) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        answer(json.dumps(fields).encode())
    assert refused.value.status == 400
    return refused.value


def test_a_text_is_what_a_completion_begins_with(tokenizing: Tokenizing, files: ModelFiles) -> None:
    plain = files.tokenizer.encode("What is a pipe?")
    found = tokens(tokenizing, model="m", prompt="What is a pipe?")
    bos = [] if files.tokenizer.bos is None else [files.tokenizer.bos]
    assert found == {"count": len(found["tokens"]), "max_model_len": 512, "tokens": bos + plain, "token_strs": None}
    assert tokens(tokenizing, prompt="What is a pipe?", add_special_tokens=False)["tokens"] == plain


def test_messages_are_what_an_answer_is_given(tokenizing: Tokenizing, files: ModelFiles) -> None:
    conversation = Conversation(files.tokenizer, files.template, 512, SamplingParams())
    prepared = conversation.prepare(place_prompt(conversation, TALK))
    assert tokens(tokenizing, messages=TALK)["tokens"] == prepared.order.ids
    opened, closed = (
        tokens(tokenizing, messages=TALK, add_generation_prompt=choice)["tokens"] for choice in (None, False)
    )
    assert opened[: len(closed)] == closed and len(opened) > len(closed)


def test_entries_of_the_vocabulary(tokenizing: Tokenizing, files: ModelFiles) -> None:
    found = tokens(tokenizing, prompt="A pipe", return_token_strs=True)
    assert len(found["token_strs"]) == found["count"] > 1
    assert [files.tokenizer.entry(one).decode("utf-8", "replace") for one in found["tokens"]] == found["token_strs"]


@CHECKS
@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30))
def test_text_comes_back(tokenizing: Tokenizing, text: str) -> None:
    ids = tokens(tokenizing, prompt=text, add_special_tokens=False)["tokens"]
    assert json.loads(tokenizing.detokenize(json.dumps({"tokens": ids}).encode())) == {"prompt": text}


def test_ids_that_are_half_a_character(tokenizing: Tokenizing, files: ModelFiles) -> None:
    halves = [token for token in range(files.tokenizer.vocab_size) if files.tokenizer.piece(token) == b"\xe2"]
    found = json.loads(tokenizing.detokenize(json.dumps({"tokens": halves[:1]}).encode()))
    assert halves and found == {"prompt": "\ufffd"}
    assert json.loads(tokenizing.detokenize(b'{"tokens":[]}')) == {"prompt": ""}


@pytest.mark.parametrize(
    ("fields", "param", "words"),
    [
        ({}, "prompt", "is missing"),
        ({"prompt": ["a"]}, "prompt", "must be a text"),
        ({"prompt": "a", "messages": TALK}, "prompt", "is unknown here"),
        ({"prompt": "a", "frobnicate": 1}, "frobnicate", "is unknown here"),
        ({"messages": []}, "messages", "1 or more items"),
        ({"messages": TALK, "add_special_tokens": True}, "add_special_tokens", "must be false"),
        ({"messages": TALK, "continue_final_message": True}, "continue_final_message", "must be false"),
        ({"messages": [TALK[1]]}, "messages", "must alternate"),
        ({"messages": TALK, "chat_template_kwargs": {"tools": []}}, "chat_template_kwargs", "set by llmproc"),
        ({"messages": TALK, "chat_template_kwargs": {"x": 1}}, "chat_template_kwargs", "has no variables"),
    ],
)
def test_what_cannot_be_tokenized_is_refused_by_name(
    tokenizing: Tokenizing, fields: dict[str, Any], param: str, words: str
) -> None:
    error = refusal(tokenizing.tokenize, **fields)
    assert error.param == param and words in error.message


def test_ids_that_are_none_are_refused(tokenizing: Tokenizing, files: ModelFiles) -> None:
    size = files.tokenizer.vocab_size
    assert refusal(tokenizing.detokenize, tokens=[size]).message.endswith(f"must be from 0 to {size - 1}")
    assert refusal(tokenizing.detokenize, tokens=[-1]).param == "tokens[0]"
    assert refusal(tokenizing.detokenize, tokens="a").param == "tokens"
    with pytest.raises(RefusedError, match="the body is empty"):
        tokenizing.tokenize(b"")
    with pytest.raises(RefusedError, match="the body is a list of 0: must be an object"):
        tokenizing.tokenize(b"[]")


def test_a_text_that_the_vocabulary_has_no_bytes_for(files: ModelFiles) -> None:
    class NoBytes:
        """A tokenizer that knows one letter."""

        bos = None

        def encode(self, text: str) -> list[int]:
            from llmproc.errors import RequestError

            raise RequestError("byte 0xc3 is not in the vocabulary")

    error = refusal(Tokenizing(NoBytes(), files.template, 9).tokenize, prompt="é")  # type: ignore[arg-type]
    assert (error.param, error.message) == ("prompt", "byte 0xc3 is not in the vocabulary")
