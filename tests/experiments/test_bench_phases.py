"""Phases beside the machine's limits, in the document and as text: figures known by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llmproc.apps.bench import phases_table
from llmproc.checkpoints.synth import SHAPES
from llmproc.experiments.bench import result
from llmproc.experiments.bench.model import BenchModel
from llmproc.experiments.bench.phases import phase_amounts, phases_block
from llmproc.experiments.bench.work import Work

DECODE, PREFILL = Work("tg4 b2", "decode", 1, 2, 4), Work("pp512", "prefill", 512)
LIMITS = {"read": 1e9, "integer": 1e10, "float": 4e9}
AMOUNTS = {"steps": 4, "steps_with_logits": 4, "tokens": 8, "outputs": 8, "positions": 20, "pairs": 20}
LAYER = {"qkv": 576 * (576 + 2 * 192), "output": 576 * 576, "gated": 2 * 576 * 1536, "down": 576 * 1536}


def model(kind: str = "int8") -> BenchModel:
    """SmolLM-135M's shape: 30 layers, 576 wide, 9 heads of 64 and 3 for keys and values, hidden 1536, 49152 ids."""
    description = replace(SHAPES["smollm-135m"], weight_type="f32", group_size=0)
    return BenchModel("smollm-135m", Path("x.bin"), description, "version 1", None if kind == "f32" else kind, True)


def rank(number: int, **seconds: float | None) -> dict[str, Any]:
    names = ("worked", "barrier", "sleeping", "run_queue", "late", "waited_for")
    return {"rank": number, "steps": 4, "ended": 30 + 10 * number} | {f"{n}_s": seconds.get(n, 0.0) for n in names}


def traced(**changes: Any) -> dict[str, Any]:
    """What the traced arm answers for four steps of 10 ms."""
    return {
        "steps": 4, "of_steps": 6, "seconds": 0.04, "amounts": AMOUNTS,
        "phases": [
            {"phase": "embed", "count": 4, "seconds": 0.001, "worked_s": 0.0015},
            {"phase": "attend", "count": 120, "seconds": 0.004, "worked_s": 0.007},
            {"phase": "gated", "count": 120, "seconds": 0.035, "worked_s": 0.06},
        ],
        "ranks": [
            rank(0, worked=0.035, barrier=0.002, sleeping=0.001, run_queue=0.002, waited_for=0.001),
            rank(1, worked=0.0335, barrier=0.001, late=0.0005, run_queue=0.005, waited_for=0.002),
        ],
        "longest": {"seconds": 0.00125, "phase": "gated", "layer": 7, "rank": 0, "by": 1},
        **changes,
    }  # fmt: skip


def block(work: Work = DECODE, limits: dict[str, float] = LIMITS, kind: str = "int8", **changes: Any) -> dict[str, Any]:
    (found,) = json.loads(json.dumps(phases_block([(work, traced(**changes))], model(kind), "f16", limits)))
    return found  # type: ignore[no-any-return]


def row(found: dict[str, Any], phase: str) -> dict[str, Any]:
    return next(row for row in found["phases"] if row["phase"] == phase)


@pytest.mark.parametrize("phase", LAYER)
def test_a_product_reads_its_weights_once_a_step_and_multiplies_for_every_token(phase: str) -> None:
    values = 30 * LAYER[phase]
    assert phase_amounts(phase, AMOUNTS, DECODE, model(), "f16") == {
        "read": 4 * values * 8.5 / 8,
        "integer": 8 * values,
    }
    assert phase_amounts(phase, AMOUNTS, DECODE, model("f32"), "f16") == {"read": 16 * values, "float": 8 * values}
    assert phase_amounts(phase, AMOUNTS, PREFILL, model("q4"), "f16") == {"integer": 8 * values}


def test_the_output_layer_is_there_only_for_those_who_want_logits() -> None:
    amounts = {**AMOUNTS, "tokens": 512, "outputs": 1, "steps_with_logits": 1}
    values = 576 * 49152
    assert phase_amounts("logits", amounts, PREFILL, model(), "f16") == {"integer": values}
    single = phase_amounts("logits", amounts, DECODE, model(), "f16")
    assert single == {"read": values * 8.5 / 8, "integer": values}


def test_all_matrices_are_in_one_phase_each() -> None:
    assert 30 * sum(LAYER.values()) == model().layer_values
    amounts = dict.fromkeys(AMOUNTS, 1)
    read = sum(phase_amounts(phase, amounts, DECODE, model(), "f16")["read"] for phase in (*LAYER, "logits"))
    assert read == model().step_bytes


def test_attention_reads_keys_and_values_and_multiplies_with_both() -> None:
    half, whole = (phase_amounts("attend", AMOUNTS, DECODE, model(), kv_type) for kv_type in ("f16", "f32"))
    assert half == {"read": 20 * 2 * 192 * 2 * 30, "float": 20 * 2 * 576 * 30} and whole["read"] == 2 * half["read"]
    assert list(phase_amounts("attend", AMOUNTS, PREFILL, model(), "f16")) == ["float"]
    for other in ("embed", "norm", "rotate", "merge", "prepare"):
        assert phase_amounts(other, AMOUNTS, DECODE, model(), "f16") == {}


def test_rates_stand_beside_their_limits() -> None:
    gated = row(block(), "gated")
    values = 30 * LAYER["gated"]
    read, integer = gated["rates"]
    assert (read["of"], read["unit"], integer["of"]) == ("read", "bytes/s", "integer")
    assert read["rate"] == pytest.approx(4 * values * 8.5 / 8 / 0.035) and read["share"] == read["rate"] / 1e9
    assert integer["rate"] == pytest.approx(8 * values / 0.035) and integer["share"] == integer["rate"] / 1e10
    assert gated["share"] == pytest.approx(0.875) and gated["limit"] == "read"
    assert row(block(limits={**LIMITS, "integer": 1e8}), "gated")["limit"] == "integer"
    assert row(block(), "embed")["rates"] == [] and row(block(), "embed")["limit"] is None


def test_without_limits_rates_stand_alone() -> None:
    found = block(limits={})
    assert [rate["share"] for rate in row(found, "gated")["rates"]] == [None, None]
    assert row(found, "gated")["limit"] is None
    line = next(line for line in phases_table.phase_table(found).splitlines() if "gated" in line)
    assert "GB/s" in line and line.rstrip("| ").endswith("-")


def test_no_whole_step_is_said_and_divides_nothing() -> None:
    found = block(steps=0, seconds=0.0, phases=[{"phase": "embed", "count": 0, "seconds": 0.0, "worked_s": 0.0}])
    assert phases_table.phases_text(found) == "tg4 b2, traced: no whole step is left in the trace.\n"
    assert found["phases"][0]["share"] == 0


def test_the_documents_schema_names_every_field() -> None:
    found, described = block(), str(result.__doc__)
    for key in (*found, *found["phases"][0], *found["ranks"][0], *found["longest"], *row(found, "gated")["rates"][0]):
        assert key in described, key


def test_the_whole_text() -> None:
    assert phases_table.phases_text(block()) == (Path(__file__).parent / "bench_phases.md").read_text()


def test_one_rank_waits_for_none() -> None:
    text = phases_table.phases_text(block(ranks=[rank(0, worked=0.04)], longest=None))
    assert "waited" not in text and not text.endswith("\n\n")


def test_a_kernel_that_does_not_count_waiting_shows_a_dash() -> None:
    ranks = [rank(number, worked=0.03, barrier=0.01, run_queue=None) for number in range(2)]
    lines = phases_table.rank_table(block(ranks=ranks)).splitlines()
    column = [cell.strip() for cell in lines[0].split("|")].index("run queue")
    assert [line.split("|")[column].strip() for line in lines[2:]] == ["-", "-", "-"]
    assert "75.0%" in lines[-1] and "25.0%" in lines[-1]
