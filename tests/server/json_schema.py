"""The part of JSON Schema that the published document uses, as a judge of values; any other keyword is an error.

Source: JSON Schema 2020-12, Validation.
"""

from __future__ import annotations

import re
from typing import Any

NOTES = {"title", "description", "default", "examples"}  # say nothing of what is valid
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "number": (int, float),
    "boolean": (bool,), "null": (type(None),),
}  # fmt: skip


class SchemaJudge:
    """Tells whether values are valid. `schemas`: the document's components."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self._schemas = schemas

    def valid(self, value: Any, schema: dict[str, Any]) -> bool:
        return all(self._holds(value, name, rule, schema) for name, rule in schema.items() if name not in NOTES)

    def _holds(self, value: Any, name: str, rule: Any, schema: dict[str, Any]) -> bool:
        if name == "$ref":
            return self.valid(value, self._schemas[rule.removeprefix("#/components/schemas/")])
        if name == "anyOf":
            return any(self.valid(value, one) for one in rule)
        if name == "enum":
            return value in rule
        if name == "const":
            return value is rule
        if name == "type":
            return isinstance(value, TYPES[rule]) and (rule == "boolean" or not isinstance(value, bool))
        if name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
            return _in_range(value, name, rule)
        if name in ("minLength", "minItems", "minProperties"):
            return not isinstance(value, (str, list, dict)) or len(value) >= rule
        if name in ("maxLength", "maxItems", "maxProperties"):
            return not isinstance(value, (str, list, dict)) or len(value) <= rule
        if name == "pattern":
            return not isinstance(value, str) or re.search(rule, value) is not None
        return self._parts_hold(value, name, rule, schema)

    def _parts_hold(self, value: Any, name: str, rule: Any, schema: dict[str, Any]) -> bool:
        if name == "items":
            return not isinstance(value, list) or all(self.valid(item, rule) for item in value)
        if name not in ("properties", "required", "additionalProperties", "propertyNames"):
            raise AssertionError(f"a keyword that this judge does not know: {name}")
        if not isinstance(value, dict):
            return True
        if name == "required":
            return set(rule) <= value.keys()
        if name == "properties":
            return all(self.valid(value[field], one) for field, one in rule.items() if field in value)
        if name == "propertyNames":
            return all(self.valid(field, rule) for field in value)
        more = [item for field, item in value.items() if field not in schema.get("properties", {})]
        return all(self.valid(item, rule) for item in more) if isinstance(rule, dict) else rule or not more


def _in_range(value: Any, name: str, limit: float) -> bool:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return True
    return {
        "minimum": value >= limit, "maximum": value <= limit,
        "exclusiveMinimum": value > limit, "exclusiveMaximum": value < limit,
    }[name]  # fmt: skip
