"""Two results of one experiment beside each other, arm by arm. Pure text; used by `experiment compare`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmproc.errors import UsageError
from llmproc.report.figures_text import shown
from llmproc.report.markdown import table

_FIGURES = (
    ("tokens_per_second", "tokens/s", 1.0), ("latency_s", "latency ms", 1e3), ("ttft_s", "TTFT ms", 1e3),
    ("itl_s", "ITL ms", 1e3),
)  # fmt: skip


def comparison(one: Mapping[str, Any], other: Mapping[str, Any], first: str, second: str) -> str:
    """Return a table: means, the second over the first, and whether their intervals lie apart. UsageError."""
    if one["experiment"] != other["experiment"]:
        raise UsageError(
            f"{second} is a result of {other['experiment']}: {first} is one of {one['experiment']}, arms do not compare"
        )
    theirs = {arm["arm"]: arm for arm in other["summary"]["arms"]}
    rows = []
    for arm in one["summary"]["arms"]:
        for name, title, scale in _FIGURES:
            a, b = arm[name], theirs.get(arm["arm"], {}).get(name)
            if a is not None and b is not None and a["mean"]:
                both = [shown(each["mean"] * scale) for each in (a, b)]
                rows.append([arm["arm"], title, *both, f"{b['mean'] / a['mean']:.3f}", _apart(a, b)])
    lines = [f"first: {first}, {_of(one)}", f"second: {second}, {_of(other)}"]
    lines += [f"only in one of them: {name}" for name in sorted(_names(one) ^ _names(other))]
    lines += _differences(one["config"], other["config"])
    head = ["arm", "figure", "first", "second", "second / first", "intervals"]
    return "\n".join(lines) + "\n\n" + (table(head, rows, right={2, 3, 4}) or "no arm is in both of them\n")


def _names(document: Mapping[str, Any]) -> set[str]:
    return {arm["arm"] for arm in document["summary"]["arms"]}


def _of(document: Mapping[str, Any]) -> str:
    simulated = ", SIMULATED" if document["simulated"] else ""
    return f"{document['started']}, {document['system']['machine']['cpu']}{simulated}"


def _differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return a line for each option that differs: what is compared may not be what one meant to compare."""
    found = []
    for name in dict.fromkeys([*one, *other]):
        a, b = one.get(name), other.get(name)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            found += _differences(a, b)
        elif a != b:
            found.append(f"differs: {name} is {a!r:.60} in the first, {b!r:.60} in the second")
    return found


def _apart(a: Mapping[str, Any], b: Mapping[str, Any]) -> str:
    if a["low"] is None or b["low"] is None:
        return "-"
    return "apart" if a["high"] < b["low"] or b["high"] < a["low"] else "overlap"
