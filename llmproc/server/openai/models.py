"""The bodies of GET /v1/models and GET /v1/models/NAME: the listed names of the one model that is loaded.

Source of the shape: OpenAI's API reference (Models); `max_model_len` as vLLM's server has it. Used by `app`. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from llmproc.server.one_line import one_line
from llmproc.server.refusals import RefusedError

OWNER = "llmproc"


class ModelCard(msgspec.Struct):
    """A model that answers. `created`: when the server started; `max_model_len`: positions of a sequence."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    max_model_len: int


class ModelList(msgspec.Struct):
    """The models that answer."""

    object: Literal["list"]
    data: list[ModelCard]


def model_list(names: Sequence[str], created: int, context: int) -> bytes:
    """Return the body that lists `names`. `created`: seconds since 1970; `context`: positions of a sequence."""
    return one_line(ModelList("list", [_card(name, created, context) for name in names]))


def model_card(name: str, names: Sequence[str], created: int, context: int) -> bytes:
    """Return the body about one of `names`. RefusedError (404) for another."""
    if name not in names:
        listed = ", ".join(names)
        problem = f"the model {name[:100]!r} does not exist here; there is {listed}"
        raise RefusedError(problem, 404, param="model", code="model_not_found")
    return one_line(_card(name, created, context))


def _card(name: str, created: int, context: int) -> ModelCard:
    return ModelCard(name, "model", created, OWNER, context)
