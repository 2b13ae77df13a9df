"""A model of any format written as a file of llama2.c, with its tokenizer.bin beside it.

Used by `llmproc convert`. The format holds a plain Llama model and nothing else: interleaved RoPE with theta 10000,
heads that share out the width, no bias. int8 (version 2) takes Q8_0's groups of 32 as they are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from llmproc.checkpoints.conversion.tensors import SourceTensors, source_tensors
from llmproc.checkpoints.conversion.vocabularies import vocabulary_of
from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.features import PLAIN
from llmproc.checkpoints.llama2c.layout import Layout, TensorSpan
from llmproc.checkpoints.llama2c.quantisation import quantise
from llmproc.checkpoints.llama2c.writer import Progress, write_chunks
from llmproc.checkpoints.model_file import ModelFile
from llmproc.checkpoints.source_file import refuse
from llmproc.errors import UsageError
from llmproc.text.tokenizers.bin_from_gguf import bin_entries
from llmproc.text.tokenizers.sidecar import sidecar_path, write_sidecar
from llmproc.text.tokenizers.vocabulary import write_tokenizer

LAYOUTS: dict[str, Layout] = {"q8_0": "version 2", "f32": "version 1"}
_GROUPS = (64, 32, 16, 8, 4)  # of int8 where the source has none; the largest that divides every row
_THETA, _EPS = 10000.0, 1e-5  # of llama2.c, which no file names


def write_as_llama2c(
    model: ModelFile, path: Path, weights: str | None, tokenizer: Path | None, progress: Progress | None = None
) -> tuple[str, ...]:
    """Write `model` to `path`, its tokenizer to tokenizer.bin beside it; return what a user should know, a line each.

    `weights`: q8_0 (version 2, the default) or f32 (version 1). UsageError for another type; CheckpointError naming all
    that the format cannot express, or a file that cannot be read or written; TokenizerError for a tokenizer.
    """
    if weights not in (None, *LAYOUTS):
        raise UsageError(f"--weights is {weights}: must be one of {', '.join(LAYOUTS)} with --to llama2c")
    found = model.description
    problems = list(inexpressible(found))
    if problems:
        rule = "llama2.c's format holds plain Llama models only: interleaved RoPE with theta 10000, and nothing else"
        raise refuse(model.path, "model", f"{found.features.architecture} with {', '.join(problems)}", rule)
    layout = LAYOUTS[weights or "q8_0"]
    description = _written(model, layout)
    written = vocabulary_of(model, tokenizer)
    entries = bin_entries(written.vocabulary, found.vocab_size)
    with source_tensors(model, "interleaved") as source:
        write_chunks(path, description, layout, lambda span: _chunks(source, span, description), progress)
        source.require_unchanged()
    beside = path.with_name("tokenizer.bin")
    write_tokenizer(beside, entries.pieces, entries.scores)
    write_sidecar(sidecar_path(beside), entries.sidecar, found.vocab_size)
    return (*written.notes, *entries.notes)


def inexpressible(description: ModelDescription) -> Iterator[str]:
    """Yield everything about a model that a file of llama2.c cannot say."""
    d, features = description, description.features
    if features.biases:
        yield f"biases ({', '.join(features.biases)})"
    if features.multipliers != PLAIN.multipliers:
        yield "multipliers"
    if features.query_key_norm:
        yield "norms of queries and keys"
    if features.no_rope_layers:
        yield "layers without RoPE"
    if any(0 < window < d.seq_len for window in features.windows):
        yield "a sliding window"
    if features.rope.inverse_frequencies or features.rope.attention_factor != 1:
        yield f"{features.rope.scaling} RoPE scaling"
    elif d.rope_theta != _THETA:
        yield f"RoPE theta {d.rope_theta:g}"
    if d.head_dim * d.n_heads != d.dim:
        yield f"{d.n_heads} heads of {d.head_dim} in a width of {d.dim}"
    if np.float32(d.norm_eps) != np.float32(_EPS):
        yield f"norm epsilon {d.norm_eps:g}"


def _written(model: ModelFile, layout: Layout) -> ModelDescription:
    """Return the description that the new file has."""
    d = model.description
    group = 0
    if layout == "version 2":
        group = d.group_size or next((size for size in _GROUPS if d.dim % size == d.hidden_dim % size == 0), 0)
        if not group:
            rule = f"must both be multiples of {_GROUPS[-1]} to be held as int8"
            raise refuse(model.path, "width and feed-forward width", f"{d.dim} and {d.hidden_dim}", rule)
    kind = "int8" if group else "f32"
    return dataclasses.replace(d, weight_type=kind, group_size=group, features=PLAIN, norm_eps=_EPS, end_tokens=())  # type: ignore[arg-type]  # one of the two


def _chunks(source: SourceTensors, span: TensorSpan, description: ModelDescription) -> Iterator[np.ndarray]:
    if span.scales_offset is None:
        yield source.values(span.name, span.layer).astype("<f4", copy=False)
        return
    groups = source.int8_groups(span.name, span.layer)
    if groups is None or groups.scales.shape[1] * description.group_size != span.shape[1]:
        groups = quantise(source.values(span.name, span.layer), description.group_size)
    yield groups.values
    yield groups.scales.astype("<f4", copy=False)
