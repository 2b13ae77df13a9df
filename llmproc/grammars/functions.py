"""Functions that a model may call: what it is told of them, and how calls and their results stand in a conversation.

    system      ... <tools>\\n{"name": ..., "description": ..., "parameters": ...}\\n</tools> ...
    assistant   <tool_call>\\n{"name": "f", "arguments": {...}}\\n</tool_call>
    user        <tool_response>\\n...\\n</tool_response>          what a call gave

These are the tags of Hermes and Qwen models, whose own templates write the same ones; other models are told what they
mean. Used by the server's dialects. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

OPENING, CLOSING = "<tool_call>", "</tool_call>"
MAX_CALLS = 16  # in one answer
_NO_PARAMETERS: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}


@dataclass(frozen=True, slots=True)
class Function:
    """A function by its name, and the JSON schema of its arguments."""

    name: str
    parameters: dict[str, Any]
    description: str = ""
    place: str = "parameters"  # of the parameters in the request, for errors

    @classmethod
    def described(cls, name: str, parameters: dict[str, Any] | None, description: str | None, place: str) -> Function:
        """Make one as a request describes it. Without parameters it takes none."""
        return cls(name, {"type": "object", **parameters} if parameters else _NO_PARAMETERS, description or "", place)


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """One call that a model wrote; `arguments` is JSON text, complete unless the answer was cut."""

    name: str
    arguments: str


def stated(functions: Iterable[Function], required: bool, system: str | None) -> str:
    """Return the system text that tells of functions, after what `system` says."""
    lines = [
        json.dumps({"name": one.name, "description": one.description, "parameters": one.parameters}, ensure_ascii=False)
        for one in functions
    ]
    when = "Call at least one of them." if required else "Call them if that helps with the question; else just answer."
    told = (
        f"You can call these functions:\n<tools>\n{chr(10).join(lines)}\n</tools>\n{when} A call is JSON in tags:\n"
        f'{OPENING}\n{{"name": "the function", "arguments": {{...}}}}\n{CLOSING}'
    )
    return f"{system}\n\n{told}" if system else told


def call_text(content: str, calls: Sequence[FunctionCall]) -> str:
    """Return an assistant's message as the model wrote it: text, then calls."""
    written = [f'{OPENING}\n{{"name": {json.dumps(c.name)}, "arguments": {c.arguments}}}\n{CLOSING}' for c in calls]
    return "\n".join([content, *written] if content else written)


def result_text(content: str) -> str:
    """Return what a call gave, as a part of a user's message."""
    return f"<tool_response>\n{content}\n</tool_response>"


def with_functions(
    messages: Sequence[Mapping[str, str]], functions: Sequence[Function], required: bool
) -> list[Mapping[str, str]]:
    """Return messages of system, user and assistant in place of such with the role tool.

    The functions are told in the system message. Results of calls are the user's, those of several calls one message,
    with what the user says behind them.
    """
    system = messages[0]["content"] if messages and messages[0]["role"] == "system" else None
    found: list[Mapping[str, str]] = [{"role": "system", "content": stated(functions, required, system)}]
    if not functions:
        found = [*messages[:1]] if system is not None else []
    results = False  # the last message holds some
    for message in messages[system is not None :]:
        content = result_text(message["content"]) if message["role"] == "tool" else message["content"]
        role = "user" if message["role"] == "tool" else message["role"]
        if results and role == "user":
            found[-1] = {"role": role, "content": f"{found[-1]['content']}\n{content}"}
        else:
            found.append({"role": role, "content": content})
        results = message["role"] == "tool" or (results and role == "user")
    return found
