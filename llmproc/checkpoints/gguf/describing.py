"""A GGUF file's metadata and tensors as a ModelDescription. Rules only: no weights are read, no NumPy.

Used by `model_file`. Sizes are the tensors', types too: general.file_type is not looked at.

One difference to llama.cpp is meant: it ignores a sliding window in a file of architecture llama (Mistral's), we apply
it, since the model was trained with it; the first logits that differ are those of position `window`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from llmproc.checkpoints.architectures import ARCHITECTURES, Architecture, read_architectures
from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.features import ModelFeatures, Multipliers, RotaryEmbedding
from llmproc.checkpoints.gguf.end_tokens import end_tokens
from llmproc.checkpoints.gguf.head import TensorInfo
from llmproc.checkpoints.gguf.metadata import Metadata
from llmproc.checkpoints.gguf.names import ROPE_DIVISORS, file_name
from llmproc.checkpoints.gguf.rope import read_rope
from llmproc.checkpoints.ranges import MULTIPLIER, RANGES, check_heads
from llmproc.checkpoints.source_file import refuse
from llmproc.checkpoints.tensors import LAYER_MATRICES, MATRICES, all_tensors, tensor_shape
from llmproc.checkpoints.weight_types import FLOATS
from llmproc.config import WeightType

_STORED: Mapping[str, WeightType] = {"F32": "f32", "F16": "f16", "Q8_0": "int8", "Q4_0": "q4"}


def describe(metadata: Metadata, tensors: Mapping[str, TensorInfo], divisors: tuple[float, ...]) -> ModelDescription:
    """Return what the file describes, once no rule is broken and every tensor is there in its shape. CheckpointError.

    `divisors`: the values of rope_freqs.weight, () without it.
    """
    architecture = _architecture(metadata)
    layers = _size(metadata, architecture, "block_count", "n_layers")
    biases = _biases(tensors, layers)
    found = _sized(metadata, architecture, tensors, divisors, biases)
    _check_tensors(metadata.path, found, tensors)
    return found


def _architecture(metadata: Metadata) -> Architecture:
    name = metadata.text("general.architecture")
    found = ARCHITECTURES.get(name or "")
    if found is None or found.gguf_pairs is None:
        rule = f"must be one of {read_architectures(gguf=True)}"
        raise refuse(metadata.path, "general.architecture", name or "missing", rule)
    return found


def _sized(
    metadata: Metadata,
    architecture: Architecture,
    tensors: Mapping[str, TensorInfo],
    divisors: tuple[float, ...],
    biases: tuple[str, ...],
) -> ModelDescription:
    name, path = architecture.name, metadata.path
    sizes = {
        "dim": _size(metadata, architecture, "embedding_length", "dim"),
        "hidden_dim": _size(metadata, architecture, "feed_forward_length", "hidden_dim"),
        "n_layers": _size(metadata, architecture, "block_count", "n_layers"),
        "n_heads": _size(metadata, architecture, "attention.head_count", "n_heads"),
        "vocab_size": _rows(path, tensors, file_name("embedding", None)),
        "seq_len": min(metadata.needed(f"{name}.context_length", 1, 1 << 30), RANGES["seq_len"][1]),
    }
    kv_heads = metadata.whole(f"{name}.attention.head_count_kv", *RANGES["n_kv_heads"]) or sizes["n_heads"]
    head_dim = _head_dim(metadata, name, sizes["dim"], sizes["n_heads"])
    names = {"n_kv_heads": f"{name}.attention.head_count_kv", "head_dim": f"{name}.attention.key_length"}
    check_heads(path, names, sizes["n_heads"], kv_heads, head_dim)
    theta = metadata.number(f"{name}.rope.freq_base", 1.001, 1e12) or 10000.0
    eps = metadata.number(f"{name}.attention.layer_norm_rms_epsilon", 0, 1)
    if eps is None:
        raise refuse(path, f"{name}.attention.layer_norm_rms_epsilon", "missing", "must be a floating-point number")
    kind, group = _weight_type(tensors)
    return ModelDescription(
        **sizes,
        n_kv_heads=kv_heads,
        head_dim=head_dim,
        shared_classifier=file_name("classifier", None) not in tensors,
        weight_type=kind,
        group_size=group,
        norm_eps=eps,
        rope_theta=theta,
        end_tokens=end_tokens(metadata, sizes["vocab_size"]),
        features=_features(
            metadata, architecture, sizes["n_layers"], biases,
            read_rope(metadata, architecture, head_dim, theta, sizes["seq_len"], divisors),
        ),
    )  # fmt: skip


def _features(
    metadata: Metadata, architecture: Architecture, layers: int, biases: tuple[str, ...], rope: RotaryEmbedding
) -> ModelFeatures:
    key = f"{architecture.name}.attention.sliding_window"
    window = metadata.whole(key, 0, 1 << 31) or 0
    if window and architecture.name != "llama":
        rule = f"must be absent or 0 in a file of architecture {architecture.name}, which does not say for which layers"
        raise refuse(metadata.path, key, window, rule)
    interval = architecture.no_rope_interval
    return ModelFeatures(
        architecture=architecture.name,
        rope=rope,
        biases=biases,
        query_key_norm=architecture.query_key_norm,
        windows=(window,) * layers if window else (),
        no_rope_layers=tuple(range(interval - 1, layers, interval)) if interval else (),
        multipliers=_multipliers(metadata, architecture),
    )


def _multipliers(metadata: Metadata, architecture: Architecture) -> Multipliers:
    """Return what the model's numbers are multiplied by, as llama.cpp reads it.

    0 is as good as absent, but for logit_scale, which logits are divided by: it must be there.
    """
    if not architecture.multipliers:
        return Multipliers()
    found = []
    for name in ("embedding_scale", "residual_scale", "attention.scale"):
        key = f"{architecture.name}.{name}"
        value = metadata.number(key, 0, MULTIPLIER[1]) or None
        if value is not None and value < MULTIPLIER[0]:
            raise refuse(metadata.path, key, value, f"must be 0 or at least {MULTIPLIER[0]:g}")
        found.append(value)
    embedding, residual, attention = found
    scaling = metadata.number(f"{architecture.name}.logit_scale", *MULTIPLIER)
    if scaling is None:
        raise refuse(metadata.path, f"{architecture.name}.logit_scale", "missing", "must be a floating-point number")
    return Multipliers(embedding or 1.0, residual or 1.0, attention, 1 / scaling)


def _size(metadata: Metadata, architecture: Architecture, key: str, field: str) -> int:
    return metadata.needed(f"{architecture.name}.{key}", *RANGES[field])


def _rows(path: Path, tensors: Mapping[str, TensorInfo], name: str) -> int:
    if name not in tensors or len(tensors[name].shape) != 2:
        raise refuse(path, name, "missing or of other than 2 dimensions", "must be a matrix of (vocabulary, width)")
    low, high = RANGES["vocab_size"]
    rows = tensors[name].shape[0]
    if not low <= rows <= high:
        raise refuse(path, f"{name}: rows", rows, f"must be in {low}..{high}")
    return rows


def _head_dim(metadata: Metadata, name: str, dim: int, heads: int) -> int:
    """Return the size of one head: stated, or the width shared out among the heads."""
    stated = metadata.whole(f"{name}.attention.key_length", 1, 1 << 20)
    if stated is None and dim % heads:
        raise refuse(metadata.path, f"{name}.attention.head_count", heads, f"must divide the width {dim}")
    found = stated or dim // heads
    for key in ("attention.value_length", "rope.dimension_count"):
        other = metadata.whole(f"{name}.{key}", 1, 1 << 20)
        if other is not None and other != found:
            raise refuse(metadata.path, f"{name}.{key}", other, f"must be {found}, the size of one head")
    return found


def _biases(tensors: Mapping[str, TensorInfo], layers: int) -> tuple[str, ...]:
    """Return the matrices that have a bias in any layer: `_check_tensors` asks for it in all of them."""
    having = (n for n in LAYER_MATRICES if any(file_name(n, layer, "bias") in tensors for layer in range(layers)))
    return tuple(sorted(having))


def _weight_type(tensors: Mapping[str, TensorInfo]) -> tuple[WeightType, int]:
    """Return the weight type and group of a file whose matrices are of one type that is run as it is; else float32."""
    matrices = {info.type.name for info in tensors.values() if len(info.shape) == 2}
    kind = _STORED.get(next(iter(matrices)), "f32") if len(matrices) == 1 else "f32"
    return kind, 32 if kind in ("int8", "q4") else 0


def _check_tensors(path: Path, description: ModelDescription, tensors: Mapping[str, TensorInfo]) -> None:
    """Check that all tensors are there in their shapes, and no other that would change the arithmetic."""
    left = dict(tensors)
    left.pop(ROPE_DIVISORS, None)
    for ours, layer, part in all_tensors(description):
        name = file_name(ours, layer, part)
        info = left.pop(name, None)
        if info is None:
            raise refuse(path, name, "missing", f"must be there in architecture {description.features.architecture}")
        shape = tensor_shape(description, ours)[:1] if part == "bias" else tensor_shape(description, ours)
        if info.shape != shape:
            raise refuse(path, f"{name}: shape", list(info.shape), f"must be {list(shape)}")
        if (ours not in MATRICES or part == "bias") and info.type.name not in FLOATS:
            raise refuse(path, f"{name}: type", info.type.name, f"must be one of {', '.join(sorted(FLOATS))}")
    if left:
        rule = f"must not be in a file of architecture {description.features.architecture}: it would change the result"
        raise refuse(path, "tensor", next(iter(left)), rule)
