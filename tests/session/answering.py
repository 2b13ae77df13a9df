"""Answers whose ids a test puts, over a vocabulary of which every id is a few characters."""

from __future__ import annotations

from typing import Any

from llmproc.config import SamplingParams
from llmproc.engine.shaping import Likely
from llmproc.service.messages import Finish
from llmproc.service.ticket import Ticket, Tokens
from llmproc.session.answer import Answer
from llmproc.session.conversation import Conversation
from llmproc.session.parts import TextPart
from llmproc.text.templates.plain import PlainTemplate
from llmproc.text.tokenizers.sidecar import Sidecar
from llmproc.text.tokenizers.tokenizer import Tokenizer
from llmproc.text.tokenizers.vocabulary import Vocabulary

PIECES = ["a", "b", "ab", "\n", "ba", "S", "T", "OP", "é", " "]
HALVES = [b"\xc3", b"\xa9"]  # of an é
EMPTY = 3 + len(PIECES) + len(HALVES)  # an id without text
END = 2
PROMPT = "a b"


def small_tokenizer() -> Tokenizer:
    pieces = (b"<unk>", b"<s>", b"</s>", *(piece.encode() for piece in PIECES), *HALVES, b"")
    longest = max(map(len, pieces))
    sidecar = Sidecar(bos=1, eos=(END,), unk=0, template="plain")
    return Tokenizer(Vocabulary(pieces, (0.0,) * len(pieces), longest), sidecar, byte_tokens=False)


def ids_of(*pieces: str | bytes) -> list[int]:
    """The ids of pieces of the vocabulary; `</s>` is its end token."""
    return [END if piece == "</s>" else 3 + [*PIECES, *HALVES, b""].index(piece) for piece in pieces]


def said(ids: list[int]) -> list[Likely]:
    """Log probabilities that tell which id they belong to."""
    return [Likely(-float(token), [(token, -float(token))]) for token in ids]


class Asked:
    """One answer under way: what it was asked with, and what it cancelled."""

    def __init__(self, conversation: Conversation | None = None, prompt: str = PROMPT, **options: Any) -> None:
        self.conversation = conversation or Conversation(
            small_tokenizer(), PlainTemplate(), 500, SamplingParams(**options)
        )
        self.cancelled = 0
        self.ticket = Ticket(1, self._cancel)
        self.prepared = self.conversation.prepare(prompt)
        self.answer = Answer(self.conversation, self.prepared, self.ticket)
        self.seen: list[TextPart] = []

    def _cancel(self) -> None:
        self.cancelled += 1

    def put(self, ids: list[int], likely: bool = False) -> None:
        """Let ids come, and read what they bring: a ticket joins batches that were not read."""
        self.ticket.put(Tokens(ids, likely=said(ids) if likely else []))
        self.seen += self.answer.parts(0) or []

    def end(self, reason: str = "cancelled", new_tokens: int = 99, **more: Any) -> None:
        prompt = len(self.prepared.order.ids)
        values: dict[str, Any] = {
            "reason": reason, "prompt_tokens": prompt, "new_tokens": new_tokens, "positions": prompt + new_tokens,
            "draws": 99, "cached_tokens": 1, "user_s": 0.5,
        }  # fmt: skip
        self.ticket.put(Finish(request_id=1, **{**values, **more}))

    def parts(self) -> list[TextPart]:
        """Everything until the end, which has been put."""
        while self.answer.finish is None:
            self.seen += self.answer.parts(0) or []
        return self.seen
