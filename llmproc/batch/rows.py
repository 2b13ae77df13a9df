"""What the fields of a record mean: a row that can be asked, or one that is refused with a reason.

    id                                    text or a whole number; the row's place in the input when it is missing
    prompt | messages                     one of them: a text, or [{"role": ..., "content": ...}, ...]
    custom_id, method, url, body          a line of an OpenAI batch file: `session.openai` says what it becomes
    system                                a message before a prompt
    temperature top_p max_tokens seed     as `config.SamplingParams`, and so its other fields: top_k, min_p, stop,
                                          n, logprobs, ...; missing or null: the command line's

Any other field goes into the result as it is (`extra`), unless it must be a mistake: close to one of these names, or an
option that other engines have and this one does not. Pure. An answer depends on its row's own fields, on nothing else.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llmproc.batch.formats import Record
from llmproc.config import SamplingParams
from llmproc.errors import RequestError, UsageError
from llmproc.session.openai import from_batch_row, is_batch_row, plain_messages
from llmproc.session.option_texts import NAMES, NUMBERS, WHOLE_NUMBERS, biases_by_token
from llmproc.session.prompts import Prompt

FIELDS = ("id", "prompt", "messages", "system", *NAMES)
_ELSEWHERE = {
    "typical_p", "best_of", "stop_token_ids", "repeat_penalty", "top_logprobs", "max_completion_tokens",
    "max_new_tokens", "num_predict", "tools", "response_format",
}  # fmt: skip
_PLAIN = {name.replace("_", ""): name for name in FIELDS}
_DEEPEST = 200  # levels of a copied field; decoders of others, and of this one with its row around it, stop near 1000
_ALIKE = 0.88  # of difflib's ratio: `temprature` is 0.95, `system_id` for `system` 0.86


@dataclass(frozen=True, slots=True)
class PromptRow:
    """One row that can be asked."""

    index: int  # place among the rows of the input, from 0
    line: int
    end: int  # bytes of the input up to and with it
    key: str
    id: str | int
    prompt: Prompt
    sampling: SamplingParams
    system: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """One row that cannot: its result is the error."""

    index: int
    line: int
    end: int
    key: str
    id: str | int
    error: str
    extra: Mapping[str, Any] = field(default_factory=dict)


def key_of(base: bytes, raw: bytes) -> str:
    """Return 16 hexadecimal digits: rows with the same key have the same answer. `base`: of model and options."""
    return hashlib.sha256(base + raw).hexdigest()[:16]


def judge(record: Record, index: int, base: bytes, sampling: SamplingParams, system: str | None) -> PromptRow | Refused:
    """Return the row in a record; `sampling` and `system` are for what it does not say."""
    key = key_of(base, record.raw)
    fields = record.fields or {}
    name, extra = _id(fields, index), {}
    try:
        if record.fields is None:
            raise RequestError(record.error)
        if is_batch_row(fields):
            fields = from_batch_row(fields)
        extra = {field: value for field, value in fields.items() if field not in FIELDS}
        return PromptRow(
            index, record.line, record.end, key, name, _prompt(fields), _sampling(fields, sampling),
            _system(fields, system), _checked(extra),
        )  # fmt: skip
    except (RequestError, UsageError) as error:
        words = f"line {record.line}: {error}" if record.fields is not None else f"line {record.line} {error}"
        return Refused(index, record.line, record.end, key, name, words, extra)


def _id(fields: Mapping[str, Any], index: int) -> str | int:
    """Return the id as given; a wrong one is refused by `_prompt`, and its row gets its place as id."""
    given = fields.get("custom_id" if is_batch_row(fields) else "id")
    found = _whole(given) if isinstance(given, float) else given
    return found if isinstance(found, str) or type(found) is int else index


def _prompt(fields: Mapping[str, Any]) -> Prompt:
    given = fields.get("id")
    if given is not None and not isinstance(given, str) and type(_whole(given)) is not int:
        raise RequestError("id must be text or a whole number")
    prompt, messages = fields.get("prompt"), fields.get("messages")
    if (prompt is None) == (messages is None):
        raise RequestError("has neither prompt nor messages" if prompt is None else "has both prompt and messages")
    if messages is None:
        if not isinstance(prompt, str):
            raise RequestError("prompt must be text")
        return prompt
    return plain_messages(messages)


def _system(fields: Mapping[str, Any], default: str | None) -> str | None:
    given = fields.get("system")
    if given is not None and not isinstance(given, str):
        raise RequestError("system must be text")
    return default if given is None else given


def _sampling(fields: Mapping[str, Any], default: SamplingParams) -> SamplingParams:
    given = {name: _option(name, fields[name]) for name in NAMES if fields.get(name) is not None}
    return default.changed(**given) if given else default


def _option(name: str, value: object) -> object:
    """Return the value of a sampling option, as far as its kind goes; `SamplingParams` judges the rest."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if name == "logprobs" and value is False:
        return None
    if name in NUMBERS or name in WHOLE_NUMBERS:
        if not number:
            raise RequestError(f"{name} is {_shown(value)}: must be a number")
        return _whole(value) if name in WHOLE_NUMBERS else value
    if name == "logit_bias":
        if not isinstance(value, dict):
            raise RequestError(f"logit_bias is {_shown(value)}: must be an object of tokens and numbers")
        return biases_by_token(value)
    if name == "ignore_eos" and not isinstance(value, bool):
        raise RequestError(f"ignore_eos is {_shown(value)}: must be true or false")
    return value


def _shown(value: object) -> str:
    return repr(value) if len(repr(value)) < 60 else type(value).__name__


def _whole(value: Any) -> Any:
    """Return 5 for 5.0, as it stands in a column of whole numbers in which one is missing; else the value itself."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
        return int(value)
    return value


def _checked(extra: dict[str, Any]) -> dict[str, Any]:
    for name in extra:
        if name == "_id":  # MongoDB's key: copied like any other field
            continue
        plain = "".join(filter(str.isalnum, name)).lower()
        if name in _ELSEWHERE:
            raise RequestError(f"{name} is not an option of this engine: known are {', '.join(FIELDS)}")
        if meant := difflib.get_close_matches(plain, _PLAIN, 1, _ALIKE):
            raise RequestError(f"{name} is unknown: is {_PLAIN[meant[0]]} meant?")
        if _depth(extra[name]) > _DEEPEST:
            raise RequestError(f"{name} is nested more than {_DEEPEST} levels deep, and could not be read back")
    return extra


def _depth(value: Any) -> int:
    """Return how many lists and objects stand inside each other at most, without recursion."""
    level, depth = [value], 0
    while level := [inner for inner in level if isinstance(inner, (dict, list))]:
        depth += 1
        level = [item for inner in level for item in (inner.values() if isinstance(inner, dict) else inner)]
    return depth
