"""A measurement of perplexity as Markdown: a row for each setting, then what to know. Pure: document in, text out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmproc.report.markdown import table

Setting = Mapping[str, Any]
_HEAD = ["weights", "KV", "MiB", "perplexity", "ln ratio", "divergence", "largest", "same top"]


def render(result: Mapping[str, Any]) -> str:
    """Return the whole text, with a newline at its end."""
    settings = result["settings"] if result["windows"]["read"] else []
    rows = [_row(setting, result["model"]["path"]) for setting in settings]
    return "\n".join(part for part in (table(_HEAD, rows, right=set(range(2, len(_HEAD)))), notes(result)) if part)


def notes(result: Mapping[str, Any]) -> str:
    """Return what was measured on, and warnings."""
    windows, reference = result["windows"], result["reference"]
    scored = windows["read"] * windows["scored"]
    lines = [
        f"{result['model']['path']}, {result['text']['path']}: {scored} tokens scored, in {windows['read']} of "
        f"{windows['in_text']} windows of {windows['context']}; ± one standard error.",
        f"Compared with {reference['weights']} weights and {reference['kv_type']} KV of {reference['path']}: ln ratio "
        "of perplexities; Kullback-Leibler divergence in nats, its mean and the largest of a token; share of tokens "
        "whose likeliest next token is the same.",
    ]
    lines += [f"WARNING: {warning}." for warning in result["warnings"]]
    return "\n".join(f"- {line}" for line in lines) + "\n"


def _row(setting: Setting, model: str) -> list[str]:
    found = setting["figures"]
    name = setting["weights"] if setting["path"] == model else f"{setting['weights']}, {setting['path']}"
    size = f"{setting['weight_bytes'] / (1 << 20):.1f}"
    cells = [name, setting["kv_type"], size, _estimate(found["perplexity"], 4)]
    if setting["reference"]:
        return [*cells, "reference", "", "", ""]
    share = {key: 100 * value for key, value in found["same_top"].items()}
    divergence = found["divergence"]
    small = [_small(number) for number in (divergence["value"], divergence["error"], found["divergence_largest"])]
    return [
        *cells, _estimate(found["ln_ratio"], 6), f"{small[0]} ± {small[1]}", small[2], f"{_estimate(share, 2)} %"
    ]  # fmt: skip


def _small(value: float) -> str:
    return f"{value:.6f}" if abs(value) >= 1e-4 else f"{value:.1e}"


def _estimate(found: Mapping[str, float], digits: int) -> str:
    return f"{found['value']:.{digits}f} ± {found['error']:.{digits}f}"
