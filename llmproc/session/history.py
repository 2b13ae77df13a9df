"""A conversation so far as messages for a model's own chat template, and how much of what it renders stood before.

    system, messages placed before, turns --history--> messages --template.render--> ids of the next turn
                                                       ids that stand  --common_prefix-->  positions a worker may have

Used by conversations over templates that render everything for every turn. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from llmproc.errors import RequestError
from llmproc.session.turns import Turn
from llmproc.text.reasoning import OPENING, split_answer
from llmproc.text.templates.messages import ROLES, ChatMessage
from llmproc.text.templates.template import ChatTemplate


def history(
    template: ChatTemplate, system: str | None, placed: Sequence[ChatMessage], turns: Iterable[Turn]
) -> list[ChatMessage]:
    """Return the messages before the next question."""
    said = [ChatMessage("system", system)] if system else []
    said += placed
    for turn in turns:
        said += [ChatMessage("user", turn.prompt), answered(template, turn.answer)]
    return said


def answered(template: ChatTemplate, text: str) -> ChatMessage:
    """Return a generated answer as a message: what the model wrote, after the <think> that the template wrote for it.

    Its reasoning goes apart if the template wants it so; most take answers apart themselves.
    """
    whole = f"{OPENING}\n{text}" if template.opens_reasoning else text
    if not template.takes_reasoning:
        return ChatMessage("assistant", whole)
    reasoning, answer = split_answer(whole)
    return ChatMessage("assistant", answer, reasoning)


def check_messages(messages: Sequence[ChatMessage]) -> None:
    """Check what every template can be given: known roles, the user last. The order is for the template to judge.

    RequestError.
    """
    for index, message in enumerate(messages):
        if message.role not in ROLES:
            raise RequestError(f"message {index}: role is {message.role!r:.40}: must be one of {', '.join(ROLES)}")
    if not messages or messages[-1].role != "user":
        raise RequestError("messages: the last one must be the user's")


def common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many ids both begin with."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(first), len(second)))
