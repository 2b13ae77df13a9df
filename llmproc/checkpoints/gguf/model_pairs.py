"""What a GGUF file says of a model's sizes and features, from its description. No I/O, no NumPy.

Used by the writers. Scaled RoPE: other frequencies than theta's are a tensor of divisors, `rope_freqs.weight`, the form
in which llama3's scaling exists in GGUF. What the format cannot say is refused by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from llmproc.checkpoints.architectures import ARCHITECTURES
from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.gguf.pairs import ALIGNMENT, MetadataPair, number, text, whole
from llmproc.checkpoints.rope_scaling import default_frequencies
from llmproc.checkpoints.source_file import refuse


def gguf_architecture(description: ModelDescription) -> str:
    """Return the architecture that a file of this model names: files of mistral models say llama."""
    name = description.features.architecture
    return name if ARCHITECTURES[name].gguf_pairs else "llama"


def model_pairs(description: ModelDescription, name: str, file_type: int) -> Iterator[MetadataPair]:
    """Yield the pairs `general.*` and `ARCHITECTURE.*`. `file_type`: llama.cpp's number of the mix of weight types."""
    d, arch = description, gguf_architecture(description)
    yield text("general.architecture", arch)
    yield text("general.name", name)
    sizes = {
        "general.alignment": ALIGNMENT,
        "general.file_type": file_type,
        "general.quantization_version": 2,
        f"{arch}.vocab_size": d.vocab_size,
        f"{arch}.context_length": d.seq_len,
        f"{arch}.embedding_length": d.dim,
        f"{arch}.block_count": d.n_layers,
        f"{arch}.feed_forward_length": d.hidden_dim,
        f"{arch}.attention.head_count": d.n_heads,
        f"{arch}.attention.head_count_kv": d.n_kv_heads,
        f"{arch}.rope.dimension_count": d.head_dim,
    }
    if arch != "llama" or d.head_dim * d.n_heads != d.dim:
        sizes |= {f"{arch}.attention.key_length": d.head_dim, f"{arch}.attention.value_length": d.head_dim}
    window = max(d.features.windows, default=0)
    if window:
        sizes[f"{arch}.attention.sliding_window"] = window
    for key, size in sizes.items():
        yield whole(key, size)
    yield number(f"{arch}.attention.layer_norm_rms_epsilon", d.norm_eps)
    yield number(f"{arch}.rope.freq_base", d.rope_theta)


def rope_divisors(description: ModelDescription) -> tuple[float, ...]:
    """Return the values of rope_freqs.weight, (head_dim / 2,); () for frequencies that theta alone gives."""
    found = description.features.rope.inverse_frequencies
    if not found:
        return ()
    plain = default_frequencies(description.head_dim, description.rope_theta)
    return tuple(usual / scaled for usual, scaled in zip(plain, found, strict=True))


def check_gguf_features(description: ModelDescription, path: Path | str) -> None:
    """Raise CheckpointError naming a feature that a GGUF file of this architecture cannot express."""
    features = description.features
    architecture, arch = ARCHITECTURES[features.architecture], gguf_architecture(description)
    interval = architecture.no_rope_interval
    fixed = tuple(range(interval - 1, description.n_layers, interval)) if interval else ()
    if features.no_rope_layers != fixed:
        rule = f"must be {list(fixed)}: GGUF files of {arch} do not list them, every reader takes these"
        raise refuse(path, "layers without RoPE", list(features.no_rope_layers), rule)
    windows = set(features.windows)
    if windows - {0} and (len(windows) > 1 or arch != "llama"):
        rule = f"must be absent: a GGUF file of {arch} does not say for which layers a window holds"
        raise refuse(path, "sliding window", max(windows), rule)
    if features.rope.attention_factor != 1:
        rule = "must be default, linear or llama3: its factor of cos and sin has no place beside rope_freqs.weight"
        raise refuse(path, "RoPE scaling", features.rope.scaling, rule)
