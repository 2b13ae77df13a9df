"""config.json: its values by rule, and what a missing key means for its model type. No weights, no NumPy.

Used by `describing` and `rope`. A missing key is never "not used": its default belongs to the model type
(`architectures`). null counts as given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmproc.checkpoints.architectures import ARCHITECTURES, Architecture, read_architectures
from llmproc.checkpoints.huggingface.json_files import read_object
from llmproc.checkpoints.source_file import refuse

CONFIG = "config.json"
CONFIG_LIMIT = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class HuggingFaceConfig:
    """A config.json of an architecture that is read; every other rule is checked when a key is asked for."""

    path: Path
    values: Mapping[str, Any]
    architecture: Architecture

    def has(self, key: str) -> bool:
        """Return whether the key is there and not null."""
        return self.values.get(key) is not None

    def value(self, key: str) -> Any:
        """Return the value of `key`, which may be null (None), or its default for this model type."""
        return self.values[key] if key in self.values else self.architecture.default(key)

    def needed(self, key: str, low: int, high: int) -> int:
        """Return a whole number that must be there. CheckpointError."""
        if key not in self.values:
            raise refuse(self.path, key, "missing", f"must be a whole number in {low}..{high}")
        return whole(self.path, key, self.values[key], low, high)

    def whole(self, key: str, low: int, high: int) -> int | None:
        """Return a whole number or None, given or by default. CheckpointError."""
        value = self.value(key)
        return None if value is None else whole(self.path, key, value, low, high)

    def number(self, key: str, low: float, high: float) -> float:
        """Return a number, given or by default. CheckpointError, for null too."""
        return number(self.path, key, self.value(key), low, high)

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false. CheckpointError for anything else."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise refuse(self.path, key, shown_value(value), "must be true or false")
        return value


def read_config(folder: Path) -> HuggingFaceConfig:
    """Read config.json of `folder`. CheckpointError when it is missing, or of an architecture that is not read."""
    path = folder / CONFIG
    values = read_object(path, CONFIG_LIMIT)
    model_type, classes = values.get("model_type"), values.get("architectures")
    known = read_architectures(gguf=False)
    if model_type is None and isinstance(classes, list) and classes:
        model_type = next((row.name for row in ARCHITECTURES.values() if row.class_name == classes[0]), classes[0])
    if not isinstance(model_type, str) or model_type not in ARCHITECTURES:
        raise refuse(path, "model_type", shown_value(model_type), f"must be one of {known}")
    if values.get("quantization_config"):
        method = values["quantization_config"]
        method = method.get("quant_method") if isinstance(method, dict) else method
        rule = "must be absent: quantised folders are not read, take the same model as GGUF or unquantised"
        raise refuse(path, "quantization_config", shown_value(method), rule)
    config = HuggingFaceConfig(path, values, ARCHITECTURES[model_type])
    if config.value("hidden_act") not in ("silu", "swish"):
        raise refuse(path, "hidden_act", shown_value(config.value("hidden_act")), "must be silu")
    return config


def whole(path: Path, key: str, value: Any, low: int, high: int) -> int:
    """Return `value` as a whole number; 64.0 counts as one. CheckpointError."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise refuse(path, key, shown_value(value), f"must be a whole number in {low}..{high}")
    return value


def number(path: Path, key: str, value: Any, low: float, high: float) -> float:
    """Return `value` as a number. CheckpointError."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise refuse(path, key, shown_value(value), f"must be a number in {low:g}..{high:g}")
    return float(value)


def shown_value(value: Any) -> str:
    """Return a JSON value as messages show it, cut to a few words."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value)[:60]
