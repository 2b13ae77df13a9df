"""The Python API: a model as an object, in a script, a notebook, a thread or under asyncio.

    from llmproc import LLM, SamplingParams

    with LLM() as llm:                                    # the shipped model; starts its processes, waits for them
        for result in llm.generate(["What is a pipe?", "What is a thread?"]):
            print(result.text)
        chat = llm.session(system="You are a teaching assistant for an operating systems course.")
        print(chat.ask("What is a zombie?").text)

Used by programs. It joins `session`, `service` and `text` and prints nothing: messages go to the logger `llmproc`. It
must not hold a user interface, formats of model files, or anything of the engine.
"""

from __future__ import annotations

from llmproc.api.llm import LLM
from llmproc.api.session import Session
from llmproc.api.stream import AsyncStream, Stream
from llmproc.config import SamplingParams
from llmproc.session.prompts import Message, Prompt
from llmproc.session.result import Result, Timings, TokenLogprob

__all__ = [
    "LLM",
    "AsyncStream",
    "Message",
    "Prompt",
    "Result",
    "SamplingParams",
    "Session",
    "Stream",
    "Timings",
    "TokenLogprob",
]
