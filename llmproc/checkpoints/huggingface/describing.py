"""A folder's config.json and the tensors of its files as a ModelDescription. Rules only: no weights are read, no NumPy.

Sizes are the tensors', types those of the headers: vocab_size and dtype in config.json are not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.features import ModelFeatures, Multipliers
from llmproc.checkpoints.huggingface.config import HuggingFaceConfig, shown_value, whole
from llmproc.checkpoints.huggingface.end_tokens import read_end_tokens
from llmproc.checkpoints.huggingface.names import IGNORED, file_name
from llmproc.checkpoints.huggingface.rope import read_rope
from llmproc.checkpoints.huggingface.safetensors import SafetensorInfo
from llmproc.checkpoints.ranges import MULTIPLIER, RANGES, check_heads
from llmproc.checkpoints.source_file import refuse
from llmproc.checkpoints.tensors import LAYER_MATRICES, all_tensors, tensor_shape
from llmproc.config import WeightType

FLOATS = ("F32", "F16", "BF16")
_LAYER_TYPES = ("full_attention", "sliding_attention")
_KEYS = {
    "dim": "hidden_size", "hidden_dim": "intermediate_size", "n_layers": "num_hidden_layers",
    "n_heads": "num_attention_heads",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Described:
    """A description, and what a user should know about how it was read, a line each."""

    description: ModelDescription
    notes: tuple[str, ...]


def describe(config: HuggingFaceConfig, tensors: Mapping[str, SafetensorInfo]) -> Described:
    """Return what the folder describes, once no rule is broken and all tensors are there. CheckpointError."""
    sizes = {field: config.needed(key, *RANGES[field]) for field, key in _KEYS.items()}
    kv_heads, head_dim = _heads(config, sizes["dim"], sizes["n_heads"])
    vocab_size = _vocabulary(config.path, tensors)
    length = config.whole("max_position_embeddings", 1, 1 << 30) or RANGES["seq_len"][1]
    rope = read_rope(config, head_dim, length)
    ends, notes = read_end_tokens(config, vocab_size)
    description = ModelDescription(
        **sizes,
        n_kv_heads=kv_heads,
        vocab_size=vocab_size,
        seq_len=min(rope.length, RANGES["seq_len"][1]),
        head_dim=head_dim,
        shared_classifier=_shared(config, tensors),
        weight_type=_weight_type(tensors),
        group_size=0,
        norm_eps=config.number("rms_norm_eps", 0, 1),
        rope_theta=rope.theta,
        end_tokens=ends,
        features=ModelFeatures(
            architecture=config.architecture.name,
            rope=rope.rope,
            biases=_biases(tensors, sizes["n_layers"]),
            query_key_norm=config.architecture.query_key_norm,
            windows=_windows(config, sizes["n_layers"]),
            no_rope_layers=_no_rope_layers(config, sizes["n_layers"]),
            multipliers=_multipliers(config),
        ),
    )
    _check_tensors(config.path, description, tensors)
    return Described(description, (*rope.notes, *notes))


def _heads(config: HuggingFaceConfig, dim: int, heads: int) -> tuple[int, int]:
    """Return how many key-value heads there are and the size of a head."""
    kv_heads = config.whole("num_key_value_heads", *RANGES["n_kv_heads"]) or heads
    head_dim = config.whole("head_dim", 1, 1 << 20)
    if head_dim is None and dim % heads:
        raise refuse(config.path, "num_attention_heads", heads, f"must divide hidden_size = {dim}")
    head_dim = head_dim or dim // heads
    check_heads(config.path, {"n_kv_heads": "num_key_value_heads", "head_dim": "head_dim"}, heads, kv_heads, head_dim)
    return kv_heads, head_dim


def _vocabulary(path: Path, tensors: Mapping[str, SafetensorInfo]) -> int:
    name = file_name("embedding", None)
    low, high = RANGES["vocab_size"]
    shape = tensors[name].shape if name in tensors else ()
    if len(shape) != 2 or not low <= shape[0] <= high:
        found = list(shape) if name in tensors else "missing"
        raise refuse(
            path.parent, f"{name}: shape", found, f"must be (vocabulary, width), a vocabulary of {low}..{high}"
        )
    return shape[0]


def _shared(config: HuggingFaceConfig, tensors: Mapping[str, SafetensorInfo]) -> bool:
    """Return whether the output layer is the embedding: only if the files hold none of its own and the flag says so."""
    name = file_name("classifier", None)
    if name in tensors:
        return False
    if not config.flag("tie_word_embeddings", config.architecture.default("tie_word_embeddings")):
        rule = "must be there, since tie_word_embeddings is false: without it an output layer would be invented"
        raise refuse(config.path.parent, name, "missing", rule)
    return True


def _weight_type(tensors: Mapping[str, SafetensorInfo]) -> WeightType:
    """Return f16 if every matrix is; else f32, which BF16 and mixtures are widened to, exactly."""
    return "f16" if {info.dtype for info in tensors.values() if len(info.shape) == 2} == {"F16"} else "f32"


def _biases(tensors: Mapping[str, SafetensorInfo], layers: int) -> tuple[str, ...]:
    """Return the matrices that have a bias in any layer, whatever the flags say: it is asked for in all of them."""
    having = (n for n in LAYER_MATRICES if any(file_name(n, layer, "bias") in tensors for layer in range(layers)))
    return tuple(sorted(having))


def _windows(config: HuggingFaceConfig, layers: int) -> tuple[int, ...]:
    """Return the sliding window of each layer, () where all layers see everything."""
    rule = config.architecture.window
    window = None if rule == "never" else config.whole("sliding_window", 1, 1 << 31)
    if window is None or (rule != "always" and not config.flag("use_sliding_window", False)):
        return ()
    if rule == "always":
        return (window,) * layers
    kinds = config.values.get("layer_types")
    if kinds is None:
        sliding = _sliding(config, layers)
    elif isinstance(kinds, list) and len(kinds) == layers and all(kind in _LAYER_TYPES for kind in kinds):
        sliding = [kind == "sliding_attention" for kind in kinds]
    else:
        expected = f"must be full_attention or sliding_attention for each of {layers} layers"
        raise refuse(config.path, "layer_types", shown_value(kinds), expected)
    return tuple(window if slides else 0 for slides in sliding) if any(sliding) else ()


def _sliding(config: HuggingFaceConfig, layers: int) -> list[bool]:
    """Return which layers have the window where layer_types does not say it."""
    if config.architecture.window == "without rope":
        plain = set(_no_rope_layers(config, layers))
        return [layer in plain for layer in range(layers)]
    first = whole(config.path, "max_window_layers", config.values.get("max_window_layers", 28), 0, 1 << 20)
    return [layer >= first for layer in range(layers)]


def _no_rope_layers(config: HuggingFaceConfig, layers: int) -> tuple[int, ...]:
    """Return the layers without RoPE: in no_rope_layers 1 means with, 0 without."""
    if not config.architecture.no_rope_interval:
        return ()
    listed = config.values.get("no_rope_layers")
    if listed is None:
        value = config.values.get("no_rope_layer_interval", config.architecture.no_rope_interval)
        interval = whole(config.path, "no_rope_layer_interval", value, 1, 1 << 20)
        return tuple(range(interval - 1, layers, interval))
    if not isinstance(listed, list) or len(listed) < layers or not all(type(n) in (int, bool) for n in listed):
        raise refuse(config.path, "no_rope_layers", shown_value(listed), f"must be 0 or 1 for each of {layers} layers")
    return tuple(layer for layer in range(layers) if not listed[layer])


def _multipliers(config: HuggingFaceConfig) -> Multipliers:
    """Return what the model's numbers are multiplied by; logits_scaling is what logits are divided by."""
    if not config.architecture.multipliers:
        return Multipliers()
    names = ("embedding_multiplier", "residual_multiplier", "attention_multiplier", "logits_scaling")
    embedding, residual, attention, scaling = (config.number(name, *MULTIPLIER) for name in names)
    return Multipliers(embedding, residual, attention, 1 / scaling)


def _check_tensors(path: Path, description: ModelDescription, tensors: Mapping[str, SafetensorInfo]) -> None:
    """Check that all tensors are there in their shapes and types, and no other that would change the arithmetic."""
    folder, architecture = path.parent, description.features.architecture
    left = {name for name in tensors if not IGNORED.fullmatch(name)}
    for ours, layer, part in all_tensors(description):
        name = file_name(ours, layer, part)
        if name not in left:
            raise refuse(folder, name, "missing", f"must be there in architecture {architecture}")
        left.remove(name)
        info = tensors[name]
        shape = tensor_shape(description, ours)[:1] if part == "bias" else tensor_shape(description, ours)
        if info.shape != shape:
            raise refuse(folder, f"{name}: shape", list(info.shape), f"must be {list(shape)} by {path.name}")
        if info.dtype not in FLOATS:
            raise refuse(folder, f"{name}: dtype", info.dtype, f"must be one of {', '.join(FLOATS)}")
    if left:
        rule = f"must not be in a folder of architecture {architecture}: it would change the result"
        raise refuse(folder, "tensor", min(left), rule)
