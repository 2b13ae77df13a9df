"""The records that say where a model's weights lie and what each is: a matrix with the code for its kind, a layer.

Used by `workspace`. Addresses are of this process: code and shared weights lie where its template has put them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.tensors import LAYER_MATRICES
from llmproc.engine.packing import Packing
from llmproc.kernels.calls import code_address
from llmproc.kernels.entries import embed_name, multiply_name
from llmproc.kernels.records import LAYER

Float32 = npt.NDArray[np.float32]
NO_WINDOW = 1 << 40  # positions: more than any context
# which matrices read the same input, by the field of LAYER that says how
READERS = {
    "reads_normed": ("wq", "wk", "wv"), "reads_mixed": ("wo",), "reads_ffn": ("w1", "w3"), "reads_hidden": ("w2",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Model:
    """The parts of a model that all workers share: the packed weights, and the angles of the rotation."""

    packing: Packing
    memory: npt.NDArray[np.uint8]
    angles: Float32  # (context, 2 * head_dim), as kernels.rotation fills them
    context: int


def layer_records(model: Model) -> npt.NDArray[np.void]:
    """Return a LAYER for each layer."""
    packing, features = model.packing, model.packing.description.features
    layers = np.zeros(packing.description.n_layers, LAYER)
    for number, layer in enumerate(layers):
        for name in LAYER_MATRICES:
            layer[name] = _matrix(model, name, number)
        for name in ("attention_norm", "ffn_norm", "q_norm", "k_norm"):
            layer[name] = _vector(model, name, number)
        for field, names in READERS.items():
            for name in names:
                layer[field] |= packing.matrices[name, number].reads
        if number not in features.no_rope_layers:
            layer["rope"], layer["rope_stride"] = model.angles.ctypes.data, model.angles.strides[0]
        window = features.windows[number] if features.windows else 0
        layer["window"] = window or NO_WINDOW
    return layers


def weight_values(model: Model, layers: npt.NDArray[np.void]) -> dict[str, Any]:
    """Return the fields of WEIGHTS; `layers`: what `layer_records` gave, which must outlive them."""
    packing = model.packing
    return {
        "embedding": _matrix(model, "embedding", None), "classifier": _matrix(model, "classifier", None),
        "embed": code_address(embed_name(packing.matrices["embedding", None].tiles.kind)),
        "reads_final": packing.matrices["classifier", None].reads, "final_norm": _vector(model, "final_norm", None),
        "layers": layers.ctypes.data, "layer_count": len(layers),
    }  # fmt: skip


def _matrix(model: Model, name: str, layer: int | None) -> tuple[int, ...]:
    """Return the fields of a MATRIX."""
    base, place = model.memory.ctypes.data, model.packing.matrices[name, layer]
    group = place.tiles.group
    return (
        base + place.values, base + place.scales, place.count, *place.tile_bytes, place.columns // group, group,
        code_address(multiply_name(place.tiles.kind)), _vector(model, name, layer, "bias"),
    )  # fmt: skip


def _vector(model: Model, name: str, layer: int | None, part: str = "weight") -> int:
    """Return the address of a norm or a bias, 0 when there is none."""
    offset = model.packing.vectors.get((name, layer, part))
    return 0 if offset is None else model.memory.ctypes.data + offset
