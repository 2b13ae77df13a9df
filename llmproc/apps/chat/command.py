"""A command of the prompt loop, and what of the loop it may use. The commands themselves: `commands`, `settings`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from llmproc.apps.answer_view import AnswerView
from llmproc.apps.screen import Screen
from llmproc.service.service import Service
from llmproc.session.conversation import Conversation
from llmproc.session.model_files import ModelFiles


class Loop(Protocol):
    """The parts of the prompt loop that a command may use."""

    conversation: Conversation
    service: Service
    screen: Screen
    view: AnswerView
    files: ModelFiles
    failed: int  # lines that were refused, and answers that failed

    def answer(self, text: str) -> None:
        """Ask, and show the answer."""

    def answer_again(self) -> None:
        """Make the last answer once more."""

    def end(self) -> None:
        """Leave the loop after this command."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: how it is written, what it does."""

    usage: str
    help: str
    run: Callable[[Loop, str], None]

    @property
    def name(self) -> str:
        """Return the word that calls it."""
        return self.usage.split()[0]
