"""A Hugging Face folder in the shape of a real model, with random weights and a tokenizer that works.

Used by `llmproc synth`. Weights are written as they are made; the folder takes its name when all of it is there.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy.typing as npt

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.gguf.random_blocks import RandomBlocks
from llmproc.checkpoints.gguf.tensor_types import TYPES_BY_NAME
from llmproc.checkpoints.huggingface.config_writer import config_json, generation_json
from llmproc.checkpoints.huggingface.names import file_name
from llmproc.checkpoints.huggingface.safetensors_writer import Progress, SafetensorPlan, write_safetensors
from llmproc.checkpoints.source_file import refuse
from llmproc.checkpoints.synth_shapes import SynthModel
from llmproc.checkpoints.tensors import MATRICES, all_tensors, tensor_shape
from llmproc.errors import UsageError
from llmproc.text.tokenizers.made_vocabulary import byte_level_vocabulary
from llmproc.text.tokenizers.tokenizer_json_writer import folder_files

FOLDER_WEIGHTS = {"f32": "F32", "f16": "F16", "bf16": "BF16"}
_ENDS = (2, 0)  # <|im_end|> and <|endoftext|>
_PRE = "tekken"  # of models whose GGUF files have a SentencePiece vocabulary


def write_synthetic_folder(
    path: Path, model: SynthModel, weights: str, seed: int, progress: Progress | None = None
) -> ModelDescription:
    """Write a folder with random weights of the type `weights` and return what it describes.

    The same model, type and seed give the same bytes. UsageError for an unknown type; CheckpointError for a folder that
    is there and not empty, or one that cannot be written.
    """
    if weights not in FOLDER_WEIGHTS:
        raise UsageError(f"--weights is {weights}: must be one of {', '.join(FOLDER_WEIGHTS)} in a folder")
    if os.path.lexists(path) and not (path.is_dir() and not any(path.iterdir())):
        raise refuse(path, "folder", "there", "must be absent or an empty folder, to be written")
    description = dataclasses.replace(model.description, end_tokens=_ENDS)
    building = path.parent / f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}.tmp"
    try:
        building.mkdir()
        _fill(building, dataclasses.replace(model, description=description), FOLDER_WEIGHTS[weights], seed, progress)
        building.rename(path)  # takes the place of an empty folder too
    except OSError as error:
        raise refuse(path, "folder", f"unwritable ({os.strerror(error.errno or 0)})", "must be writable") from None
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return description


def _fill(folder: Path, model: SynthModel, dtype: str, seed: int, progress: Progress | None) -> None:
    d, blocks = model.description, RandomBlocks(seed)
    vocabulary = byte_level_vocabulary(d.vocab_size, model.pre or _PRE, adds_bos=model.pre in ("llama-bpe", ""))
    bos = vocabulary.named["bos"] if vocabulary.add_bos else None
    files = folder_files(vocabulary)
    files["config.json"] = _packed(config_json(d, model.scaling, dtype, bos))
    files["generation_config.json"] = _packed(generation_json(d, bos))
    for name, content in files.items():
        (folder / name).write_bytes(content)
    write_safetensors(
        folder / "model.safetensors", list(_plan(d, dtype)), lambda plan: _data(blocks, dtype, plan), progress
    )


def _plan(description: ModelDescription, dtype: str) -> Iterator[SafetensorPlan]:
    for ours, layer, part in all_tensors(description):
        shape = tensor_shape(description, ours)
        yield SafetensorPlan(ours, part, file_name(ours, layer, part), dtype, shape[:1] if part == "bias" else shape)


def _data(blocks: RandomBlocks, dtype: str, plan: SafetensorPlan) -> Iterator[npt.NDArray[Any]]:
    kind = TYPES_BY_NAME[dtype]
    if plan.part == "bias":
        return blocks.vector(kind, plan.shape, 0.0)
    return blocks.matrix(kind, plan.shape) if plan.ours in MATRICES else blocks.vector(kind, plan.shape, 1.0)


def _packed(content: dict[str, Any]) -> bytes:
    return json.dumps(content, indent=2).encode() + b"\n"
