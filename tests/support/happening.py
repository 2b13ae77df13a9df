"""Events of a service by name, with only the fields that a test cares about."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from llmproc.monitor.events import Event, Moment, kind_of

KINDS = {kind_of(found): found for found in [*Event.__subclasses__(), *Moment.__subclasses__()]}
_FILLERS: dict[object, object] = {"int": 0, "float": 0.0, "str": "", "bool": False, "int | None": 0}
_FILLERS |= {"tuple[int, ...]": (), "tuple[str, ...]": ()}


def happened(kind: str, **fields: Any) -> Event:
    """An event of that kind, of those fields that it has; a ring that is not given is the worker's own."""
    found: dict[str, Any] = {}
    for field in structs.fields(KINDS[kind]):
        if field.name in fields:
            found[field.name] = fields[field.name]
        elif field.required:
            found[field.name] = fields.get("worker", 0) if field.name == "ring" else _FILLERS[_name(field.type)]
    return KINDS[kind](**found)


def _name(kind: object) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)
