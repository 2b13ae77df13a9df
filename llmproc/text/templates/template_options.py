"""Variables that a user gives a chat template, such as `enable_thinking=false`.

Used by verbs with a flag for them. Never in it: which variables a template knows (`registry.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from llmproc.errors import UsageError
from llmproc.files.json_text import JsonError, read_json

_FLAG = "--template-option"
GIVEN = ("messages", "tools", "documents", "add_generation_prompt")  # what every template is given anyway


def template_options(given: Iterable[str]) -> dict[str, Any]:
    """Return NAME=VALUE pairs as variables: a value that is JSON (true, 3, "a") is that, any other is text.

    UsageError for a pair without a name, or a name that is taken or given twice.
    """
    options: dict[str, Any] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"{_FLAG} is {pair!r}: must be NAME=VALUE")
        if name in GIVEN:
            raise UsageError(f"{_FLAG} is {pair!r}: {name} is set by llmproc")
        if name in options:
            raise UsageError(f"{_FLAG} is {pair!r}: {name} is given twice")
        options[name] = _value(value)
    return options


def _value(text: str) -> Any:
    try:
        return read_json(text)
    except JsonError:
        return text
