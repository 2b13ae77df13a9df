"""`phases` of bench's document: the sums of a traced run beside the limits of the machine. Pure.

Used by `result`. A share can be above 1: weights of a small model come from a cache, the limit from memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llmproc.checkpoints.tensors import matrix_shape
from llmproc.experiments.bench.model import BenchModel
from llmproc.experiments.bench.work import UNITS, Work

PRODUCTS = {"qkv": ("wq", "wk", "wv"), "output": ("wo",), "gated": ("w1", "w3"), "down": ("w2",)}  # of each layer
_KV_BYTES = {"f16": 2, "f32": 4}
Traced = tuple[Work, Mapping[str, Any]]  # a work, and what `arms.traced` answered


def phases_block(
    traced: Sequence[Traced], model: BenchModel, kv_type: str, limits: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Return `phases` of the document. `limits`: kind -> its rate with the same threads; {} where none was measured."""
    return [
        {
            "test": work.name,
            "steps": found["steps"],
            "of_steps": found["of_steps"],
            "seconds": found["seconds"],
            "phases": [_phase(row, found, work, model, kv_type, limits) for row in found["phases"]],
            **{name: found[name] for name in ("ranks", "longest")},
        }
        for work, found in traced
    ]


def _phase(
    row: Mapping[str, Any], found: Mapping[str, Any], work: Work, model: BenchModel, kv_type: str,
    limits: Mapping[str, float],
) -> dict[str, Any]:  # fmt: skip
    """Return a row of a phase with what it did a second, and what share of each limit that is."""
    rates = []
    for limit, amount in phase_amounts(row["phase"], found["amounts"], work, model, kv_type).items():
        rate = amount / row["seconds"] if row["seconds"] else 0.0
        share = rate / limits[limit] if limits.get(limit) else None
        rates.append({"of": limit, "unit": UNITS[limit], "rate": rate, "share": share})
    known = [(share, rate["of"]) for rate in rates if isinstance(share := rate["share"], float)]
    return {
        **row,
        "share": row["seconds"] / found["seconds"] if found["seconds"] else 0.0,
        "rates": rates,
        "limit": max(known)[1] if known else None,
    }


def phase_amounts(
    phase: str, amounts: Mapping[str, int], work: Work, model: BenchModel, kv_type: str
) -> dict[str, float]:
    """Return kind of limit -> bytes read or multiply-adds made in all of a phase; {} where that says nothing.

    `amounts`: of the traced steps, as `arms.traced` counts them. Bytes: of weights, once a step, or of keys and values,
    once a sequence and step, where steps have one token of each sequence; else they are read more often from caches.
    """
    d, single = model.description, work.tokens == 1
    if phase == "attend":
        found = {"float": 2.0 * amounts["pairs"] * d.n_heads * d.head_dim * d.n_layers}
        nbytes = 2.0 * amounts["positions"] * d.kv_dim * _KV_BYTES[kv_type] * d.n_layers
    elif phase == "logits":
        found = {model.peak: float(amounts["outputs"] * model.output_values)}
        nbytes = amounts["steps_with_logits"] * model.output_values * model.bits / 8
    elif phase in PRODUCTS:
        shapes = [matrix_shape(d, name) for name in PRODUCTS[phase]]
        values = d.n_layers * sum(rows * columns for rows, columns in shapes)
        found = {model.peak: float(amounts["tokens"] * values)}
        nbytes = amounts["steps"] * values * model.bits / 8
    else:
        return {}
    return {"read": nbytes, **found} if single else found
