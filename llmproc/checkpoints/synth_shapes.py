"""The shapes of real models, with the features of their architectures, for synthetic models. A table: no I/O, no NumPy.

Used by `llmproc synth` for GGUF files and Hugging Face folders; `synth` has those that llama2.c's format can hold.
Sizes are those of the published config.json of each model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from llmproc.checkpoints.architectures import ARCHITECTURES
from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.features import ModelFeatures, Pairs, RotaryEmbedding
from llmproc.checkpoints.rope_scaling import Llama3Scaling, llama3_frequencies
from llmproc.errors import UsageError

_LLAMA3 = Llama3Scaling(factor=32.0, low_frequency_factor=1.0, high_frequency_factor=4.0, original_length=8192)
_PRE = {"mistral": "", "qwen2": "qwen2", "qwen3": "qwen2", "smollm3": "llama-bpe"}  # "": SentencePiece


@dataclass(frozen=True, slots=True)
class SynthShape:
    """One model's sizes. `pre`: the pre-tokenizer of its byte-level vocabulary, "" for SentencePiece."""

    architecture: str
    dim: int
    hidden_dim: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    head_dim: int
    vocab_size: int
    seq_len: int
    tied: bool
    theta: float
    eps: float = 1e-5
    scaling: Llama3Scaling | None = None
    pre: str = "smollm"


MODEL_SHAPES: Mapping[str, SynthShape] = {
    "tiny": SynthShape("llama", 256, 512, 4, 4, 2, 64, 1024, 256, True, 10000.0),
    "smollm-135m": SynthShape("llama", 576, 1536, 30, 9, 3, 64, 49152, 2048, True, 10000.0),
    "qwen2.5-0.5b": SynthShape("qwen2", 896, 4864, 24, 14, 2, 64, 151936, 32768, True, 1e6, 1e-6),
    "llama-3.2-1b": SynthShape(
        "llama", 2048, 8192, 16, 32, 8, 64, 128256, 131072, True, 5e5, scaling=_LLAMA3, pre="llama-bpe"
    ),
    "smollm3-3b": SynthShape("smollm3", 2048, 11008, 36, 16, 4, 128, 128256, 65536, True, 5e6, 1e-6),
    "mistral-7b": SynthShape("mistral", 4096, 14336, 32, 32, 8, 128, 32768, 32768, False, 1e6),
    "qwen3-8b": SynthShape("qwen3", 4096, 12288, 36, 32, 8, 128, 151936, 40960, False, 1e6, 1e-6),
}


@dataclass(frozen=True, slots=True)
class SynthModel:
    """A model to be made of random weights. `pre`: as in SynthShape."""

    name: str
    description: ModelDescription
    pre: str
    scaling: Llama3Scaling | None


def synthetic_model(shape: str, architecture: str | None, gguf: bool) -> SynthModel:
    """Return the model of a shape in its own architecture, or with the features of another; `gguf`: as GGUF has them.

    UsageError for an unknown shape or architecture.
    """
    if shape not in MODEL_SHAPES:
        raise UsageError(f"--shape is {shape}: must be one of {', '.join(MODEL_SHAPES)} in this format")
    found = MODEL_SHAPES[shape]
    wanted = architecture or found.architecture
    if wanted not in ARCHITECTURES:
        raise UsageError(f"--architecture is {wanted}: must be one of {', '.join(ARCHITECTURES)}")
    pairs: Pairs = (ARCHITECTURES[wanted].gguf_pairs or "interleaved") if gguf else "half-split"
    description = ModelDescription(
        dim=found.dim,
        hidden_dim=found.hidden_dim,
        n_layers=found.n_layers,
        n_heads=found.n_heads,
        n_kv_heads=found.n_kv_heads,
        vocab_size=found.vocab_size,
        seq_len=found.seq_len,
        head_dim=found.head_dim,
        shared_classifier=found.tied,
        weight_type="f32",
        group_size=0,
        norm_eps=found.eps,
        rope_theta=found.theta,
        features=_features(found, wanted, pairs),
    )
    return SynthModel(f"random {shape}", description, _PRE.get(wanted, found.pre), found.scaling)


def _features(shape: SynthShape, name: str, pairs: Pairs) -> ModelFeatures:
    architecture = ARCHITECTURES[name]
    rope = RotaryEmbedding(pairs)
    if shape.scaling is not None:
        frequencies = llama3_frequencies(shape.head_dim, shape.theta, shape.scaling)
        rope = RotaryEmbedding(pairs, "llama3", frequencies)
    interval, window = architecture.no_rope_interval, min(4096, shape.seq_len // 4)
    return ModelFeatures(
        architecture=name,
        rope=rope,
        biases=("wk", "wq", "wv") if name == "qwen2" else (),
        query_key_norm=architecture.query_key_norm,
        windows=(window,) * shape.n_layers if architecture.window == "always" else (),
        no_rope_layers=tuple(range(interval - 1, shape.n_layers, interval)) if interval else (),
    )
