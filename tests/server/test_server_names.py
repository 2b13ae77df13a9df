"""Which model names are answered."""

from __future__ import annotations

import pytest

from llmproc.server.names import MAX_NOTICES, ModelNames
from llmproc.server.refusals import RefusedError


def test_every_name_is_answered_and_a_foreign_one_is_told_once() -> None:
    told: list[str] = []
    names = ModelNames("own", ["alias"], notice=told.append)
    for name in (None, "own", "alias", "own:latest", "llama3.2", "Qwen/QwQ-32B-Preview", "llama3.2", "own"):
        names.judge(name)
    assert told == [
        "a client asked for the model 'llama3.2': own answers",
        "a client asked for the model 'Qwen/QwQ-32B-Preview': own answers",
    ]
    assert names.foreign == 3 and names.listed == ("own", "alias")


def test_rule_02_a_strict_server_refuses_foreign_names() -> None:
    names = ModelNames("own", ["alias", "own"], strict=True)
    assert names.listed == ("own", "alias")
    names.judge("alias:latest")
    with pytest.raises(RefusedError, match="'llama3' does not exist here; there is own, alias") as caught:
        names.judge("llama3")
    assert (caught.value.status, caught.value.param, caught.value.code) == (404, "model", "model_not_found")
    assert names.foreign == 0


def test_a_client_that_invents_names_is_not_told_of_for_ever() -> None:
    told: list[str] = []
    names = ModelNames("own", notice=told.append)
    for number in range(10 * MAX_NOTICES):
        names.judge(f"model-{number}" + "x" * 1000)
    assert len(told) == MAX_NOTICES and max(map(len, told)) < 200
    assert names.foreign == 10 * MAX_NOTICES
