"""What the interface's page says of fields is what the types say."""

from __future__ import annotations

import re

from support.paths import ROOT

from llmproc.config import MAX_CHOICES, MAX_LOGPROBS, MAX_STOPS, SamplingParams
from llmproc.server.asking import DEFAULT_MAX_TOKENS
from llmproc.server.openai.paths import OPENAI_PATHS
from llmproc.server.openai.reading import MAX_ANSWERS
from llmproc.server.openai.requests import ChatRequest, CompletionRequest, RequestMessage, without_effect
from llmproc.server.openai.response_requests import InputItem, ReasoningOptions, ResponseRequest, TextOptions

PAGE = (ROOT / "llmproc/server/openai/README.md").read_text()


def test_fields_without_effect_with_their_reasons() -> None:
    table = PAGE.split("change nothing:")[1].split("##")[0]
    found = {
        name: reason.strip()
        for names, reason in re.findall(r"^\| (`[^|]*) \|([^|]*)\|$", table, re.MULTILINE)
        for name in re.findall(r"`([\w.]+)`", names)
    }
    messages = {f"messages.{name}": reason for name, reason in without_effect(RequestMessage).items()}
    assert found == {**without_effect(ChatRequest), **without_effect(CompletionRequest), **messages}


def test_every_option_is_on_the_page() -> None:
    for kind in (ChatRequest, CompletionRequest):
        for field in kind.__struct_fields__:
            said = field in ("model", "stream", "add_generation_prompt", "continue_final_message")
            assert said or f"`{field}`" in PAGE, field
    options = set(SamplingParams.__dataclass_fields__)
    options.remove("json_schema")  # which is asked for as response_format
    assert options <= {*ChatRequest.__struct_fields__}, "each option of the sampler can be asked for"


def test_what_is_refused_and_ignored_of_responses_is_on_the_page() -> None:
    part = PAGE.split("## Responses")[1]
    known = {*ChatRequest.__struct_fields__, *without_effect(ResponseRequest)}
    for field in ResponseRequest.__struct_fields__:
        assert field in known or re.search(rf"`{field}[`.]", part), field
    for kind in (InputItem, ReasoningOptions, TextOptions):
        for field in without_effect(kind):
            assert field in part or field in ("summary", "generate_summary"), field


def test_numbers_and_paths() -> None:
    assert f"| {DEFAULT_MAX_TOKENS} | the first wins" in PAGE and f"{MAX_ANSWERS} answers to one request" in PAGE
    assert f"{MAX_CHOICES} choices and {MAX_STOPS} texts" in PAGE and PAGE.count(f"0 to {MAX_LOGPROBS}") == 2
    for row in OPENAI_PATHS:
        assert row.path.replace("{model}", "NAME") in PAGE
