"""The records that a conversation consists of: turns, a turn that is ready to be sent, and what a saved file holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from llmproc.errors import LlmprocError
from llmproc.service.messages import Generate


class Turn(msgspec.Struct):
    """One question and its answer. `start`: ids of the sequence before the turn, those that stayed as they were."""

    prompt: str
    start: int
    answer: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PreparedTurn:
    """A turn that is ready to be sent: its ids are those of everything up to where the answer begins."""

    turn: Turn
    order: Generate
    earlier: list[Turn]


class SavedConversation(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The file that /save writes; `model` and `tokenizer` say what it continues on.

    `sampling`: the options beside the four above it that differ from their defaults, as `option_texts.other_options`
    writes them. Files of earlier versions have none, and what says nothing is not written, so that they read ours.
    """

    model: str
    tokenizer: str
    ids: list[int]
    draws: int
    seed: int
    turns: list[Turn]
    template: str
    temperature: float
    top_p: float
    max_tokens: int
    system: str | None = None
    sampling: dict[str, Any] = {}


def read_saved(data: bytes, name: object) -> SavedConversation:
    """Decode the bytes of a saved file. Raises LlmprocError naming the file and what is wrong."""
    try:
        found = msgspec.json.decode(data)
        if isinstance(found, dict) and "coins" in found and "draws" not in found:
            found["draws"] = found.pop("coins")  # the name of files written before
        return msgspec.convert(found, SavedConversation)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:  # which one is the library's choice
        raise LlmprocError(f"{name}: not a saved session: {error}") from None
