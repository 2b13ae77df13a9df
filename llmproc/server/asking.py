"""What a client asks and what comes of it, in llmproc's own words: the records between dialects and the service.

Plain data. Dialects make `Asked` from bytes, and bytes from `Piece` and `Ended`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from llmproc.config import SamplingParams
from llmproc.engine.shaping import Likely
from llmproc.grammars.call_reader import CallPiece
from llmproc.grammars.forms import Form
from llmproc.grammars.functions import FunctionCall
from llmproc.session.result import Result

Messages = Sequence[Mapping[str, str]]  # each a "role" and a "content"
AskedPrompt = str | Messages | list[int]

# Of an answer whose request names no limit, beside what is left of the context. Long enough for a model that reasons;
# at 7 tokens a second it ends within the 600 s that OpenAI's clients wait. A base model may never end by itself.
DEFAULT_MAX_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class Asked:
    """One HTTP request that asks for answers. `n` of them to each prompt, each with its own seed."""

    prompts: tuple[AskedPrompt, ...]  # one; several of /v1/completions; none: Ollama's load; ids are taken as they are
    sampling: SamplingParams
    stream: bool
    raw: bool = False  # texts are continued as they stand, without the chat template
    model: str | None = None  # as the client named it
    system: str | None = None  # before a text that is a prompt
    template_options: Mapping[str, Any] = field(default_factory=dict)
    include_usage: bool = False  # a last chunk of the stream tells token counts
    continuous_usage: bool = False  # every chunk tells them
    echo: bool = False  # the answer begins with the prompt: a Piece without ids, and the beginning of Ended.text
    think: bool | None = None  # Ollama: reasoning apart (true), left out (false)
    ignored: tuple[str, ...] = ()  # fields without effect here that the client sent, for the log
    form: Form | None = None  # of the answer; None: any text
    unload: bool = False  # Ollama, without prompts: the model is to leave memory, which is answered and not done


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that joined an answer, with the ids that brought it. `choice`: prompt index * n + index among its n."""

    choice: int
    text: str  # of the answer; "" if this is reasoning
    ids: Sequence[int]
    likely: Sequence[Likely] = ()  # one for each id, if asked for
    reasoning: str = ""  # text between <think> and </think>
    prompt_tokens: int = 0  # of its prompt, for totals so far
    calls: Sequence[CallPiece] = ()  # parts of calls of functions, whose text is not in `text`


@dataclass(frozen=True, slots=True)
class Bill:
    """The cost of an answer: seconds of CPU and of waiting for one, memory of its keys and values."""

    cpu_user_s: float
    cpu_system_s: float
    cpu_wait_s: float  # ready to run, and no CPU was free
    kv_bytes: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The one last event of a choice. A failure stands in `result.error`."""

    choice: int
    result: Result
    bill: Bill
    seed: int
    text: str = ""  # of the answer, reasoning apart
    reasoning: str = ""
    reasoning_tokens: int = 0
    calls: Sequence[FunctionCall] = ()  # of functions; the last one is cut if the answer was

    @property
    def calls_functions(self) -> bool:
        """Return whether the answer ended by itself and holds calls."""
        return bool(self.calls) and self.result.finish_reason in ("end", "stop")


Event = Piece | Ended


@dataclass(frozen=True, slots=True)
class About:
    """Facts about the server that every answer tells: made once, at its start."""

    model: str  # the checkpoint that answers
    fingerprint: str  # checkpoint, version, instruction set
    context: int
