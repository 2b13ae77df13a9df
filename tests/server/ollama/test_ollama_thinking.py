"""`think`: what a model's chat template knows of it decides what can be asked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from server.ollama.ollama_answers import CHAT, GENERATE, REASONS, question, refused, served

from llmproc.server.asking import Asked
from llmproc.server.ollama.dialects import OllamaChat, OllamaGenerate
from llmproc.server.ollama.thinking import ThinkingSupport
from llmproc.text.tokenizers.contract import ChatSource

PLAIN = "{% for m in messages %}{{ m.content }}{% endfor %}"
QWEN3 = PLAIN + "{% if enable_thinking is false %}<think>\n\n</think>{% endif %}"
R1 = PLAIN + "{% set x = messages[0].content.split('</think>') %}{{ x[-1] }}"
GPT_OSS = PLAIN + "{{ reasoning_effort }}"
DEEPSEEK = PLAIN + "{% if thinking %}<think>{% else %}</think>{% endif %}"


def asked(support: ThinkingSupport, think: Any, **fields: Any) -> Asked:
    return OllamaChat(served(support)).read(question(think=think, **fields))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (None, ThinkingSupport()),
        (PLAIN, ThinkingSupport()),
        (QWEN3, ThinkingSupport(True, "enable_thinking")),
        (DEEPSEEK, ThinkingSupport(True, "thinking")),
        (R1, ThinkingSupport(True)),
        (GPT_OSS, ThinkingSupport(True, None, "reasoning_effort")),
    ],
)
def test_what_a_template_knows(template: str | None, expected: ThinkingSupport) -> None:
    assert ThinkingSupport.of(None if template is None else ChatSource(template, {})) == expected


@pytest.mark.parametrize(
    ("think", "variables", "apart"),
    [
        (None, {}, None), (True, {"enable_thinking": True}, True), (False, {"enable_thinking": False}, False),
        ("low", {"enable_thinking": True}, True),
    ],
)  # fmt: skip
def test_a_switch_is_set(think: Any, variables: dict[str, Any], apart: bool | None) -> None:
    found = asked(REASONS, think)
    assert (found.template_options, found.think) == (variables, apart)
    assert found.ignored == (("think",) if think == "low" else ())  # there is no variable for how much


@pytest.mark.parametrize(("think", "told"), [("low", "low"), ("medium", "medium"), ("high", "high"), ("max", "high")])
def test_a_level_is_set(think: str, told: str) -> None:
    found = asked(ThinkingSupport(True, None, "reasoning_effort"), think)
    assert found.template_options == {"reasoning_effort": told}
    assert found.ignored == (("think",) if think == "max" else ())


@pytest.mark.parametrize("think", [None, True, False])
def test_a_template_without_variables_is_told_nothing(think: bool | None) -> None:
    found = asked(ThinkingSupport(True), think)
    assert found.template_options == {} and found.ignored == () and found.think is think


@pytest.mark.parametrize(("think", "shown"), [(True, "true"), ("high", '"high"')])
def test_a_model_that_does_not_reason_refuses_to(think: Any, shown: str) -> None:
    for dialect in (CHAT, GENERATE):
        told = refused(dialect, question(dialect, think=think))
        assert told == f"think is {shown}: this model does not support thinking"


def test_a_model_that_does_not_reason_may_be_told_not_to() -> None:
    assert CHAT.read(question(think=False)).think is False


def test_a_raw_prompt_has_no_template() -> None:
    found = OllamaGenerate(served(REASONS)).read(json.dumps({"prompt": "Hi", "raw": True, "think": False}).encode())
    assert found.template_options == {} and found.think is False
