"""Random checkpoints in the shape of real models, so that benchmarks and tests run offline.

Used by `llmproc synth`, bench and tests. The weights are random and say so in the name: such a model speaks
nonsense at the true cost. Written piece by piece: a 1.3 GB file needs a few megabytes of memory.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.llama2c.layout import LAYOUTS, Layout, TensorSpan
from llmproc.checkpoints.llama2c.writer import Progress, write_chunks
from llmproc.checkpoints.synth_shapes import synthetic_model
from llmproc.checkpoints.tensors import MATRICES
from llmproc.errors import UsageError

_PIECE = 1 << 20  # values generated at once
_INT8_STD = math.sqrt((255**2 - 1) / 12)  # of the integers -127..127, all equally likely


def _shape(
    dim: int, hidden_dim: int, layers: int, heads: int, kv_heads: int, vocab: int, seq_len: int, group: int = 64
) -> ModelDescription:
    return ModelDescription(
        dim=dim,
        hidden_dim=hidden_dim,
        n_layers=layers,
        n_heads=heads,
        n_kv_heads=kv_heads,
        vocab_size=vocab,
        seq_len=seq_len,
        head_dim=dim // heads,
        shared_classifier=True,
        weight_type="int8",
        group_size=group,
    )


# "like": these two also have biases, another rope theta or longer contexts, which the format cannot hold or a
# measurement does not want; sizes and therefore costs are theirs.
SHAPES: dict[str, ModelDescription] = {
    "smollm-135m": _shape(576, 1536, 30, 9, 3, 49152, 2048),
    "llama-3.2-1b-like": _shape(2048, 8192, 16, 32, 8, 128256, 8192),
    "qwen2.5-0.5b-like": _shape(896, 4864, 24, 14, 2, 151936, 8192),
    "tiny": _shape(64, 192, 2, 4, 2, 512, 256),
}


def write_synthetic(
    path: Path | str,
    shape: str | ModelDescription,
    seed: int,
    layout: Layout = "version 2",
    progress: Progress | None = None,
) -> ModelDescription:
    """Write random weights in `shape` (a name in SHAPES, or a description) and return what the file describes.

    Matrices have standard deviation 1/sqrt(inputs) and norms lie around 1, so activations neither vanish nor explode.
    The same seed, shape and layout give the same bytes. UsageError for an unknown shape, layout or a negative seed;
    CheckpointError when the file cannot be written.
    """
    if isinstance(shape, str) and shape not in SHAPES:
        raise UsageError(f"--shape is {shape}: must be one of {', '.join(SHAPES)}")
    if layout not in LAYOUTS:
        raise UsageError(f"--layout is {layout}: must be one of {', '.join(LAYOUTS)}")
    if seed < 0:
        raise UsageError(f"--seed is {seed}: must not be negative")
    description = SHAPES[shape] if isinstance(shape, str) else shape
    if layout != "version 2":
        description = dataclasses.replace(description, weight_type="f32", group_size=0)
    random = np.random.default_rng(seed)
    write_chunks(path, description, layout, lambda span: _random_chunks(random, description, span), progress)
    return description


def write_synthetic_model(
    path: Path,
    shape: str,
    architecture: str | None,
    gguf: bool,
    weights: str,
    seed: int,
    progress: Progress | None = None,
) -> ModelDescription:
    """Write a GGUF file, or else a Hugging Face folder, and return what it describes.

    `shape`: a name in MODEL_SHAPES; `architecture`: one whose features the model gets, None: its own; `weights`: the
    type or mixture of types. UsageError for a name that is not known; CheckpointError when it cannot be written.
    """
    model = synthetic_model(shape, architecture, gguf)
    if gguf:
        from llmproc.checkpoints.gguf.synthetic import write_synthetic_gguf  # here: bench writes llama2.c's format only

        return write_synthetic_gguf(path, model, weights, seed, progress)
    from llmproc.checkpoints.huggingface.synthetic import write_synthetic_folder

    return write_synthetic_folder(path, model, weights, seed, progress)


def _random_chunks(
    random: np.random.Generator, description: ModelDescription, span: TensorSpan
) -> Iterator[np.ndarray]:
    count = math.prod(span.shape)
    if span.name not in MATRICES:
        yield random.uniform(0.9, 1.1, count).astype("<f4")
        return
    std = 1 / math.sqrt(span.shape[1])
    if span.scales_offset is None:
        for size in _pieces(count):
            yield (random.standard_normal(size, np.float32) * np.float32(std)).astype("<f4", copy=False)
        return
    for size in _pieces(count):
        yield random.integers(-127, 127, size, np.int8, endpoint=True)
    for size in _pieces(count // description.group_size):  # scales differ, so that a mixed-up scale changes the result
        yield random.uniform(0.8 * std / _INT8_STD, 1.2 * std / _INT8_STD, size).astype("<f4")


def _pieces(count: int) -> Iterator[int]:
    for start in range(0, count, _PIECE):
        yield min(_PIECE, count - start)
