"""What clients of Ollama's are told when something goes wrong: always {"error": "text"}."""

from __future__ import annotations

import json

import pytest
from server.ollama.ollama_answers import BOTH

from llmproc.server.ollama.dialects import OllamaChat, OllamaGenerate
from llmproc.server.ollama.refusals import NOT_SUPPORTED, OllamaErrors, not_supported
from llmproc.server.refusals import RefusedError


@BOTH
def test_rule_02_an_error_is_a_text(dialect: OllamaChat | OllamaGenerate) -> None:
    error = RefusedError('model "llama9"\u2028 not found', 404, param="model", code="model_not_found")
    told = dialect.errors.refusal(error)
    assert json.loads(told) == {"error": 'model "llama9"\u2028 not found'} and len(told.decode().splitlines()) == 1


@pytest.mark.parametrize(("status", "told"), [(429, 503), (404, 404), (400, 400), (401, 401), (503, 503), (501, 501)])
def test_rule_02_a_full_queue_is_503(status: int, told: int) -> None:
    assert OllamaErrors().status(RefusedError("no", status, retry_after_s=3)) == told


@pytest.mark.parametrize("path", NOT_SUPPORTED)
def test_what_is_not_supported_says_so(path: str) -> None:
    error = not_supported(path)
    assert error.status == 501
    assert json.loads(OllamaErrors().refusal(error)) == {"error": f"{path} is not supported"}


def test_every_path_that_needs_more_than_one_model_is_named() -> None:
    names = ("embed", "embeddings", "pull", "push", "create", "copy", "delete", "blobs/{digest}")
    assert {f"/api/{name}" for name in names} == set(NOT_SUPPORTED)
    assert NOT_SUPPORTED["/api/delete"] == ("DELETE",) and NOT_SUPPORTED["/api/blobs/{digest}"] == ("HEAD", "POST")
