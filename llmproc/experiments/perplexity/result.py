"""The result of a measurement as one JSON document: everything measured, everything it was measured on. Pure.

schema        1
kind          "perplexity";  simulated: false
started       wall clock;  command: as typed
machine, conditions, warnings    as in bench's document
model         path format version architecture weights (as stored) positions vocabulary fingerprint
text          path bytes sha256 tokens (BOS counted) bos: its id, or null
options       against weights kv_types context chunks threads
method        {windows, scored, perplexity, compared, errors}: how figures were got, in words
complete      false when it was stopped: figures are of the windows that every setting had read
windows       {context, scored: positions of each, in_text, asked, read}
reference     {path, weights, kv_type}
settings      [{path, weights, kv_type, weight_bytes, reference, figures, samples}], the reference first
              figures    null when no window was read, else {perplexity, nll: {value, error}} and, but for the
                         reference, {ln_ratio, divergence, same_top: {value, error}, divergence_largest, delta_p};
                         what they are: `figures`
              samples    [{window, count, nll, nll_squares, nll_products, divergence, divergence_squares,
                         divergence_largest, same_top, difference_squares}]: sums over the window's positions, from
                         which all figures follow; products and comparisons are with the reference
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llmproc.checkpoints.model_file import ModelFile, stored_types
from llmproc.experiments.perplexity.figures import ScoreSums, comparison_of, mean_of, perplexity_of, total
from llmproc.experiments.perplexity.options import PerplexityOptions
from llmproc.experiments.perplexity.precisions import Precision
from llmproc.experiments.perplexity.windows import TextWindow

SCHEMA = 1
KIND = "perplexity"
METHOD = {
    "windows": "the ids of the whole text, cut into windows one after the other; BOS, if there is one, takes the place "
    "of each one's first id; each is read alone; what is left over is not used",
    "scored": "the ids behind positions context // 2 to context - 2 of each window",
    "perplexity": "exp of the mean of -ln p(next id), in float64 from float32 logits: as llama.cpp's perplexity tool",
    "compared": "with the reference at the same positions: Kullback-Leibler divergence sum(q ln(q / p)) in nats, q the "
    "reference's; share of positions with the same likeliest id",
    "errors": "standard errors of means over positions, as if these were independent",
}
FEW = 100  # positions below which figures are doubtful


@dataclass(frozen=True, slots=True)
class TextFacts:
    """The text as it was read: its bytes, its tokens with BOS, and BOS."""

    data: bytes
    tokens: int
    bos: int | None


@dataclass
class WindowSamples:
    """The sums of every window that all precisions have read, by precision, the reference first."""

    rows: list[list[ScoreSums]] = field(default_factory=list)  # (windows, precisions)
    stopped: bool = False


def document(
    model: ModelFile,
    options: PerplexityOptions,
    context: int,
    text: TextFacts,
    windows: Sequence[TextWindow],
    precisions: Sequence[Precision],
    sizes: Sequence[int],
    samples: WindowSamples,
    surroundings: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the whole document. `sizes`: bytes of each precision's weights; `surroundings`: as it begins."""
    read = len(samples.rows)
    scored = len(windows[0].scored)
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "simulated": False,
        **surroundings,
        "warnings": [*surroundings["warnings"], *warnings(read, len(windows), read * scored)],
        "model": model_block(model),
        "text": text_block(text, options.text),
        "options": options_block(options, context),
        "method": METHOD,
        "complete": not samples.stopped,
        "windows": {
            "context": context,
            "scored": scored,
            "in_text": text.tokens // context,
            "asked": len(windows),
            "read": read,
        },
        "reference": _named(precisions[0]),
        "settings": [
            _setting(number, precision, sizes[number], samples.rows) for number, precision in enumerate(precisions)
        ],
    }


def model_block(model: ModelFile) -> dict[str, Any]:
    """Return `model` of the document. CheckpointError when the file cannot be read any more."""
    d = model.description
    return {
        "path": str(model.path),
        "format": model.format,
        "version": model.version,
        "architecture": d.features.architecture,
        "weights": sorted(stored_types(model)),
        "positions": d.seq_len,
        "vocabulary": d.vocab_size,
        "fingerprint": model.fingerprint(),
    }


def text_block(text: TextFacts, path: Path) -> dict[str, Any]:
    """Return `text` of the document."""
    digest = hashlib.sha256(text.data).hexdigest()
    return {"path": str(path), "bytes": len(text.data), "sha256": digest, "tokens": text.tokens, "bos": text.bos}


def options_block(options: PerplexityOptions, context: int) -> dict[str, Any]:
    """Return `options` of the document."""
    return {
        "against": options.against,
        "weights": list(options.weights),
        "kv_types": list(options.kv_types),
        "context": context,
        "chunks": options.chunks,
        "threads": options.threads,
    }


def warnings(read: int, asked: int, positions: int) -> list[str]:
    """Return what makes the figures doubtful, in sentences."""
    found = []
    if read < asked:
        found.append(f"stopped after {read} of {asked} windows: the figures are of these")
    if 0 < positions < FEW:
        found.append(f"only {positions} tokens were scored: more text makes the figures surer")
    return found


def _named(precision: Precision) -> dict[str, Any]:
    return {"path": str(precision.path), "weights": precision.weights, "kv_type": precision.kv_type}


def _setting(number: int, precision: Precision, size: int, rows: Sequence[Sequence[ScoreSums]]) -> dict[str, Any]:
    samples = [{"window": window, **row[number].as_dict()} for window, row in enumerate(rows)]
    figures = _figures(total(row[number] for row in rows), total(row[0] for row in rows), number == 0) if rows else None
    return {
        **_named(precision),
        "weight_bytes": size,
        "reference": number == 0,
        "figures": figures,
        "samples": samples,
    }


def _figures(sums: ScoreSums, reference: ScoreSums, is_reference: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "perplexity": perplexity_of(sums).as_dict(),
        "nll": mean_of(sums.count, sums.nll, sums.nll_squares).as_dict(),
    }
    return found if is_reference else found | comparison_of(sums, reference)
