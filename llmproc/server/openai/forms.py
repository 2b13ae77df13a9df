"""`response_format`, `tools` and `tool_choice`: the form of an answer, and messages with calls as plain ones.

    tools, tool_choice --form_of--> CallForm | SchemaForm | None
    messages with tool_calls and results --plain_messages--> system, user and assistant in turn

Used by `reading`. Pure; whether a schema can be kept is asked later, in a thread.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from llmproc.files.json_text import JsonError, read_json
from llmproc.grammars.forms import CallForm, Form, SchemaForm
from llmproc.grammars.functions import Function, FunctionCall, call_text, with_functions
from llmproc.server.openai.requests import ChatRequest, NamedToolChoice, RequestMessage, ResponseFormat
from llmproc.server.refusals import RefusedError


def form_of(request: ChatRequest) -> Form | None:
    """Return the form that a chat asks of its answer; None: any text. RefusedError naming the field."""
    answer = _schema_of(request.response_format)
    functions = functions_of(request)
    if not functions:
        return answer
    choice = request.tool_choice
    if isinstance(choice, NamedToolChoice):
        functions = tuple(one for one in functions if one.name == choice.function.name)
        if not functions:
            raise _refused("tool_choice.function.name", f"is {choice.function.name!r}: must be one of tools")
    required = choice == "required" or isinstance(choice, NamedToolChoice)
    return CallForm(functions, required, request.parallel_tool_calls is not False, answer)


def functions_of(request: ChatRequest) -> tuple[Function, ...]:
    """Return the functions that may be called. RefusedError for names that stand twice, and a choice among none."""
    if not request.tools:
        if request.tool_choice not in (None, "none", "auto"):
            raise _refused("tool_choice", "asks for a call: tools must be given with it")
        return ()
    names = [tool.function.name for tool in request.tools]
    if len(set(names)) < len(names):
        raise _refused("tools", "has a name twice")
    if request.tool_choice == "none":
        return ()
    given = enumerate(tool.function for tool in request.tools)
    return tuple(
        Function.described(one.name, one.parameters, one.description, f"tools[{place}].function.parameters")
        for place, one in given
    )


def plain_messages(messages: Iterable[RequestMessage], form: Form | None = None) -> list[dict[str, str]]:
    """Return messages as a role and a text each: parts joined, developer as system, names left out.

    Calls and their results become text, and the functions of `form` are told in the system message. RefusedError.
    """
    plain = [_plain(message, f"messages[{place}]") for place, message in enumerate(messages)]
    functions = form.functions if isinstance(form, CallForm) else ()
    if not functions and not any(message["role"] == "tool" for message in plain):
        return plain
    required = isinstance(form, CallForm) and form.required
    return [dict(message) for message in with_functions(plain, functions, required)]


def _plain(message: RequestMessage, place: str) -> dict[str, str]:
    content = message.content
    text = content if isinstance(content, str) else "".join(part.text for part in content or ())
    if message.tool_calls and message.role != "assistant":
        raise _refused(f"{place}.tool_calls", "is given: only an assistant calls functions")
    if content is None and not message.tool_calls:
        raise _refused(f"{place}.content", "is missing", "missing_required_parameter")
    calls = [
        FunctionCall(call.function.name, _arguments(call.function.arguments, f"{place}.tool_calls[{number}]"))
        for number, call in enumerate(message.tool_calls or ())
    ]
    role = "system" if message.role == "developer" else message.role
    return {"role": role, "content": call_text(text, calls) if calls else text}


def _arguments(text: str, place: str) -> str:
    """Return the arguments of an earlier call, as they stand."""
    try:
        found: Any = read_json(text) if text else {}
    except JsonError:
        found = None
    if not isinstance(found, dict):
        raise _refused(f"{place}.function.arguments", "is not a JSON object")
    return text or "{}"


def _schema_of(given: ResponseFormat | None) -> SchemaForm | None:
    if given is None:
        return None
    if given.json_schema is not None and given.type != "json_schema":
        raise _refused("response_format.json_schema", f"is given, and the type is {given.type}")
    if given.type == "text":
        return None
    place = "response_format"
    if given.type == "json_object":
        return SchemaForm({"type": "object"}, place)
    if given.json_schema is None:
        raise _refused(f"{place}.json_schema", "is missing", "missing_required_parameter")
    schema = {"type": "object"} if given.json_schema.schema is None else given.json_schema.schema
    return SchemaForm(schema, f"{place}.json_schema.schema")


def _refused(name: str, problem: str, code: str = "invalid_value") -> RefusedError:
    return RefusedError(f"{name} {problem}", param=name, code=code)
