"""The checkpoint under test: found, or made of random numbers in a real model's shape, and what one step of it costs.

Serves `app` and `result`. Synthetic checkpoints are kept in the user's cache, where a second run finds them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.llama2c.layout import Layout
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.synth import SHAPES, write_synthetic
from llmproc.checkpoints.tensors import LAYER_MATRICES, matrix_shape
from llmproc.checkpoints.weight_types import STORED
from llmproc.errors import CheckpointError, UsageError
from llmproc.experiments.bench.work import Work
from llmproc.files.folders import user_folder

SEED = 42
COURSE = "course"  # as --weights: a version 2 file, int8 in groups of 64 with fp32 scales


@dataclass(frozen=True, slots=True)
class Model:
    """A checkpoint on disk, and what it is quantised to at load."""

    name: str
    path: Path
    description: ModelDescription
    version: str  # the file's layout
    weights: str | None  # type it is quantised to; None: its own
    synthetic: bool

    @property
    def kind(self) -> str:
        """Type that the kernels compute with: int8, q4, f16 or f32."""
        return self.weights or self.description.weight_type

    @property
    def label(self) -> str:
        """For a table: llama.cpp's name of the type, or the file's own groups."""
        if self.weights is None and self.description.group_size:
            return f"int8 g{self.description.group_size}"
        return STORED[self.kind].label

    @property
    def bits(self) -> float:
        """Per weight, scales included."""
        if self.weights is None and self.description.group_size:
            return 8 + 32 / self.description.group_size
        return STORED[self.kind].bits

    @property
    def layer_values(self) -> int:
        """Weights of all layers' matrices."""
        shapes = [matrix_shape(self.description, name) for name in LAYER_MATRICES]
        return self.description.n_layers * sum(rows * columns for rows, columns in shapes)

    @property
    def output_values(self) -> int:
        """Weights of the output layer."""
        return self.description.vocab_size * self.description.dim

    @property
    def parameters(self) -> int:
        """All of them, as llama-bench counts: a shared output layer once."""
        d = self.description
        tables = self.output_values * (1 if d.shared_classifier else 2)
        return self.layer_values + tables + d.dim * (2 * d.n_layers + 1)

    @property
    def step_bytes(self) -> int:
        """Weights that a step reads, however many sequences it has: every matrix and the output layer once."""
        return int((self.layer_values + self.output_values) * self.bits / 8)

    @property
    def size(self) -> int:
        """Bytes of all matrices in the type computed with, and fp32 norms."""
        d = self.description
        tables = self.output_values * (1 if d.shared_classifier else 2)
        return int((self.layer_values + tables) * self.bits / 8) + 4 * d.dim * (2 * d.n_layers + 1)

    def multiply_adds(self, work: Work) -> int:
        """Of the matrix products of a work; attention is left out."""
        return work.amount * self.layer_values + work.outputs * self.output_values


def cache_folder() -> Path:
    """$XDG_CACHE_HOME/llmproc/synthetic, or ~/.cache/llmproc/synthetic."""
    if (cache := user_folder("cache")) is None:
        raise UsageError("there is no home directory for synthetic checkpoints: set XDG_CACHE_HOME, or give --model")
    return cache / "synthetic"


def synthetic_model(shape: str, weights: str, progress: Callable[[int, int], None] | None = None) -> Model:
    """The shape with random weights, written unless it lies in the cache already."""
    layout: Layout = "version 2" if weights == COURSE else "version 1"
    path = cache_folder() / f"{shape}-{layout.replace(' ', '-')}-seed-{SEED}.bin"
    if not _holds(path, shape):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_synthetic(path, shape, SEED, layout, progress)
    quantised = None if weights in (COURSE, "f32") else weights
    return Model(shape, path, open_model(path).description, layout, quantised, True)


def _holds(path: Path, shape: str) -> bool:
    wanted = SHAPES[shape]
    try:
        found = open_model(path).description
    except CheckpointError:
        return False
    sizes = ("dim", "hidden_dim", "n_layers", "n_heads", "n_kv_heads", "vocab_size", "seq_len")
    return all(getattr(found, name) == getattr(wanted, name) for name in sizes)


def given_model(path: Path, weights: str | None) -> Model:
    """A user's file. UsageError when it cannot be quantised to `weights`, CheckpointError when it is none."""
    found = open_model(path)
    own = found.description.weight_type
    if weights == own:
        weights = None
    if weights is not None and own != "f32":
        raise UsageError(
            f"--weights is {weights}: {path} holds {own} already, only an fp32 checkpoint can be quantised"
        )
    return Model(path.name, path, found.description, found.version, weights, False)


def refuse_peer(model: Model, peer: str) -> None:
    """UsageError when the peer cannot be given the very same weights."""
    if model.description.group_size:
        held = f"int8 in groups of {model.description.group_size} with fp32 scales"
        raise UsageError(f"--peer is {peer}: {model.path.name} ({model.version}) holds {held}, no GGUF type does")


def peer_file(model: Model, temporary: Path) -> Path:
    """Where the peer's copy belongs: beside a synthetic checkpoint, else in a folder that bench removes."""
    return (model.path.parent if model.synthetic else temporary) / f"{model.path.stem}-{model.kind}.gguf"
