"""Messages of a conversation, and the one order in which they may stand.

Used by the chat templates and by `session/prompts.py`, which judges what callers pass in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from llmproc.errors import RequestError

ROLES = ("system", "user", "assistant")


class ChatMessage(NamedTuple):
    """One message: who speaks, and the text."""

    role: str  # one of ROLES
    content: str | bytes
    reasoning: str | None = None  # of an answer: what stood before it, for templates that write it


class Exchange(NamedTuple):
    """A question and its answer; `answer` is None for the question that is to be answered."""

    question: str | bytes
    answer: str | bytes | None


def as_exchanges(messages: Sequence[ChatMessage], user_last: bool = False) -> tuple[str | bytes | None, list[Exchange]]:
    """Return (system message, exchanges in order); only the last exchange may lack its answer.

    Raises RequestError unless user and assistant alternate, the user first, after an optional system message; with
    `user_last` also if the last question has an answer already.
    """
    rest = list(messages)
    system = rest.pop(0).content if rest and rest[0].role == "system" else None
    expected = ["user", "assistant"] * ((len(rest) + 1) // 2)
    alternate = bool(rest) and [message.role for message in rest] == expected[: len(rest)]
    if not alternate or (user_last and len(rest) % 2 == 0):
        rule = "after an optional system message, user and assistant must alternate"
        raise RequestError(f"messages: {rule}{', user last' if user_last else ''}")
    answers: list[str | bytes | None] = [message.content for message in rest[1::2]]
    answers += [None] * (len(rest) % 2)
    return system, [Exchange(user.content, answer) for user, answer in zip(rest[::2], answers, strict=True)]
