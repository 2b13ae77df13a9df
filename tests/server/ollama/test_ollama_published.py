"""What is published of this interface, as a document and as a text, is what the code does."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from server.ollama.ollama_answers import question
from support.paths import ROOT

from llmproc.config import MAX_LOGPROBS
from llmproc.server.asking import DEFAULT_MAX_TOKENS
from llmproc.server.document import document
from llmproc.server.ollama.options import REPEAT_PENALTY, TEMPERATURE, TOP_K, TOP_P, WITHOUT_EFFECT
from llmproc.server.ollama.paths import OLLAMA_PATHS
from llmproc.server.ollama.refusals import NOT_SUPPORTED
from llmproc.server.ollama.requests import OllamaChatRequest, OllamaGenerateRequest, OllamaMessage, OllamaOptions

TEXT = (ROOT / "llmproc/server/ollama/README.md").read_text()
DOCUMENT = json.loads(document(OLLAMA_PATHS, "llmproc", "0.1.0"))
SCHEMAS = DOCUMENT["components"]["schemas"]


@pytest.mark.parametrize("kind", [OllamaChatRequest, OllamaGenerateRequest, OllamaMessage, OllamaOptions])
def test_rule_20_every_field_that_takes_null_is_nullable_in_the_document(kind: type) -> None:
    found = SCHEMAS[kind.__name__]
    for name, schema in found["properties"].items():
        assert name in found["required"] or {"type": "null"} in schema["anyOf"], name
    assert found.get("additionalProperties", True) is (kind is OllamaOptions)


def test_every_path_that_answers_is_in_the_document_and_in_the_text() -> None:
    assert {(path, *methods) for path, methods in DOCUMENT["paths"].items()} == {
        ("/api/chat", "post"), ("/api/generate", "post"), ("/api/show", "post"), ("/api/tags", "get"),
        ("/api/ps", "get"), ("/api/version", "get"),
    }  # fmt: skip
    for path in (*DOCUMENT["paths"], *(path.removesuffix("/{digest}") for path in NOT_SUPPORTED)):
        assert re.search(rf"`(GET |POST )?{path}`", TEXT), path
    for path in ("/api/chat", "/api/generate"):
        answered = DOCUMENT["paths"][path]["post"]["responses"]
        assert "application/x-ndjson" in answered["200"]["content"] and {"400", "404", "503"} <= set(answered)


@pytest.mark.parametrize(
    "kind", [OllamaChatRequest, OllamaGenerateRequest, OllamaMessage, OllamaOptions], ids=lambda kind: kind.__name__
)
def test_every_field_stands_in_the_text(kind: type[msgspec.Struct]) -> None:
    known = {"role", "content", "thinking", "options"}  # said in words
    assert [name for name in kind.__struct_fields__ if f"`{name}`" not in TEXT and name not in known] == []


def test_every_option_without_effect_stands_in_the_text_with_its_reason() -> None:
    for reason, names in WITHOUT_EFFECT.items():
        (row,) = [line for line in TEXT.splitlines() if line.endswith(f"| {reason} |")]
        assert re.findall(r"`(\w+)`", row) == list(names)


def test_the_numbers_in_the_text() -> None:
    assert f"| {TEMPERATURE}, {TOP_K}, {TOP_P}, 0 |" in TEXT and f"| `num_predict` | {DEFAULT_MAX_TOKENS} |" in TEXT
    assert f"| {REPEAT_PENALTY:.0f}, 0, 0 |" in TEXT and f"`top_logprobs` (0 to {MAX_LOGPROBS})" in TEXT


def test_a_body_of_the_tests_fits_the_document() -> None:
    fields = SCHEMAS["OllamaChatRequest"]["properties"]
    assert set(json.loads(question(keep_alive="5m", think=False))) <= set(fields)
