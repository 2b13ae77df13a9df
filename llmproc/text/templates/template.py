"""Chat templates: the ids around a user's text. Three are built in; none is ever read from a file.

    chatml   <|im_start|>user\\n{text}<|im_end|>\\n<|im_start|>assistant\\n
    plain    BOS {text}, later turns just their text: plain completion
    course   <|im_start|> user {text} <|im_end|> <|im_start|>, as the course's C program writes it

For: the prompt loop, and the recipe that trains the shipped model, so that both use the same ids. Never in it: a
conversation's state; `first` says all that is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

from llmproc.errors import RequestError, UsageError
from llmproc.text.templates.system import check_system
from llmproc.text.tokenizers.specials import IM_END, IM_START
from llmproc.text.tokenizers.tokenizer import Tokenizer

_NAMES = ("chatml", "plain", "course")


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """One of the built-in templates, by name: chatml, plain or course. Raises UsageError for another name."""

    name: str

    def __post_init__(self) -> None:
        if self.name not in _NAMES:
            raise UsageError(f"chat template {self.name!r}: must be one of {', '.join(_NAMES)}")

    @property
    def takes_system(self) -> bool:
        """Whether it has a place for a system message."""
        return self.name == "chatml"

    def open(
        self, tokenizer: Tokenizer, text: str | bytes, system: str | bytes | None = None, first: bool = True
    ) -> list[int]:
        """Ids to append for a user's turn, up to where the answer begins.

        `system`: a message before this turn; only chatml has a place for it. Raises RequestError for that, for text
        without tokens and for a vocabulary that lacks the template's own.
        """
        if self.takes_system:
            return _open_chatml(tokenizer, text, system, first)
        check_system(self, system)
        if self.name == "course":
            return _open_course(tokenizer, text)
        bos = [tokenizer.bos] if first and tokenizer.bos is not None else []
        return bos + tokenizer.encode(text)

    def close(self, tokenizer: Tokenizer) -> list[int]:
        """Ids that end an answer which did not end itself: the end-of-turn token, nothing for plain completion."""
        if self.name == "plain":
            return []
        return [_course_markers(tokenizer)[1] if self.name == "course" else _marker(tokenizer, IM_END)]

    def end_tokens(self, tokenizer: Tokenizer) -> frozenset[int]:
        """Ids that end an answer when they are sampled; none in the course's exercise.

        Plain completion also ends at BOS, which separates texts in training (as in llama2.c).
        """
        if self.name == "course":
            return frozenset()
        extra = _marker(tokenizer, IM_END) if self.name == "chatml" else tokenizer.bos
        return frozenset(tokenizer.eos) | ({extra} if extra is not None else set())


def _open_chatml(tokenizer: Tokenizer, text: str | bytes, system: str | bytes | None, first: bool) -> list[int]:
    start, end = _marker(tokenizer, IM_START), _marker(tokenizer, IM_END)
    newline = tokenizer.encode("\n")
    ids = [] if first else newline  # after the previous turn's <|im_end|>
    if system:
        ids = [*ids, start, *tokenizer.encode(system, prefix=b"system\n"), end, *newline]
    user = tokenizer.encode(text, prefix=b"user\n")
    return [*ids, start, *user, end, *newline, start, *tokenizer.encode("assistant\n")]


def _open_course(tokenizer: Tokenizer, text: str | bytes) -> list[int]:
    start, end = _course_markers(tokenizer)
    return [start, *tokenizer.encode("user"), *tokenizer.encode(text, course=True), end, start]


def _course_markers(tokenizer: Tokenizer) -> tuple[int, int]:
    """The two markers, by content; ids 1 and 2, which the exercise fixes, in a vocabulary without them."""
    if tokenizer.vocab_size < 3:
        raise RequestError(f"the course's template needs ids 1 and 2, the vocabulary has {tokenizer.vocab_size} ids")
    return tokenizer.special.get(IM_START, 1), tokenizer.special.get(IM_END, 2)


def _marker(tokenizer: Tokenizer, piece: bytes) -> int:
    token = tokenizer.special.get(piece)
    if token is None:
        raise RequestError(f"the vocabulary has no {piece.decode()}, which the chat template needs")
    return token
