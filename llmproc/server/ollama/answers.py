"""The fields of Ollama's answers, as types; a field that is UNSET is left out.

Used by `lines` and `stream`, and by the published document. Durations are nanoseconds, times RFC 3339 in UTC with Z.
`seed`, `timings` and `resources` are ours: Ollama's clients take no notice of fields that they do not know.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from llmproc.server.asking import Bill
from llmproc.session.result import Timings


class OllamaTokenLogprob(Struct, frozen=True, kw_only=True):
    """One id and how likely the model found it, a natural logarithm. `bytes`: its text, maybe part of a character."""

    token: str
    logprob: float
    bytes: list[int]


class OllamaLogprob(OllamaTokenLogprob, frozen=True, kw_only=True):
    """An id of the answer, with the likeliest ones at its place."""

    top_logprobs: list[OllamaTokenLogprob] | UnsetType = UNSET


class OllamaCallDetails(Struct, frozen=True):
    """The function that is called, and with what."""

    index: int
    name: str
    arguments: dict[str, Any]


class OllamaAnsweredCall(Struct, frozen=True):
    """One call that the client is asked to make."""

    function: OllamaCallDetails


class OllamaAnswerMessage(Struct, frozen=True, kw_only=True):
    """The message of a chat's answer, or a piece of it."""

    role: str
    content: str
    thinking: str | UnsetType = UNSET
    tool_calls: list[OllamaAnsweredCall] | UnsetType = UNSET


class OllamaAnswer(Struct, frozen=True, kw_only=True):
    """An answer of POST /api/chat (`message`) or of POST /api/generate (`response`, `thinking`), whole or a line of it.

    From `done_reason` on, fields stand in the last line only; `logprobs` in every one, if they were asked for.
    """

    model: str
    created_at: str
    message: OllamaAnswerMessage | UnsetType = UNSET
    response: str | UnsetType = UNSET
    thinking: str | UnsetType = UNSET
    done: bool
    logprobs: list[OllamaLogprob] | UnsetType = UNSET
    done_reason: str | UnsetType = UNSET  # stop, length, load, unload
    total_duration: int | UnsetType = UNSET
    load_duration: int | UnsetType = UNSET
    prompt_eval_count: int | UnsetType = UNSET
    prompt_eval_duration: int | UnsetType = UNSET
    eval_count: int | UnsetType = UNSET
    eval_duration: int | UnsetType = UNSET
    seed: int | UnsetType = UNSET  # that the answer was drawn with
    timings: Timings | UnsetType = UNSET
    resources: Bill | UnsetType = UNSET


class OllamaError(Struct, frozen=True):
    """A failure, as a response of its own or as the last line of a stream. Always a text: clients read that."""

    error: str
