"""GET /v1/models, one model of it, and the wording of refusals."""

from __future__ import annotations

import json

import pytest
from server.made_answers import CHAT

from llmproc.server.openai.errors import OpenAIErrors
from llmproc.server.openai.models import model_card, model_list
from llmproc.server.refusals import RefusedError

CARD = {"id": "stories", "object": "model", "created": 17, "owned_by": "llmproc", "max_model_len": 512}


def test_rule_19_the_first_listed_name_is_one_that_answers() -> None:
    found = json.loads(model_list(("stories", "llama3.2"), 17, 512))
    assert found == {"object": "list", "data": [CARD, {**CARD, "id": "llama3.2"}]}


def test_one_model_by_its_name() -> None:
    assert json.loads(model_card("stories", ("stories", "Qwen/QwQ"), 17, 512)) == CARD
    assert json.loads(model_card("Qwen/QwQ", ("stories", "Qwen/QwQ"), 17, 512))["id"] == "Qwen/QwQ"
    with pytest.raises(RefusedError, match="the model 'gpt-4' does not exist here; there is stories") as refused:
        model_card("gpt-4", ("stories",), 17, 512)
    assert (refused.value.status, refused.value.code, refused.value.param) == (404, "model_not_found", "model")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (413, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "server_error"),
        (503, "server_error"),
    ],
)
def test_rule_02_errors_before_the_first_byte(status: int, kind: str) -> None:
    error = RefusedError('no "x"\u2028', status, param="n", code="c")
    body = CHAT.errors.refusal(error)
    assert OpenAIErrors().status(error) == status
    assert json.loads(body) == {"error": {"message": 'no "x"\u2028', "type": kind, "param": "n", "code": "c"}}
    assert json.loads(CHAT.errors.refusal(RefusedError("no", status)))["error"]["param"] is None
