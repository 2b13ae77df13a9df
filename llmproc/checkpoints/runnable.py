"""What the engine cannot run yet, said in one line before anything is loaded. Rules only, no I/O, no NumPy.

Every feature that a description may name and a kernel does not know stands here; so nothing wrong runs silently.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.features import Multipliers
from llmproc.checkpoints.source_file import refuse


def unsupported(description: ModelDescription) -> tuple[str, ...]:
    """Return the features of a model that the forward pass does not know yet; () when it can be run."""
    return tuple(_unsupported(description))


def check_runnable(description: ModelDescription, path: Path | str) -> None:
    """Raise CheckpointError naming all features that the forward pass does not know yet."""
    found = unsupported(description)
    if found:
        rule = "this version only runs plain Llama models: interleaved RoPE without scaling, and nothing else"
        raise refuse(path, "architecture", f"{description.features.architecture} with {', '.join(found)}", rule)


def _unsupported(description: ModelDescription) -> Iterator[str]:
    features = description.features
    if features.rope.pairs != "interleaved":
        yield f"{features.rope.pairs} RoPE"
    if features.rope.inverse_frequencies or features.rope.attention_factor != 1:
        yield f"{features.rope.scaling} RoPE scaling"
    if features.biases:
        yield f"biases ({', '.join(features.biases)})"
    if features.query_key_norm:
        yield "norms of queries and keys"
    if any(0 < window < description.seq_len for window in features.windows):
        yield "a sliding window"
    if features.no_rope_layers:
        yield "layers without RoPE"
    if features.multipliers != Multipliers():
        yield "multipliers"
