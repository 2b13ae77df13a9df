"""`format` and `tools`: the form of an answer, and messages with calls as plain ones.

Used by `asking`. Pure; whether a schema can be kept is asked later, in a thread.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from llmproc.grammars.forms import CallForm, Form, SchemaForm
from llmproc.grammars.functions import Function, FunctionCall, call_text, with_functions
from llmproc.server.ollama.requests import OllamaMessage, OllamaTool
from llmproc.server.refusals import RefusedError


def schema_form(given: Literal["", "json"] | dict[str, Any] | None) -> SchemaForm | None:
    """Return the form that `format` asks for; None: any text."""
    if not given and given != {}:
        return None
    return SchemaForm({"type": "object"} if given == "json" else given, "format")


def call_form(tools: Sequence[OllamaTool] | None, answer: SchemaForm | None) -> Form | None:
    """Return the form of an answer that may call `tools`. RefusedError for a name that stands twice."""
    if not tools:
        return answer
    names = [tool.function.name for tool in tools]
    if len(set(names)) < len(names):
        raise RefusedError("tools has a name twice", param="tools")
    functions = (
        Function.described(one.name, one.parameters, one.description, f"tools[{place}].function.parameters")
        for place, one in enumerate(tool.function for tool in tools)
    )
    return CallForm(tuple(functions), answer=answer)


def plain_messages(messages: Sequence[OllamaMessage], form: Form | None) -> list[Mapping[str, str]]:
    """Return messages of system, user and assistant; calls, their results and functions are told as text.

    An earlier answer's reasoning is left out, as most templates do themselves.
    """
    plain = [_plain(message) for message in messages]
    functions = form.functions if isinstance(form, CallForm) else ()
    if not functions and not any(message.role == "tool" for message in messages):
        return plain
    return with_functions(plain, functions, False)


def _plain(message: OllamaMessage) -> Mapping[str, str]:
    calls = [
        FunctionCall(call.function.name, json.dumps(call.function.arguments or {}, ensure_ascii=False))
        for call in message.tool_calls or ()
    ]
    return {"role": message.role, "content": call_text(message.content or "", calls)}
