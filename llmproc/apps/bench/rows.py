"""A result as CSV: one line for each test and arm, and for each limit; raw samples in the last column. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

COLUMNS = (
    "model", "type", "parameters", "bytes", "cpu", "isa", "arm", "setting", "threads", "kv_type", "test", "kind",
    "tokens", "sequences", "steps", "unit", "median", "minimum", "maximum", "iqr", "mad", "limit", "share", "peer",
    "ratio", "sample_seconds",
)  # fmt: skip


def render(result: Mapping[str, Any]) -> str:
    """Return the whole text, with the column names as its first line."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows([*_tests(result), *_limits(result)])
    return text.getvalue()


def _tests(result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for row in result["tests"]:
        share = next((share["share"] for share in row["shares"] if share["of"] == row["limit"]), "")
        ratio = next((r for r in result["ratios"] if (r["test"], r["own"]) == (row["test"], row["arm"])), None)
        yield {
            **_about(result),
            **{name: row[name] for name in ("arm", "setting", "test", "kind", "tokens", "sequences", "steps")},
            "threads": result["options"]["threads"],
            "unit": "tokens/s",
            **_summary(row),
            "limit": row["limit"] or "",
            "share": share,
            **({"peer": ratio["peer"], "ratio": ratio["ratio"]["median"]} if ratio else {}),
        }


def _limits(result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for row in result["limits"]:
        named = {"arm": "machine", "test": row["limit"], "kind": row["kind"], "threads": row["threads"]}
        yield {**_about(result), **named, "unit": row["unit"], **_summary(row)}


def _about(result: Mapping[str, Any]) -> dict[str, Any]:
    model, machine = result["model"], result["machine"]
    return {
        "model": model["name"],
        **{name: model[name] for name in ("type", "parameters", "bytes")},
        **{name: machine[name] for name in ("cpu", "isa")},
        "kv_type": result["options"]["kv_type"],
    }


def _summary(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: row["rate"][name] for name in ("median", "minimum", "maximum", "iqr", "mad")}
    return {**kept, "sample_seconds": ";".join(f"{sample['seconds']:.9f}" for sample in row["samples"])}
