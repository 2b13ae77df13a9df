"""The types a model's weights, keys and values can have: which are measured, and which is the reference.

The reference has the most exact weights there are (float32, where the file can be loaded as that) and keys and values
in float32; or it is another model with the same vocabulary. No NumPy here, and nothing is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from llmproc.checkpoints.model_file import ModelFile, open_model
from llmproc.checkpoints.weight_choice import chosen_weights, own_weights
from llmproc.checkpoints.weight_types import STORED
from llmproc.config import KV_TYPES, WEIGHT_TYPES
from llmproc.errors import UsageError

EXACT_KV = "f32"
AS_STORED = "stored"  # weights: a file of several types, or of one that `--weights` does not name
_MIXED_BITS = 16  # behind float32, and as good as halves: such a file may hold those


@dataclass(frozen=True, slots=True)
class Precision:
    """One model with weights of one type, and keys and values of one type."""

    path: Path
    weights: str
    kv_type: str

    def __str__(self) -> str:
        return f"{self.weights} weights, {self.kv_type} KV"


def loadable(model: ModelFile) -> tuple[str, ...]:
    """Return the weight types that a model can be loaded as, the most exact first; AS_STORED: each matrix as it is."""
    own = own_weights(model) or AS_STORED
    others = [kind for kind in WEIGHT_TYPES if kind != own and _converts(model, kind)]
    return tuple(sorted((own, *others), key=lambda kind: -STORED[kind].bits if kind in STORED else -_MIXED_BITS))


def _converts(model: ModelFile, kind: str) -> bool:
    try:
        chosen_weights(model, kind)
    except UsageError:
        return False
    return True


def reference_of(model: ModelFile, against: str | None) -> Precision:
    """Return the reference. UsageError for a type that the model cannot be loaded as, or another vocabulary."""
    if against is None:
        return Precision(model.path, loadable(model)[0], EXACT_KV)
    if against in WEIGHT_TYPES:
        _refuse(model, "--against", against)
        return Precision(model.path, against, EXACT_KV)
    other = open_model(Path(against))
    if other.description.vocab_size != model.description.vocab_size:
        rule = f"has {other.description.vocab_size} tokens, {model.path} has {model.description.vocab_size}"
        raise UsageError(f"--against is {against}: must have the same vocabulary, and {rule}")
    return Precision(other.path, loadable(other)[0], EXACT_KV)


def measured_precisions(
    model: ModelFile, reference: Precision, weights: Sequence[str], kv_types: Sequence[str]
) -> list[Precision]:
    """Return what is measured, the reference first. `weights`: () for all that there are. UsageError as above."""
    for kind in weights:
        _refuse(model, "--weights", kind)
    return [reference, *(found for found in _all(model, weights, kv_types) if found != reference)]


def _all(model: ModelFile, weights: Sequence[str], kv_types: Sequence[str]) -> Iterator[Precision]:
    for kind in weights or loadable(model):
        for kv_type in sorted(kv_types, key=KV_TYPES.index, reverse=True):
            yield Precision(model.path, kind, kv_type)


def _refuse(model: ModelFile, option: str, kind: str) -> None:
    if kind not in (known := loadable(model)):
        raise UsageError(f"{option} is {kind}: {model.path} can be loaded as {', '.join(known)}")
