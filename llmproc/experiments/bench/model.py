"""The checkpoint under test: found, or made of random numbers in a real model's shape, and what one step of it costs.

Used by `app` and `result`. Synthetic checkpoints are kept in the user's cache, where a second run finds them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.llama2c.layout import Layout
from llmproc.checkpoints.model_file import ModelFile, open_model, stored_types
from llmproc.checkpoints.synth import SHAPES, write_synthetic
from llmproc.checkpoints.tensors import LAYER_MATRICES, MATRICES, all_tensors, matrix_shape
from llmproc.checkpoints.weight_types import FLOATS, STORED
from llmproc.errors import CheckpointError, UsageError
from llmproc.experiments.bench.work import Work
from llmproc.files.folders import user_folder
from llmproc.kernels.stored import TILES
from llmproc.simd.layout import LANES

SEED = 42
COURSE = "course"  # as --weights: a version 2 file, int8 in groups of 64 with fp32 scales


@dataclass(frozen=True, slots=True)
class Held:
    """What matrices of a GGUF file or a folder are held as: their types, and bits per weight in tiles."""

    types: tuple[str, ...]
    bits: float

    @classmethod
    def of(cls, model: ModelFile) -> Held:
        """Add up the tiles of all matrices that a step reads."""
        d, values, nbytes = model.description, 0, 0
        for name, layer, part in all_tensors(d):
            shared = name == "embedding" and not d.shared_classifier  # of that a step reads some rows only
            if name in MATRICES and part == "weight" and not shared:
                rows, columns = matrix_shape(d, name)
                values += rows * columns
                nbytes += -(-rows // LANES) * sum(TILES[model.stored_type(name, layer)].bytes_of(columns))
        return cls(tuple(sorted(stored_types(model))), 8 * nbytes / values)

    @property
    def quantised(self) -> bool:
        """Return whether products are of integers, at least some."""
        return not set(self.types) <= FLOATS


@dataclass(frozen=True, slots=True)
class BenchModel:
    """A checkpoint on disk, and what it is quantised to at load."""

    name: str
    path: Path
    description: ModelDescription
    version: str  # the file's layout
    weights: str | None  # type it is quantised to; None: its own
    synthetic: bool
    held: Held | None = None  # of a file whose matrices are run as they are stored, by GGUF's names

    @property
    def kind(self) -> str:
        """Return the type that the kernels compute with: int8, q4, f16 or f32."""
        return self.weights or self.description.weight_type

    @property
    def label(self) -> str:
        """Return the type as a table shows it: llama.cpp's names, or the file's own groups."""
        if self.held is not None:
            return " ".join(self.held.types)
        if self.weights is None and self.description.group_size:
            return f"int8 g{self.description.group_size}"
        return STORED[self.kind].label

    @property
    def peak(self) -> Literal["integer", "float"]:
        """Return which of the machine's peaks the matrix products can reach at most."""
        if self.held is not None:
            return "integer" if self.held.quantised else "float"
        return "integer" if self.kind in ("int8", "q4") else "float"

    @property
    def bits(self) -> float:
        """Return bits per weight, scales included."""
        if self.held is not None:
            return self.held.bits
        if self.weights is None and self.description.group_size:
            return 8 + 32 / self.description.group_size
        return STORED[self.kind].bits

    @property
    def layer_values(self) -> int:
        """Return how many weights the matrices of all layers have."""
        shapes = [matrix_shape(self.description, name) for name in LAYER_MATRICES]
        return self.description.n_layers * sum(rows * columns for rows, columns in shapes)

    @property
    def output_values(self) -> int:
        """Return how many weights the output layer has."""
        return self.description.vocab_size * self.description.dim

    @property
    def parameters(self) -> int:
        """Return how many parameters there are, as llama-bench counts: a shared output layer once."""
        d = self.description
        tables = self.output_values * (1 if d.shared_classifier else 2)
        return self.layer_values + tables + d.dim * (2 * d.n_layers + 1)

    @property
    def step_bytes(self) -> int:
        """Return the bytes of weights that a step reads, with any number of sequences: every matrix once."""
        return int((self.layer_values + self.output_values) * self.bits / 8)

    @property
    def size(self) -> int:
        """Return the bytes of all matrices in the type computed with, and of the fp32 norms."""
        d = self.description
        tables = self.output_values * (1 if d.shared_classifier else 2)
        return int((self.layer_values + tables) * self.bits / 8) + 4 * d.dim * (2 * d.n_layers + 1)

    def multiply_adds(self, work: Work) -> int:
        """Return the multiply-adds of the matrix products of a piece of work; attention is left out."""
        return work.amount * self.layer_values + work.outputs * self.output_values


def cache_folder() -> Path:
    """Return the folder of synthetic checkpoints: `synthetic` in the user's cache. UsageError without a home."""
    if (cache := user_folder("cache")) is None:
        raise UsageError("no home directory for synthetic checkpoints: set XDG_CACHE_HOME, or give --model")
    return cache / "synthetic"


def synthetic_model(shape: str, weights: str, progress: Callable[[int, int], None] | None = None) -> BenchModel:
    """Open random weights in a shape; they are written unless they are in the cache already."""
    layout: Layout = "version 2" if weights == COURSE else "version 1"
    path = cache_folder() / f"{shape}-{layout.replace(' ', '-')}-seed-{SEED}.bin"
    if not _holds(path, shape):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_synthetic(path, shape, SEED, layout, progress)
    quantised = None if weights in (COURSE, "f32") else weights
    return BenchModel(shape, path, open_model(path).description, layout, quantised, True)


def _holds(path: Path, shape: str) -> bool:
    wanted = SHAPES[shape]
    try:
        found = open_model(path).description
    except CheckpointError:
        return False
    sizes = ("dim", "hidden_dim", "n_layers", "n_heads", "n_kv_heads", "vocab_size", "seq_len")
    return all(getattr(found, name) == getattr(wanted, name) for name in sizes)


def given_model(path: Path, weights: str | None) -> BenchModel:
    """Open a user's file. UsageError when it cannot be quantised to `weights`; CheckpointError."""
    found = open_model(path)
    own = found.description.weight_type
    if found.format != "llama2.c":
        from llmproc.engine.loading import conversion

        _, wanted = conversion(found, weights)
        held = Held.of(found) if wanted is None else None
        return BenchModel(path.name, path, found.description, found.version, wanted, False, held)
    if weights == own:
        weights = None
    if weights is not None and own != "f32":
        raise UsageError(
            f"--weights is {weights}: {path} holds {own} already, only an fp32 checkpoint can be quantised"
        )
    return BenchModel(path.name, path, found.description, found.version, weights, False)


def refuse_peer(model: BenchModel, peer: str) -> None:
    """Raise UsageError when the peer cannot be given the same weights."""
    if model.description.group_size and model.held is None:
        held = f"int8 in groups of {model.description.group_size} with fp32 scales"
        raise UsageError(f"--peer is {peer}: {model.path.name} ({model.version}) holds {held}, no GGUF type does")


def peer_file(model: BenchModel, temporary: Path) -> Path:
    """Return where the peer's copy goes: beside a synthetic checkpoint, else into a folder that bench removes.

    A GGUF file that is run as it is, is the peer's too.
    """
    if model.held is not None and model.path.is_file():
        return model.path
    return (model.path.parent if model.synthetic else temporary) / f"{model.path.stem}-{model.kind}.gguf"
