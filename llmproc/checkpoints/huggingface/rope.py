"""The rotary embedding that a config.json asks for, in its old form and its new one. Rules only, no I/O.

    old   "rope_theta": 5e5, "rope_scaling": {"rope_type" or "type": "llama3", "factor": 8, ...}
    new   "rope_parameters": {"rope_theta": 5e5, "rope_type": "llama3", "factor": 8, ...}

Where transformers' own versions read a file differently (both forms at once, two types, two thetas) it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llmproc.checkpoints.features import RotaryEmbedding
from llmproc.checkpoints.huggingface.config import HuggingFaceConfig, number, shown_value, whole
from llmproc.checkpoints.rope_scaling import (
    HISTORY,
    Llama3Scaling,
    YarnScaling,
    divided_frequencies,
    linear_frequencies,
    llama3_frequencies,
    longrope_attention,
    mscale,
    yarn_attention,
    yarn_frequencies,
)
from llmproc.checkpoints.source_file import refuse

READ = ("default", "linear", "llama3", "yarn", *HISTORY)
_LENGTHS = (1, 1 << 30)
_FACTORS = (1e-3, 1e6)


@dataclass(frozen=True, slots=True)
class FoundRope:
    """The rotary embedding, its theta, the positions up to which it holds, and what a user should know."""

    rope: RotaryEmbedding
    theta: float
    length: int
    notes: tuple[str, ...] = ()


def read_rope(config: HuggingFaceConfig, head_dim: int, length: int) -> FoundRope:
    """Return how queries and keys are rotated. `length`: max_position_embeddings. CheckpointError."""
    where, values = _parameters(config)
    theta = _theta(config, where, values)
    kind = _kind(config, where, values)
    notes = _partial(config, where, values, kind)
    if kind == "default":
        return FoundRope(RotaryEmbedding("half-split"), theta, length, notes)
    parameters = RopeParameters(config, where, values)
    if kind == "dynamic":
        note = f"dynamic RoPE depends on the length of the text beyond {length} positions: the context ends there"
        return FoundRope(RotaryEmbedding("half-split", kind), theta, length, (*notes, note))
    original = parameters.original_length(length)
    if kind == "longrope":
        return _longrope(parameters, head_dim, theta, length, original, notes)
    factor = parameters.number("factor", *_FACTORS)
    if kind == "linear":
        rope = RotaryEmbedding("half-split", kind, linear_frequencies(head_dim, theta, factor))
    elif kind == "llama3":
        low, high = (parameters.number(f"{which}_freq_factor", *_FACTORS) for which in ("low", "high"))
        if low >= high:
            raise refuse(config.path, f"{where}.low_freq_factor", low, f"must be below high_freq_factor = {high}")
        rope = RotaryEmbedding(
            "half-split", kind, llama3_frequencies(head_dim, theta, Llama3Scaling(factor, low, high, original))
        )
    else:
        yarn = parameters.yarn(factor, original)
        rope = RotaryEmbedding("half-split", kind, yarn_frequencies(head_dim, theta, yarn), yarn_attention(yarn))
    return FoundRope(rope, theta, length, notes)


def read_yarn(config: HuggingFaceConfig) -> YarnScaling:
    """Return the parameters of yarn, for a config.json that asks for it. CheckpointError."""
    where, values = _parameters(config)
    parameters = RopeParameters(config, where, values)
    length = config.whole("max_position_embeddings", *_LENGTHS) or 1
    return parameters.yarn(parameters.number("factor", *_FACTORS), parameters.original_length(length))


@dataclass(frozen=True, slots=True)
class RopeParameters:
    """The parameters of a scaling, by rule."""

    config: HuggingFaceConfig
    where: str
    values: Mapping[str, Any]

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """Return a number; without a default it must be there. CheckpointError."""
        value = self.values.get(key)
        return default if value is None and default is not None else self._number(key, value, low, high)

    def _number(self, key: str, value: Any, low: float, high: float) -> float:
        return number(self.config.path, f"{self.where}.{key}", value, low, high)

    def original_length(self, length: int) -> int:
        """Return the length the model was trained with: beside the parameters, else in them, else `length`."""
        key = "original_max_position_embeddings"
        if self.config.has(key):
            return whole(self.config.path, key, self.config.values[key], *_LENGTHS)
        value = self.values.get(key)
        return length if value is None else whole(self.config.path, f"{self.where}.{key}", value, *_LENGTHS)

    def attention(self) -> float | None:
        """Return the attention factor, given itself or as mscale over mscale_all_dim; None without both."""
        if self.values.get("attention_factor") is not None:
            return self.number("attention_factor", 1e-3, 1e3)
        if self.values.get("mscale") and self.values.get("mscale_all_dim"):
            factor = self.number("factor", *_FACTORS)
            first, second = (self.number(key, 1e-3, 1e3) for key in ("mscale", "mscale_all_dim"))
            return mscale(factor, first) / mscale(factor, second)
        return None

    def yarn(self, factor: float, original: int) -> YarnScaling:
        """Return the parameters of yarn. CheckpointError."""
        fast, slow = self.number("beta_fast", 1e-3, 1e6, 32.0), self.number("beta_slow", 1e-3, 1e6, 1.0)
        truncate = self.values.get("truncate", True)
        if not isinstance(truncate, bool):
            raise refuse(self.config.path, f"{self.where}.truncate", shown_value(truncate), "must be true or false")
        return YarnScaling(factor, original, fast, slow, self.attention(), truncate)


def _parameters(config: HuggingFaceConfig) -> tuple[str, Mapping[str, Any]]:
    """Return the key and the object that hold the parameters; an empty object without either."""
    new, old = (config.values.get(key) or {} for key in ("rope_parameters", "rope_scaling"))
    for key, value in (("rope_parameters", new), ("rope_scaling", old)):
        if not isinstance(value, dict):
            raise refuse(config.path, key, shown_value(value), "must be an object")
        if any(isinstance(item, dict) for item in value.values()):
            raise refuse(config.path, key, shown_value(value), "must not be keyed by layer type, which is not run")
    if new and old:
        rule = f"must be absent beside rope_parameters = {shown_value(new)}: transformers' versions differ"
        raise refuse(config.path, "rope_scaling", shown_value(old), rule)
    return ("rope_scaling", old) if old else ("rope_parameters", new)


def _theta(config: HuggingFaceConfig, where: str, values: Mapping[str, Any]) -> float:
    inner, outer = values.get("rope_theta"), config.values.get("rope_theta")
    if inner is not None and outer is not None and inner != outer:
        rule = f"must be the same as {where}.rope_theta = {shown_value(inner)}"
        raise refuse(config.path, "rope_theta", shown_value(outer), rule)
    if "rope_theta" in values:
        return number(config.path, f"{where}.rope_theta", inner, 1.001, 1e12)
    return config.number("rope_theta", 1.001, 1e12)


def _kind(config: HuggingFaceConfig, where: str, values: Mapping[str, Any]) -> str:
    kind, old = values.get("rope_type"), values.get("type")
    if kind is not None and old is not None and kind != old:
        rule = f"must be the same as {where}.rope_type = {shown_value(kind)}"
        raise refuse(config.path, f"{where}.type", shown_value(old), rule)
    found = kind or old or "default"
    if found not in READ:
        raise refuse(config.path, f"{where}.rope_type", shown_value(found), f"must be one of {', '.join(READ)}")
    return str(found)


def _partial(config: HuggingFaceConfig, where: str, values: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    """Judge partial_rotary_factor, which plain RoPE of these architectures ignores. CheckpointError."""
    found = values.get("partial_rotary_factor", config.values.get("partial_rotary_factor"))
    if found is None or found == 1:
        return ()
    if kind != "default":
        rule = f"must be absent or 1 with {where}.rope_type = {kind}"
        raise refuse(config.path, "partial_rotary_factor", shown_value(found), rule)
    return (f"partial_rotary_factor = {shown_value(found)} is ignored, as transformers does",)


def _longrope(
    parameters: RopeParameters, head_dim: int, theta: float, length: int, original: int, notes: tuple[str, ...]
) -> FoundRope:
    """Return longrope up to the original length, where its short factors hold."""
    config, where = parameters.config, parameters.where
    short = parameters.values.get("short_factor")
    if not isinstance(short, list) or original < 2:
        raise refuse(config.path, f"{where}.short_factor", shown_value(short), "must be a list of numbers")
    divisors = [number(config.path, f"{where}.short_factor", item, *_FACTORS) for item in short]
    try:
        frequencies = divided_frequencies(head_dim, theta, divisors)
    except ValueError as error:
        raise refuse(config.path, f"{where}.short_factor", f"{len(short)} values", str(error)) from None
    attention = parameters.number("attention_factor", 1e-3, 1e3, 0.0)
    if not attention:
        factor = parameters.values.get("factor")
        whole_length = length if factor is None else parameters.number("factor", *_FACTORS) * original
        attention = longrope_attention(whole_length, original)
    rope = RotaryEmbedding("half-split", "longrope", frequencies, attention)
    note = f"longrope depends on the length of the text beyond {original} positions: the context ends there"
    return FoundRope(rope, theta, min(length, original), (*notes, note) if original < length else notes)
