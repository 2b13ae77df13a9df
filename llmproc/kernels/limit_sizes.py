"""Sizes of the measurements in `kernels.limits`, for those who allocate memory for them. No Numba here."""

from __future__ import annotations

from llmproc.hardware import isa
from llmproc.simd.layout import LANES, LINE, STEP_BYTES, STEP_K
from llmproc.simd.target import TARGET

STREAMS = 4  # places memory is read at alternately: one hardware prefetcher each
BLOCK = STREAMS * 2 * LINE  # bytes a round of read_bytes takes
# Accumulators: two multiply-add units with a latency of five need ten registers of them, and more than 16 (AVX-512: 32)
# there are not. One accumulator is one register of AVX-512, two of AVX2, four of the baseline.
TILE = {isa.AVX512VNNI: 12, isa.AVX2: 6}.get(TARGET.name, 3)
STEPS = 128  # loads of weights in one round over the first-level cache
INTEGER_ADDS = TILE * LANES * STEP_K * STEPS  # multiply-adds of one round
FLOAT_ADDS = TILE * LANES * STEPS
WEIGHT_BYTES = STEPS * max(STEP_BYTES, LINE)  # of the buffers the peaks read; together below 32 KiB
ACTIVATION_ROW = STEPS * 4  # bytes of one token's activations: 4 for every step, whatever their type
SINK_BYTES = TILE * LINE
