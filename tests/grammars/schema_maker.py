"""JSON schemas as programs ask for them, made by chance: nested, enums, patterns, arrays, unions, references."""

from __future__ import annotations

import random
from typing import Any

_PATTERNS = (
    "^[A-Z]{2}[0-9]{3}$",
    "^(yes|no|maybe)$",
    "^[a-f0-9]{8}$",
    "^v[0-9]+\\.[0-9]+$",
    "^[a-z]{1,6}( [a-z]{1,6})?$",
)
_FORMATS = ("date", "time", "date-time", "uuid", "ipv4", "email")
_NAMES = (
    "id", "name", "kind", "items", "price", "tags", "address", "parent", "active", "created", "note", "size", "owner",
)  # fmt: skip


class SchemaMaker:
    """Makes one schema after the other from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def make(self) -> dict[str, Any]:
        """Return an object's schema, maybe with definitions that it uses."""
        chance = self._random
        schema = self._object(3)
        if chance.random() < 0.3:
            schema["$defs"] = {"node": self._object(1)}
            schema["properties"]["node"] = {"$ref": "#/$defs/node"}
            if chance.random() < 0.5:
                schema["$defs"]["node"]["properties"]["next"] = {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}
        return schema

    def _value(self, depth: int) -> dict[str, Any]:
        made = [self._text, self._number, self._choice, self._constant, self._boolean]
        if depth > 0:
            inner = depth - 1
            made += [lambda: self._array(inner), lambda: self._union(inner)]
            made += [lambda: self._object(inner), lambda: self._object(inner)]
        return self._random.choice(made)()

    def _object(self, depth: int) -> dict[str, Any]:
        chance = self._random
        names = chance.sample(_NAMES, chance.randint(1, 4))
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {name: self._value(depth) for name in names},
            "required": chance.sample(names, chance.randint(0, len(names))),
            "additionalProperties": False,
        }
        if chance.random() < 0.15:
            schema["additionalProperties"] = {"type": "integer", "minimum": 0, "maximum": 9}
        if chance.random() < 0.2:
            schema |= {"title": "A thing", "description": "made by chance"}
        return schema

    def _text(self) -> dict[str, Any]:
        chance, kind = self._random, self._random.random()
        if kind < 0.3:
            return {"type": "string", "pattern": chance.choice(_PATTERNS)}
        if kind < 0.5:
            return {"type": "string", "format": chance.choice(_FORMATS)}
        least = chance.randint(0, 4)
        return {"type": "string", "minLength": least, "maxLength": least + chance.randint(0, 12)}

    def _number(self) -> dict[str, Any]:
        chance = self._random
        least = chance.randint(-50, 50)
        most = least + chance.randint(1, 500)
        if chance.random() < 0.3:
            return {"type": "number", "minimum": least, "maximum": most}
        if chance.random() < 0.3:
            return {"type": "integer", "exclusiveMinimum": least, "exclusiveMaximum": most + 2}
        if chance.random() < 0.2:
            return {"type": "integer", "minimum": 0, "maximum": 1000, "multipleOf": chance.choice((2, 5, 7))}
        return {"type": "integer", "minimum": least, "maximum": most}

    def _choice(self) -> dict[str, Any]:
        return {"enum": self._random.sample(["red", "green", "blue", 1, 2.5, None, True, 'a "b" c', ""], 4)}

    def _constant(self) -> dict[str, Any]:
        return {"const": self._random.choice(["fixed", 7, None, [1, "two"], {"a": 1}])}

    def _boolean(self) -> dict[str, Any]:
        return {"type": ["boolean", "null"]} if self._random.random() < 0.3 else {"type": "boolean"}

    def _array(self, depth: int) -> dict[str, Any]:
        chance = self._random
        if chance.random() < 0.2:
            parts = [self._value(depth), self._value(depth)]
            return {"type": "array", "prefixItems": parts, "items": False, "minItems": 2}
        least = chance.randint(0, 2)
        return {
            "type": "array",
            "items": self._value(depth),
            "minItems": least,
            "maxItems": least + chance.randint(0, 3),
        }

    def _union(self, depth: int) -> dict[str, Any]:
        word = "anyOf" if self._random.random() < 0.8 else "oneOf"
        if word == "oneOf":
            return {"oneOf": [{"type": "string", "maxLength": 6}, {"type": "integer", "minimum": 0, "maximum": 9}]}
        return {"anyOf": [self._value(depth) for _ in range(self._random.randint(2, 3))]}
