"""Which tensor of a GGUF file gets which type: one type for all matrices, or llama.cpp's mixtures by name. A table.

Used by the writers. The rules of the mixtures are those of llama-quantize (llama_tensor_get_type), as formats.md's
section C saw them in a file: some matrices get more bits in the first and last eighth of the layers and in every third
between, and a type whose blocks of 256 do not divide a row falls back to one with blocks of 32.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.gguf.tensor_types import TYPES_BY_NAME, TensorType
from llmproc.checkpoints.tensors import MATRICES, tensor_shape

_FALLBACK = {"Q2_K": "IQ4_NL", "Q3_K": "IQ4_NL", "Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}
_MORE_BITS = ("wv", "w2")  # the matrices that a mixture raises in some layers


@dataclass(frozen=True, slots=True)
class WeightMix:
    """One choice of types. `raised`: of wv and w2 in some layers and of the output layer; "": all as `base`."""

    base: str
    file_type: int  # llama.cpp's number, general.file_type
    raised: str = ""


MIXES: Mapping[str, WeightMix] = {
    "f32": WeightMix("F32", 0), "f16": WeightMix("F16", 1), "bf16": WeightMix("BF16", 32),
    "q8_0": WeightMix("Q8_0", 7), "q4_0": WeightMix("Q4_0", 2), "q4_1": WeightMix("Q4_1", 3),
    "q5_0": WeightMix("Q5_0", 8), "q5_1": WeightMix("Q5_1", 9), "iq4_nl": WeightMix("IQ4_NL", 25),
    "mxfp4": WeightMix("MXFP4", 38), "q2_k": WeightMix("Q2_K", 10), "q3_k": WeightMix("Q3_K", 11),
    "q4_k": WeightMix("Q4_K", 14), "q5_k": WeightMix("Q5_K", 16), "q6_k": WeightMix("Q6_K", 18),
    "q4_k_m": WeightMix("Q4_K", 15, "Q6_K"), "q5_k_m": WeightMix("Q5_K", 17, "Q6_K"),
}  # fmt: skip


def tensor_type(mix: WeightMix, description: ModelDescription, ours: str, layer: int | None) -> TensorType:
    """Return the type of one tensor's weights; norms (and biases) are always F32. KeyError for an unknown name."""
    if ours not in MATRICES:
        return TYPES_BY_NAME["F32"]
    output = "embedding" if description.shared_classifier else "classifier"
    raised = ours == output or (ours in _MORE_BITS and layer is not None and _raised(layer, description.n_layers))
    wanted = mix.raised if mix.raised and raised else mix.base
    columns = tensor_shape(description, ours)[1]
    if columns % TYPES_BY_NAME[wanted].block:
        wanted = _FALLBACK.get(wanted, "F16")
    if columns % TYPES_BY_NAME[wanted].block:
        wanted = "F16"
    return TYPES_BY_NAME[wanted]


def _raised(layer: int, layers: int) -> bool:
    """Return whether a mixture gives more bits to wv and w2 of this layer."""
    eighth = layers // 8
    return layer < eighth or layer >= 7 * layers // 8 or (layer - eighth) % 3 == 2
