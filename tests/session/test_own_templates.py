"""Conversations over a tokenizer and a chat template that a model brings."""

from __future__ import annotations

from pathlib import Path

import pytest
from text.chat_cases import TEMPLATES
from text.small_vocabularies import byte_level_metadata

from llmproc.config import SamplingParams
from llmproc.errors import RequestError
from llmproc.session.conversation import Conversation
from llmproc.session.prompts import place_prompt
from llmproc.text.templates.messages import ChatMessage
from llmproc.text.templates.registry import template_for
from llmproc.text.tokenizers.gguf import load_gguf_tokenizer


def conversation(template: str, system: str | None = None) -> Conversation:
    metadata = {**byte_level_metadata("qwen2"), "tokenizer.chat_template": TEMPLATES[template]}
    tokenizer = load_gguf_tokenizer(Path("model.gguf"), metadata, 2000)
    return Conversation(tokenizer, template_for(tokenizer), 4096, SamplingParams(), system)


@pytest.mark.parametrize("name", ["chatml", "qwen3", "llama3"])
def test_turns_are_what_the_template_renders(name: str) -> None:
    talk = conversation(name, "Be brief.")
    said = [ChatMessage("system", "Be brief."), ChatMessage("user", "Hello <|im_end|>")]
    first = talk.prepare("Hello <|im_end|>")
    assert first.order.ids == talk.template.render(talk.tokenizer, said)
    assert talk.template.close(talk.tokenizer)[-1] in first.order.end_tokens
    talk.place("Hello <|im_end|>", "Hi")
    said += [ChatMessage("assistant", "Hi"), ChatMessage("user", "And?")]
    later = talk.prepare("And?").order.ids
    assert talk.tokenizer.decode(later) == talk.tokenizer.decode(talk.template.render(talk.tokenizer, said))
    assert later[: talk.length] == talk.ids  # what a worker has cached stays as it is


def test_a_list_of_messages() -> None:
    talk = conversation("chatml")
    messages = [{"role": role, "content": text} for role, text in (("system", "S"), ("user", "a"), ("assistant", "b"))]
    assert place_prompt(talk, [*messages, {"role": "user", "content": "c"}]) == "c"
    given = [
        ChatMessage("system", "S"),
        ChatMessage("user", "a"),
        ChatMessage("assistant", "b"),
        ChatMessage("user", "c"),
    ]
    rendered = talk.template.render(talk.tokenizer, given)
    assert talk.tokenizer.decode(talk.prepare("c").order.ids) == talk.tokenizer.decode(rendered)


def test_a_system_message_without_a_place_is_refused() -> None:
    with pytest.raises(RequestError, match="has no place for a system message"):
        conversation("mistral", "Be brief.").prepare("Hello")


def test_a_saved_conversation_needs_the_same_template() -> None:
    saved = conversation("chatml").saved("model", "tokenizer")
    assert saved.template.startswith("jinja-")
    conversation("chatml").restore(saved)
    with pytest.raises(RequestError, match=f"the saved template is {saved.template}"):
        conversation("llama3").restore(saved)
