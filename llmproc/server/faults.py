"""What is wrong with a JSON value, in words of our own: the field, its value, and the rule that its type sets.

msgspec refuses a body at once, but words it in its own way, which changes with its versions. So a body that it refused
is looked at once more, by the same types: what they allow is said by `describe`, or by the type itself, in
`Meta(extra={"rule": "must ..."})`. Used by `validating`. Pure.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from msgspec import inspect

_SHOWN = 60  # characters of a value or name
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,59}")


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken rule. `code`: OpenAI's word for its kind."""

    path: str  # such as messages[0].role; "" for the whole body
    problem: str  # continues a sentence that begins with the path
    code: str

    def __str__(self) -> str:
        return f"{self.path or 'the body'} {self.problem}"


def first_fault(value: Any, kind: inspect.Type, path: str = "") -> Fault | None:
    """Return the first rule of `kind` that plain JSON data breaks; None for data that msgspec takes."""
    return next(_faults(value, kind, path), None)


def describe(kind: inspect.Type) -> str:
    """Return what a type allows, such as `a whole number from 1 to 128`; that null may stand there is left out."""
    kind = _bare(kind)
    if isinstance(kind, inspect.UnionType):
        allowed = (describe(one) for one in kind.types if not isinstance(one, inspect.NoneType))
        return " or ".join(dict.fromkeys(allowed))
    if isinstance(kind, inspect.LiteralType):
        return " or ".join(_shown(one) for one in kind.values)
    if isinstance(kind, (inspect.IntType, inspect.FloatType)):
        whole = isinstance(kind, inspect.IntType) or kind.multiple_of == 1
        return ("a whole number" if whole else "a number") + _limits(kind)
    if isinstance(kind, (inspect.StrType, inspect.ListType, inspect.DictType)):
        if kind.max_length == 0:
            return "empty"
        return _NOUNS[type(kind)] + _lengths(kind)
    return _NOUNS.get(type(kind), "an object")


_NOUNS = {
    inspect.StrType: "a text", inspect.ListType: "a list", inspect.DictType: "an object", inspect.NoneType: "null",
    inspect.BoolType: "true or false", inspect.AnyType: "JSON",
}  # fmt: skip
_UNITS = {inspect.StrType: "characters", inspect.ListType: "items", inspect.DictType: "entries"}


def _limits(kind: inspect.IntType | inspect.FloatType) -> str:
    if kind.ge is not None and kind.le is not None:
        return f" from {kind.ge} to {kind.le}" if kind.ge != kind.le else f" that is {kind.ge}"
    found = [f" {word} {limit}" for word, limit in (("from", kind.ge), ("above", kind.gt)) if limit is not None]
    found += [f" {word} {limit}" for word, limit in (("up to", kind.le), ("below", kind.lt)) if limit is not None]
    return "".join(found)


def _lengths(kind: inspect.StrType | inspect.ListType | inspect.DictType) -> str:
    least, most, unit = kind.min_length or 0, kind.max_length, _UNITS[type(kind)]
    if most is not None:
        return f" of {least} to {most} {unit}"
    return f" of {least} or more {unit}" if least else ""


def _faults(value: Any, kind: inspect.Type, path: str) -> Iterator[Fault]:
    """Yield what is wrong, in the words that the type has for it, if it has any."""
    rule = kind.extra.get("rule") if isinstance(kind, inspect.Metadata) and kind.extra else None
    for fault in _broken(value, _bare(kind), path):
        yield replace(fault, problem=f"is {_shown(value)}: {rule}") if rule and fault.path == path else fault


def _broken(value: Any, kind: inspect.Type, path: str) -> Iterator[Fault]:
    if isinstance(kind, inspect.AnyType):
        return
    if isinstance(kind, inspect.UnionType):
        member = next((one for one in kind.types if _is_kind(value, _bare(one))), None)
        if member is not None:
            yield from _faults(value, member, path)
            return
    if not _is_kind(value, kind):
        yield Fault(path, f"is {_shown(value)}: must be {describe(kind)}", "invalid_type")
    elif not _in_range(value, kind):
        yield Fault(path, f"is {_measure(value, kind)}: must be {describe(kind)}", "invalid_value")
    elif isinstance(kind, inspect.StructType):
        yield from _struct_faults(value, kind, path)
    elif isinstance(kind, inspect.DictType):
        for name, item in value.items():
            yield from _name_faults(name, kind, path)
            yield from _faults(item, kind.value_type, _joined(path, name))
    elif isinstance(kind, inspect.ListType):
        for index, item in enumerate(value):
            yield from _faults(item, kind.item_type, f"{path}[{index}]")


def _struct_faults(value: Mapping[str, Any], kind: inspect.StructType, path: str) -> Iterator[Fault]:
    """Yield a wrong value before an unknown name, and that before a missing one, which may be the same misspelled."""
    known = {field.encode_name: field for field in kind.fields}
    for name, field in known.items():
        if name in value:
            yield from _faults(value[name], field.type, _joined(path, name))
    for name in value:
        if name not in known and kind.forbid_unknown_fields:
            yield Fault(_joined(path, name), f"is unknown here{_likely(name, known)}", "unknown_parameter")
    for name, field in known.items():
        if field.required and name not in value:
            yield Fault(_joined(path, name), "is missing", "missing_required_parameter")


def _name_faults(name: str, kind: inspect.DictType, path: str) -> Iterator[Fault]:
    names = _bare(kind.key_type)
    if isinstance(names, inspect.StrType) and not _in_range(name, names):
        rule = f"must match {names.pattern}" if names.pattern else f"must be {describe(names)}"
        yield Fault(path, f"has the name {_shown(name)}: {rule}", "invalid_value")


def _bare(kind: inspect.Type) -> inspect.Type:
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    return kind


def _is_kind(value: Any, kind: inspect.Type) -> bool:
    """Return whether JSON's kind of value is the type's; ranges apart, but for words of a Literal."""
    if isinstance(kind, inspect.LiteralType):
        return isinstance(value, str) and value in kind.values
    return isinstance(kind, _KINDS[type(value)])


_KINDS: dict[type, tuple[type[inspect.Type], ...]] = {  # of JSON -> which types may take it
    type(None): (inspect.NoneType,),
    bool: (inspect.BoolType,),
    int: (inspect.IntType, inspect.FloatType),
    float: (inspect.FloatType,),
    str: (inspect.StrType,),
    list: (inspect.ListType,),
    dict: (inspect.DictType, inspect.StructType),
}


def _in_range(value: Any, kind: inspect.Type) -> bool:
    if isinstance(kind, (inspect.IntType, inspect.FloatType)):
        low = (kind.ge is None or value >= kind.ge) and (kind.gt is None or value > kind.gt)
        high = (kind.le is None or value <= kind.le) and (kind.lt is None or value < kind.lt)
        return low and high and (kind.multiple_of is None or value % kind.multiple_of == 0)
    if isinstance(kind, (inspect.StrType, inspect.ListType, inspect.DictType)):
        fits = (kind.min_length or 0) <= len(value) and (kind.max_length is None or len(value) <= kind.max_length)
        pattern = kind.pattern if isinstance(kind, inspect.StrType) else None
        return fits and (pattern is None or re.search(pattern, value) is not None)
    return True


def _measure(value: Any, kind: inspect.Type) -> str:
    """Return what is out of range: a number itself, the length of anything else."""
    if isinstance(kind, (inspect.IntType, inspect.FloatType)):
        return _shown(value)
    return f"{_NOUNS[type(kind)]} of {len(value)} {_UNITS[type(kind)]}"


def _shown(value: Any) -> str:
    """Return a value as one short line."""
    if isinstance(value, (list, dict)):
        return f"{'a list' if isinstance(value, list) else 'an object'} of {len(value)}"
    if isinstance(value, str):
        text = repr(value[:_SHOWN])
        return text + "..." if len(value) > _SHOWN else text
    return "null" if value is None else str(value).lower()[:_SHOWN]


def _joined(path: str, name: str) -> str:
    shown = name if _PLAIN_NAME.fullmatch(name) else _shown(name)
    return f"{path}.{shown}" if path else shown


def _likely(name: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name[:_SHOWN], known, 1)
    return f"; did you mean {close[0]}?" if close else ""
