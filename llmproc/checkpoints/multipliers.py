"""The multipliers of a model brought into what is there anyway: one is left, that of embeddings. No I/O.

Norms look at the direction of the residual stream x alone, up to their epsilon, and logits come after the last norm:

    residual r    the stream is x / r: each layer adds its output as it is, embeddings are multiplied by e / r, and the
                  epsilon of norms is divided by r * r
    attention a   cos and sin, so queries and keys, are multiplied by sqrt(a * sqrt(head_dim))
    logits l      the weights of the last norm are multiplied by l

In exact arithmetic nothing changes. For a forward pass that is to know as little as possible; `rotation_order` is its
neighbour.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.features import Multipliers
from llmproc.checkpoints.weights import Weights


def with_embedding_multiplier_alone(
    description: ModelDescription, weights: Weights
) -> tuple[ModelDescription, Weights]:
    """Return the same model with no multiplier but that of embeddings; itself if it has none.

    ValueError where norms or layers would see the change: norms of queries and keys, layers without RoPE.
    """
    d, features, m = description, description.features, description.features.multipliers
    if m == Multipliers():
        return description, weights
    if (features.query_key_norm and m.residual != 1) or (features.no_rope_layers and m.attention is not None):
        raise ValueError("multipliers beside norms of queries and keys, or beside layers without RoPE")
    turned = 1.0 if m.attention is None else math.sqrt(m.attention * math.sqrt(d.head_dim))
    rope = dataclasses.replace(features.rope, attention_factor=features.rope.attention_factor * turned)
    left = Multipliers(embedding=m.embedding / m.residual)
    changed = dataclasses.replace(
        d,
        norm_eps=d.norm_eps / m.residual**2,
        features=dataclasses.replace(features, rope=rope, multipliers=left),
    )
    final_norm = (weights.final_norm * np.float64(m.logits)).astype(np.float32)
    return changed, dataclasses.replace(weights, final_norm=final_norm)
