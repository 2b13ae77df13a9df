"""The table of a measurement, as it is printed: every column, small numbers, another model as the reference."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from llmproc.apps.perplexity.table import render


def estimate(value: float, error: float) -> dict[str, float]:
    return {"value": value, "error": error}


def compared(divergence: float) -> dict[str, Any]:
    return {
        "perplexity": estimate(12.5, 0.25),
        "ln_ratio": estimate(0.0012346, 0.0004),
        "divergence": estimate(divergence, divergence / 10),
        "divergence_largest": divergence * 20,
        "same_top": estimate(0.975, 0.005),
    }


RESULT: dict[str, Any] = {
    "windows": {"read": 4, "scored": 255, "in_text": 9, "context": 512},
    "model": {"path": "m.gguf"},
    "text": {"path": "t.txt"},
    "reference": {"path": "m.gguf", "weights": "f32", "kv_type": "f32"},
    "settings": [
        {
            "path": "m.gguf", "weights": "f32", "kv_type": "f32", "weight_bytes": 3 << 20, "reference": True,
            "figures": {"perplexity": estimate(12.48765, 0.25)},
        },
        {
            "path": "m.gguf", "weights": "q4", "kv_type": "f16", "weight_bytes": 1 << 19, "reference": False,
            "figures": compared(0.025),
        },
    ],
    "warnings": [],
}  # fmt: skip
EXPECTED = """\
| weights | KV  | MiB |       perplexity |            ln ratio |          divergence |  largest |       same top |
|---------|-----|----:|-----------------:|--------------------:|--------------------:|---------:|---------------:|
| f32     | f32 | 3.0 | 12.4877 ± 0.2500 |           reference |                     |          |                |
| q4      | f16 | 0.5 | 12.5000 ± 0.2500 | 0.001235 ± 0.000400 | 0.025000 ± 0.002500 | 0.500000 | 97.50 ± 0.50 % |

- m.gguf, t.txt: 1020 tokens scored, in 4 of 9 windows of 512; ± one standard error.
- Compared with f32 weights and f32 KV of m.gguf: ln ratio of perplexities; Kullback-Leibler divergence in nats, its \
mean and the largest of a token; share of tokens whose likeliest next token is the same.
"""


def cells(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]


def test_the_whole_text() -> None:
    assert render(RESULT) == EXPECTED


def test_columns_are_aligned() -> None:
    lines = [line for line in render(RESULT).splitlines() if line.startswith("|")]
    assert len({len(line) for line in lines}) == 1
    assert all(line.index("|", 1) == lines[0].index("|", 1) for line in lines)


@pytest.mark.parametrize(("value", "shown"), [(0.0123, "0.012300"), (1e-4, "0.000100"), (2.34e-7, "2.3e-07")])
def test_small_divergences_keep_their_digits(value: float, shown: str) -> None:
    result = copy.deepcopy(RESULT)
    result["settings"][1]["figures"] = compared(value)
    assert f"| {shown} ± " in render(result)


def test_a_reference_of_another_file_is_named() -> None:
    result = copy.deepcopy(RESULT)
    result["settings"][0]["path"] = result["reference"]["path"] = "big.gguf"
    found = cells(render(result))
    assert found[2][0] == "f32, big.gguf" and found[3][0] == "q4"


def test_warnings_stand_below() -> None:
    found = render({**RESULT, "warnings": ["stopped after 4 of 9 windows: the figures are of these"]})
    assert found.endswith("- WARNING: stopped after 4 of 9 windows: the figures are of these.\n")
