"""Steps with every buffer ending at memory that may not be touched: an overrun is a SIGSEGV, which ends this process.

`python guarded_program.py KIND`, or `read` and `write`, which go past an end on purpose. Prints how many steps ran.
"""

from __future__ import annotations

import ctypes
import mmap
import sys

import numpy as np
from engine.naive_models import random_model

from llmproc import kernels
from llmproc.checkpoints.ggml_types import converted_weights
from llmproc.checkpoints.weight_source import MemorySource
from llmproc.checkpoints.weight_types import converted_description
from llmproc.config import EngineOptions
from llmproc.engine.batch import PAGE, Chunk
from llmproc.engine.filling import fill
from llmproc.engine.forward import Forward
from llmproc.engine.loading import make_model, plan_weights
from llmproc.engine.memory import Buffers
from llmproc.engine.weight_records import Model

libc = ctypes.CDLL(None, use_errno=True)
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
PROT_NONE = 0


def forbid(address: int) -> None:
    if libc.mprotect(address, mmap.PAGESIZE, PROT_NONE):
        raise OSError(ctypes.get_errno(), "mprotect")


# Where vectors, groups, tiles and heads are whole, and where they are not.
SHAPES = (
    {"dim": 64, "hidden_dim": 160, "n_heads": 4, "n_kv_heads": 2, "vocab_size": 50, "seq_len": 600},
    {"dim": 32, "hidden_dim": 64, "n_heads": 16, "n_kv_heads": 8, "head_dim": 2, "vocab_size": 33, "seq_len": 41},
    {"dim": 96, "hidden_dim": 32, "n_heads": 16, "n_kv_heads": 1, "head_dim": 10, "vocab_size": 1, "seq_len": 300},
    {"dim": 32, "hidden_dim": 96, "n_heads": 9, "n_kv_heads": 3, "head_dim": 32, "vocab_size": 17, "seq_len": 32},
)
ODD = (
    {"dim": 24, "hidden_dim": 40, "n_heads": 6, "n_kv_heads": 3, "head_dim": 4, "vocab_size": 21, "seq_len": 290},
    {"dim": 4, "hidden_dim": 4, "n_heads": 2, "n_kv_heads": 1, "head_dim": 2, "vocab_size": 3, "seq_len": 20},
)


def guarded(kind: str, options: EngineOptions, shape: dict[str, int], seed: int) -> Forward:
    """A random model whose weights, angles and buffers all end at a forbidden page."""
    description, weights = random_model(seed, "int8" if kind == "int8" else "f32", 4, **shape)
    if kind in ("q8_0", "q4_0", "f16"):
        stored = {"q8_0": "int8", "q4_0": "q4", "f16": "f16"}[kind]
        description = converted_description(description, stored, "random")
        weights = converted_weights(weights, description.weight_type, "random")
    packing = plan_weights(description, weights, options.c_order)
    buffers = Buffers(forbid)
    _, memory = buffers.allocate(packing.size)
    fill(packing, MemorySource.of(weights), memory.data, "random", None)
    made = make_model(packing, memory.data, options)
    _, angles = buffers.allocate(made.angles.nbytes)
    angles[:] = made.angles.reshape(-1).view(np.uint8)
    model = Model(packing, memory, angles.view(np.float32).reshape(made.angles.shape), made.context)
    return Forward(model, options, -(-made.context // PAGE) * options.sequences, buffers)


def steps(forward: Forward, most: int) -> int:
    """Fill the context of every sequence: blocks of many sizes, single ids, all together; the last positions too."""
    per = -(-forward.context // PAGE)
    pages = [list(range(i * per, (i + 1) * per))[::-1] for i in range(forward.options.sequences)]
    random, count, position = np.random.default_rng(0), 0, 0
    sizes = [most, 1, 2, 3, 4, 5, 7, 1]
    while position < forward.context:
        size = min(sizes[count % len(sizes)], forward.context - position, most // len(pages))
        chunks = [Chunk(random.integers(0, forward.vocab_size, size).tolist(), position, own, True) for own in pages]
        logits = forward.run(chunks)
        assert np.isfinite(logits).all()
        position, count = position + size, count + 1
    forward.wipe(range(forward.pages))
    return count


def main(kind: str) -> int:
    """Number of steps of all shapes."""
    total, order = 0, {"c_order": True} if kind == "f32_c" else {}
    shapes = SHAPES if kind in ("q8_0", "q4_0") else SHAPES + ODD
    for seed, shape in enumerate(shapes):
        for kv_type in ("f32",) if kind == "f32_c" else ("f16", "f32"):
            for threads, sequences in ((1, 1), (2, 3)):
                options = EngineOptions(threads, sequences, kv_type=kv_type, batch_tokens=24, **order)
                with guarded(kind, options, shape, seed) as forward:
                    total += steps(forward, options.batch_tokens + sequences)  # as many rows as there are
    return total


if __name__ == "__main__":
    kernels.load(kernels.COMMON)
    if sys.argv[1] in ("read", "write"):
        address, taken = Buffers(forbid).allocate(100)
        place = ctypes.c_ubyte.from_address(address + len(taken))
        if sys.argv[1] == "write":
            place.value = 1
        print(place.value)
    else:
        print(main(sys.argv[1]))
