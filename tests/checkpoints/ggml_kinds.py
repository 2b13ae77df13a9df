"""The quantised kinds and models to convert: what tests of types and of conversion share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from llmproc.checkpoints.weights import Int8Matrix, Q4Matrix

Quantiser = Callable[[np.ndarray], Int8Matrix | Q4Matrix]
