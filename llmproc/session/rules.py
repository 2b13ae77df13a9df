"""What may differ between two prompt loops on the same model: one frozen object that a lab makes and a verb passes in.

The defaults are the ordinary loop. Used by conversations (how long a turn is), by answers (how ids become text) and by
the verbs (prompts, commands, signals, the speed line). Never in it: a name of an exercise, or I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from llmproc.text.tokenizers.streaming import StreamDecoder

if TYPE_CHECKING:  # a command line is parsed before anything that needs them is imported
    from llmproc.text.templates.template import ChatTemplate
    from llmproc.text.tokenizers.contract import TextTokenizer


class TextStream(Protocol):
    """Turns ids into text while they come. Bytes that are not UTF-8 are U+FFFD or surrogates, as the stream chooses."""

    def feed_each(self, tokens: Sequence[int]) -> list[str]:
        """Return the text that each of `tokens` completes, "" for one that completes none."""

    def flush(self) -> str:
        """Return what is still held back."""


@dataclass(frozen=True, slots=True)
class TurnRules:
    """The length of an answer. The default: up to the session's max_tokens, or an end token."""

    tokens: int | None = None  # every answer is this long, whatever max_tokens says
    closing: int | None = None  # the id that follows them; one more token is drawn after it and thrown away


@dataclass(frozen=True, slots=True)
class ChatRules:
    """Behaviour of a prompt loop."""

    template: ChatTemplate | None = None  # None: the one that the tokenizer names
    turn: TurnRules = TurnRules()
    text: Callable[[TextTokenizer, int], TextStream] = StreamDecoder  # made with the id before the answer
    every_token: bool = False  # the closing id and the one thrown away are text too, and a newline ends every answer
    prompt_limit: int | None = None  # prompts before the loop ends by itself
    commands: bool = True  # `/name` is a command and three quotes begin a block; else only /bye is not a prompt
    cancels: bool = True  # the first SIGINT while generating cancels the answer; else it ends the program
    whole_turn_speed: bool = False  # the speed line counts from the turn's start, else from its first forward pass
    quiet: bool = False  # nothing is printed that the exercise does not print
    threads: int | None = None  # of a worker, unless the user names a number
    c_order: bool = False  # every sum and exp as the C engine makes it
    local_files: bool = False  # ./model.bin and ./tokenizer.bin go before the shipped ones
    last_chance_s: float = 5.0  # at the end: how long to wait for a worker that is still on its way
    first_death: bool = False  # the last line is about the first worker that died, not about the last that ended


ORDINARY = ChatRules()
