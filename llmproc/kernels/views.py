"""Records at an address: how a kernel reads what it is told. The records are described in `kernels.records`.

Used by the forward pass. A record is a pointer in compiled code: reading a field is one load, and nothing is copied.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from llmproc.kernels.records import LAYER, MODEL, SPAN, STEP, TOKEN
from llmproc.kernels.registry import from_dtype, intrinsic, types


def _view(name: str, dtype: np.dtype[np.void]) -> Any:
    kind = from_dtype(dtype)

    def view(typingctx: Any, address: Any, index: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            size = context.get_constant(types.int64, dtype.itemsize)
            place = builder.add(args[0], builder.mul(args[1], size))
            return builder.inttoptr(place, context.get_value_type(kind))

        return kind(types.int64, types.int64), generate

    view.__doc__ = f"Record `index` of those that begin at an address: {', '.join(dtype.names or ())}."
    view.__name__ = view.__qualname__ = name
    return intrinsic(view)


model_at = _view("model_at", MODEL)
layer_at = _view("layer_at", LAYER)
step_at = _view("step_at", STEP)
span_at = _view("span_at", SPAN)
token_at = _view("token_at", TOKEN)
