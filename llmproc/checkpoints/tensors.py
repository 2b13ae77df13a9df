"""The tensors of a model of the Llama family: their names here, and their shapes. Arithmetic only, no I/O, no NumPy.

Every reader brings the names of its format to these, every writer takes them from here, and the engine checks arrays
against these shapes before a kernel, which checks no bounds, reads them.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmproc.checkpoints.description import ModelDescription

NORMS = ("attention_norm", "ffn_norm", "final_norm")
HEAD_NORMS = ("q_norm", "k_norm")  # of architectures that have them, one for all heads of a layer
LAYER_MATRICES = ("wq", "wk", "wv", "wo", "w1", "w2", "w3")
LAYER_TENSORS = frozenset((*LAYER_MATRICES, "attention_norm", "ffn_norm"))
MATRICES = frozenset((*LAYER_MATRICES, "embedding", "classifier"))


def tensor_names(description: ModelDescription) -> tuple[str, ...]:
    """Return the names of all tensors; one name of LAYER_TENSORS stands for all layers."""
    own = () if description.shared_classifier else ("classifier",)
    return (*NORMS, "embedding", *LAYER_MATRICES, *own)


def all_tensors(description: ModelDescription) -> Iterator[tuple[str, int | None, str]]:
    """Yield (name, layer, part) of every tensor, layer by layer; part is `weight` or `bias`."""
    for name in tensor_names(description):
        if name not in LAYER_TENSORS:
            yield name, None, "weight"
    of_layer = [name for name in tensor_names(description) if name in LAYER_TENSORS]
    if description.features.query_key_norm:
        of_layer += HEAD_NORMS
    for layer in range(description.n_layers):
        for name in of_layer:
            yield name, layer, "weight"
        for name in description.features.biases:
            yield name, layer, "bias"


def tensor_shape(description: ModelDescription, name: str) -> tuple[int, ...]:
    """Return the shape of one tensor (of one layer). KeyError for an unknown name."""
    if name in HEAD_NORMS:
        return (description.head_dim,)
    return (description.dim,) if name in NORMS else matrix_shape(description, name)


def matrix_shape(description: ModelDescription, name: str) -> tuple[int, int]:
    """Return (rows, columns) = (outputs, inputs) of one matrix; the heads together need not be `dim` wide."""
    d, width = description, description.n_heads * description.head_dim
    shapes = {
        "embedding": (d.vocab_size, d.dim), "classifier": (d.vocab_size, d.dim),
        "wq": (width, d.dim), "wk": (d.kv_dim, d.dim), "wv": (d.kv_dim, d.dim), "wo": (d.dim, width),
        "w1": (d.hidden_dim, d.dim), "w2": (d.dim, d.hidden_dim), "w3": (d.hidden_dim, d.dim),
    }  # fmt: skip
    return shapes[name]
