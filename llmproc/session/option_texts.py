"""Sampling options as a person or a file writes them: words in, values for `SamplingParams` out, and back.

    top_k 40   temperature 0.2   ignore_eos on   logprobs 5 | off   stop <text> | "\\n" | ["a", "b"]
    logit_bias 15=-100,7=2.5 | {"15": -100}

Used by the prompt loop's /set, by flags, by rows of batch files and by saved conversations. What a value may be is
judged by `SamplingParams`; here only whether the words can be one. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from llmproc.config import SamplingParams
from llmproc.errors import UsageError

NUMBERS = (
    "temperature", "top_p", "min_p", "presence_penalty", "frequency_penalty", "repetition_penalty",
)  # fmt: skip
WHOLE_NUMBERS = ("max_tokens", "seed", "top_k", "logprobs", "min_tokens", "n")
NAMES = tuple(field.name for field in fields(SamplingParams))
ALWAYS_SHOWN = ("temperature", "top_p", "max_tokens", "seed")
_DEFAULTS = SamplingParams()
_SWITCH = {"on": True, "true": True, "off": False, "false": False}


def value_of(name: str, text: str) -> Any:
    """Return the value that `text` is for the option `name`; an empty text is none of a list. UsageError."""
    if name == "stop":
        return stops_of(text)
    if name == "json_schema":
        return text
    if name == "logit_bias":
        return biases_of(text)
    if name == "ignore_eos":
        if text.lower() not in _SWITCH:
            raise UsageError(f"ignore_eos is {text or 'empty'}: must be on or off")
        return _SWITCH[text.lower()]
    if name == "logprobs" and text.lower() in ("", "off"):
        return None
    return _number(name, text)


def _number(name: str, text: str) -> float | int:
    kind, rule = (float, "a number") if name in NUMBERS else (int, "a whole number")
    try:
        return kind(text)
    except ValueError:
        raise UsageError(f"{name} is {text or 'missing'}: must be {rule}") from None


def stops_of(text: str) -> list[str]:
    """Return the stop texts in a text: a JSON text or list of texts if it is one, else the text itself; "" is none."""
    found = _json(text) if text[:1] in ("[", '"') else None
    if isinstance(found, list) and all(isinstance(each, str) for each in found):
        return found
    stop = found if isinstance(found, str) else text
    return [stop] if stop else []


def biases_of(text: str) -> dict[int, float]:
    """Return what `15=-100,7=2.5` or a JSON object adds to the logits of tokens; "" is none. UsageError."""
    if text.lstrip().startswith("{"):
        found = _json(text)
        if isinstance(found, dict):
            return biases_by_token(found)
    else:
        try:
            pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
            return {int(token): float(value) for token, _, value in pairs}
        except ValueError:
            pass
    raise UsageError(f"logit_bias is {text[:80]}: must look like 15=-100,7=2.5 or {{'15': -100}}".replace("'", '"'))


def biases_by_token(given: Mapping[str, Any]) -> dict[int, Any]:
    """Return the biases in a JSON object, whose names are tokens. UsageError for a name that is none."""
    for token in given:
        if not (token.isascii() and token.isdecimal() and len(token) < 12):
            raise UsageError(f"logit_bias is for {token!r:.40}: must be for a token's number")
    return {int(token): value for token, value in given.items()}


def other_options(sampling: SamplingParams) -> dict[str, Any]:
    """Return the options beside temperature, top_p, max_tokens and seed that differ from their defaults, as JSON."""
    found = {name: getattr(sampling, name) for name in NAMES if name not in ALWAYS_SHOWN}
    found = {name: value for name, value in found.items() if value != getattr(_DEFAULTS, name)}
    if "logit_bias" in found:
        found["logit_bias"] = {str(token): value for token, value in sampling.logit_bias}
    if "stop" in found:
        found["stop"] = list(sampling.stop)
    return found


def default_of(name: str) -> Any:
    """Return the default of an option; None for an unknown one."""
    return getattr(_DEFAULTS, name, None)


def with_options(sampling: SamplingParams, options: Mapping[str, Any]) -> SamplingParams:
    """Return the options with those of a JSON object, as `other_options` writes it. UsageError for an unknown one."""
    values = dict(options)
    for name in values:
        if name not in NAMES:
            raise UsageError(f"{name!r:.40} is unknown: must be one of {', '.join(NAMES)}")
    if isinstance(values.get("logit_bias"), Mapping):
        values["logit_bias"] = biases_by_token(values["logit_bias"])
    return sampling.changed(**values)


def option_text(name: str, value: Any) -> str:
    """Return the value of an option on one line, as `value_of` reads it."""
    if value is None or value is False:
        return "off"
    if value is True:
        return "on"
    if name == "logit_bias":
        pairs = value.items() if isinstance(value, Mapping) else value
        return ",".join(f"{token}={bias!r}".removesuffix(".0") for token, bias in pairs)
    if name == "stop":
        return "" if not value else _shown(list(value) if len(value) > 1 else value[0])
    return str(value)


def _shown(value: Any) -> str:
    import json  # here and below: most starts need none

    return json.dumps(value, ensure_ascii=False)


def _json(text: str) -> Any:
    """Return the value of a JSON text; None for anything else."""
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
