"""Forms of answers as grammars in llguidance's Lark syntax (its docs/syntax.md): JSON of a schema, calls of functions.

    {"type":"object",...}                          JSON, with at most one space or one line break where JSON takes them
    <tool_call>\\n{"name": "f", "arguments": {...}}\\n</tool_call>   a call; several stand on lines of their own

Space between JSON's parts is bounded, for a small model may write nothing else for as long as it is let.
`no_forcing`: where only one text can follow, any token that it begins with may come, so masks need no tokenizer. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from llmproc.grammars.functions import MAX_CALLS, Function

_HEAD = '%llguidance {"no_forcing": true}\n'
_SPACE = {"whitespace_pattern": r"[ ]|\n[ \t]{0,32}", "lenient": False, "coerce_one_of": False}
_REASONING = 'reasoning: thoughts /\\n{0,2}/\nthoughts[lazy]: /(.|\\n)*/ "</think>"\n'


def schema_grammar(schema: Any, reasoning: bool = False) -> str:
    """Return the grammar of JSON texts that `schema` describes; `reasoning`: after a text that </think> ends."""
    return _begun("answer", reasoning) + f"answer: {_json(schema)}\n"


def call_grammar(
    functions: Sequence[Function],
    *,
    required: bool,
    parallel: bool,
    answer: Any = None,
    reasoning: bool = False,
) -> str:
    """Return the grammar of calls: at least one if `required`, one at most unless `parallel`.

    Not required, the answer may be a text in their place, or stand before them. `answer`: the schema of that text;
    None: any text.
    """
    more = f'("\\n<tool_call>" body){{0,{MAX_CALLS - 1}}}' if parallel else ""
    names = [f"call_{place}" for place in range(len(functions))]
    rules = f'body: "\\n" ({" | ".join(names)}) "\\n</tool_call>"\n'
    rules += "".join(f"{name}: {_call(function)}\n" for name, function in zip(names, functions, strict=True))
    if required or answer is not None:
        rules += f'calls: "<tool_call>" body {more}\n'
        if required:
            return _begun("calls", reasoning) + rules
        return _begun("calls | answer", reasoning) + rules + f"answer: {_json(answer)}\n"
    rules += f'calls: opening body {more}\nopening[lazy]: TEXT "<tool_call>"\nTEXT: /(.|\\n)*/\n'
    return _begun("calls | TEXT", reasoning) + rules


def _begun(start: str, reasoning: bool) -> str:
    if reasoning:
        return f"{_HEAD}start: reasoning ({start})\n{_REASONING}"
    return f"{_HEAD}start: {start}\n"


def _call(function: Function) -> str:
    """Return the rule of one call. The parameters are a schema of their own, so that references in them hold."""
    beginning = f'{{"name": {json.dumps(function.name)}, "arguments": '
    return f"{json.dumps(beginning)} {_json(function.parameters)} {json.dumps('}')}"


def _json(schema: Any) -> str:
    whole = {**schema, "x-guidance": _SPACE} if isinstance(schema, dict) else {"allOf": [schema], "x-guidance": _SPACE}
    return "%json " + json.dumps(whole, separators=(",", ":"))
