"""What a chat template is: messages in, ids out. The built-in ones can do it turn by turn, too.

`render` gives the ids of a whole conversation. `open` and `close` of a TurnTemplate give only what one turn adds, so
that the ids before it, and the keys and values that a worker has cached for them, stay as they are. The two ways agree:

    render([user, assistant, user])  ==  open(user) + encode(assistant) + close() + open(user, first=False)

A template that a model brings may change what stands before (Llama 3 trims answers, Qwen3 drops their reasoning): it
has `render` alone, and what a worker has cached is found by comparing ids.

Used by the prompt loop, the API, batch, and the recipe that trains the shipped model, so that all use the same ids.
Never in it: the state of a conversation.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol

from llmproc.errors import RequestError
from llmproc.text.templates.messages import ChatMessage, as_exchanges
from llmproc.text.templates.system import check_system
from llmproc.text.tokenizers.contract import TextTokenizer


class ChatTemplate(Protocol):
    """The ids around the texts of a conversation. Immutable; the same object serves every conversation."""

    @property
    def name(self) -> str:
        """Return the name it is saved and found by."""

    @property
    def takes_system(self) -> bool:
        """Return whether it has a place for a system message."""

    @property
    def takes_messages(self) -> bool:
        """Return whether it can tell a question from an answer; plain completion cannot."""

    @property
    def opens_reasoning(self) -> bool:
        """Return whether an answer begins inside <think>, which the template itself wrote."""

    @property
    def takes_reasoning(self) -> bool:
        """Return whether it wants an earlier answer's reasoning apart from the answer, and writes it itself."""

    def render(
        self, tokenizer: TextTokenizer, messages: Sequence[ChatMessage], add_generation_prompt: bool = True
    ) -> list[int]:
        """Return the ids of a whole conversation; `add_generation_prompt`: with the ids that an answer begins after.

        Raises RequestError for messages it has no place for, for text without tokens and for a vocabulary that lacks
        the template's own.
        """

    def end_tokens(self, tokenizer: TextTokenizer) -> frozenset[int]:
        """Return the ids that end an answer when they are sampled."""


class TurnTemplate(ABC):
    """A template that is written turn by turn: a question, what an answer begins after, and what ends it."""

    name = ""
    takes_system = False
    takes_messages = True
    opens_reasoning = takes_reasoning = False

    def render(
        self, tokenizer: TextTokenizer, messages: Sequence[ChatMessage], add_generation_prompt: bool = True
    ) -> list[int]:
        system, exchanges = as_exchanges(messages)
        if not self.takes_messages and (system or len(messages) != 1):
            raise RequestError("messages need a chat template: here prompts are plain text")
        check_system(self, system)
        ids: list[int] = []
        for index, (question, answer) in enumerate(exchanges):
            first = index == 0
            ids += self.question(tokenizer, question, system if first else None, first)
            if answer is not None:
                ids += [*self.answer_start(tokenizer), *tokenizer.encode(answer), *self.close(tokenizer)]
            elif add_generation_prompt:
                ids += self.answer_start(tokenizer)
        return ids

    def open(
        self, tokenizer: TextTokenizer, text: str | bytes, system: str | bytes | None = None, first: bool = True
    ) -> list[int]:
        """Return the ids to append for a user's turn, up to where the answer begins.

        `system`: a message before this turn; `first`: nothing stands before it. RequestError as `render`.
        """
        check_system(self, system)
        question = self.question(tokenizer, text, system, first)
        return [*question, *self.answer_start(tokenizer)]

    @abstractmethod
    def question(
        self, tokenizer: TextTokenizer, text: str | bytes, system: str | bytes | None, first: bool
    ) -> list[int]:
        """Return the ids of a user's message, with the system message before it."""

    def answer_start(self, tokenizer: TextTokenizer) -> list[int]:
        """Return the ids between a question and its answer."""
        return []

    @abstractmethod
    def close(self, tokenizer: TextTokenizer) -> list[int]:
        """Return the ids that end an answer which did not end itself; none if nothing marks an end."""

    @abstractmethod
    def end_tokens(self, tokenizer: TextTokenizer) -> frozenset[int]:
        """Return the ids that end an answer when they are sampled; none if it has a fixed length."""
