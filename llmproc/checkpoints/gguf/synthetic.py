"""A GGUF file in the shape of a real model, with random weights of any type or mixture, and a tokenizer that works.

Used by `llmproc synth`. Weights are written as they are made: a file of 6.6 GB needs a few megabytes of memory.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.features import ModelFeatures
from llmproc.checkpoints.gguf.container import Pieces, Progress, write_container
from llmproc.checkpoints.gguf.mixes import MIXES
from llmproc.checkpoints.gguf.model_pairs import gguf_architecture, model_pairs, rope_divisors
from llmproc.checkpoints.gguf.names import ROPE_DIVISORS
from llmproc.checkpoints.gguf.pairs import MetadataPair
from llmproc.checkpoints.gguf.planning import PlannedTensor, planned_tensors
from llmproc.checkpoints.gguf.random_blocks import RandomBlocks
from llmproc.checkpoints.gguf.token_pairs import vocabulary_pairs
from llmproc.checkpoints.synth_shapes import SynthModel
from llmproc.checkpoints.tensors import MATRICES
from llmproc.errors import UsageError
from llmproc.text.tokenizers.made_vocabulary import byte_level_vocabulary, sentencepiece_vocabulary


def write_synthetic_gguf(
    path: Path | str, model: SynthModel, weights: str, seed: int, progress: Progress | None = None
) -> ModelDescription:
    """Write random weights in the types of the mix `weights` (a name in MIXES), and return what the file describes.

    The same model, mix and seed give the same bytes. UsageError for an unknown mix; CheckpointError when the file
    cannot be written.
    """
    if weights not in MIXES:
        raise UsageError(f"--weights is {weights}: must be one of {', '.join(MIXES)} in a GGUF file")
    description, mix = _as_written(model.description), MIXES[weights]
    blocks = RandomBlocks(seed)
    pairs = [*model_pairs(description, model.name, mix.file_type), *_tokens(model)]
    tensors = list(planned_tensors(description, mix))
    write_container(path, pairs, tensors, lambda tensor: _data(description, blocks, tensor), progress)
    return description


def _as_written(description: ModelDescription) -> ModelDescription:
    """Return the description as a reader of the file finds it: in GGUF a mistral model says llama."""
    architecture = gguf_architecture(description)
    features: ModelFeatures = dataclasses.replace(description.features, architecture=architecture)
    return dataclasses.replace(description, features=features)


def _tokens(model: SynthModel) -> list[MetadataPair]:
    count = model.description.vocab_size
    if model.pre:
        made = byte_level_vocabulary(count, model.pre, adds_bos=model.pre == "llama-bpe")
    else:
        made = sentencepiece_vocabulary(count)
    return list(vocabulary_pairs(made, count))


def _data(description: ModelDescription, blocks: RandomBlocks, tensor: PlannedTensor) -> Pieces:
    if tensor.ours == ROPE_DIVISORS:
        return [np.array(rope_divisors(description), "<f4")]
    if tensor.part == "bias":
        return blocks.bias(tensor.shape)
    return blocks.matrix(tensor.type, tensor.shape) if tensor.ours in MATRICES else blocks.norm(tensor.shape)
