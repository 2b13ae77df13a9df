"""Steps with every buffer ending at memory that may not be touched: an overrun is a SIGSEGV, which ends this process.

`python guarded_program.py KIND`; `features`: all of a model's at once; `file`: matrices of all of GGUF's types in one
file; `matrices`: rows of each type to tiles, read back, multiplied; `read` and `write` go past an end on purpose.
Prints how many steps ran, or matrices.
"""

from __future__ import annotations

import ctypes
import itertools
import mmap
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from engine.guarded_models import with_features, write_of_every_type
from engine.naive_models import Model, random_model

from llmproc import kernels
from llmproc.checkpoints.ggml_types import converted_weights
from llmproc.checkpoints.gguf.random_blocks import RandomBlocks
from llmproc.checkpoints.gguf.tensor_types import type_named
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.weight_source import MemorySource
from llmproc.checkpoints.weight_types import converted_description
from llmproc.config import EngineOptions
from llmproc.engine.batch import PAGE, Chunk
from llmproc.engine.filling import fill
from llmproc.engine.forward import Forward
from llmproc.engine.loading import make_model, pack_model, plan_model, plan_weights, variants
from llmproc.engine.memory import Buffers
from llmproc.engine.packing import Packing
from llmproc.engine.weight_records import Model as PackedModel
from llmproc.kernels.calls import Tiling, linked
from llmproc.kernels.entries import embed_name, multiply_name, tile_name, variant_name
from llmproc.kernels.kinds import QUANTISED
from llmproc.kernels.stored import BLOCKS, TILES
from llmproc.simd.layout import ACTIVATION_BYTES

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


def of_kind(kind: str, shape: dict[str, int], seed: int) -> Model:
    """A random model of one kind of matrix."""
    description, weights = random_model(seed, "int8" if kind == "int8" else "f32", 4, **shape)
    if kind in ("q8_0", "q4_0", "f16"):
        stored = {"q8_0": "int8", "q4_0": "q4", "f16": "f16"}[kind]
        description = converted_description(description, stored, "random")
        weights = converted_weights(weights, description.weight_type, "random")
    return description, weights


def guarded_weights(model: Model, options: EngineOptions) -> Forward:
    packing = plan_weights(*model, options.c_order)
    return guarded(packing, options, lambda to: fill(packing, MemorySource.of(model[1]), to, "random", None))


def guarded_file(path: Path, options: EngineOptions) -> Forward:
    model = open_model(path)
    packing = plan_model(model, options)
    kernels.load(kernels.COMMON, *variants(model, packing))
    return guarded(packing, options, lambda to: pack_model(model, packing, to, options))


def guarded(packing: Packing, options: EngineOptions, put: Callable[[memoryview], object]) -> Forward:
    """A model whose weights, angles and buffers all end at a forbidden page."""
    buffers = Buffers(forbid)
    _, memory = buffers.allocate(packing.size)
    put(memory.data)
    made = make_model(packing, memory.data, options)
    _, angles = buffers.allocate(made.angles.nbytes)
    angles[:] = made.angles.reshape(-1).view(np.uint8)
    model = PackedModel(packing, memory, angles.view(np.float32).reshape(made.angles.shape), made.context)
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


def run(forward: Forward) -> int:
    with forward:
        return steps(forward, forward.options.batch_tokens + forward.options.sequences)  # as many rows as there are


def all_options(c_order: bool = False) -> list[EngineOptions]:
    caches = ("f32",) if c_order else ("f16", "f32")
    return [
        EngineOptions(threads, sequences, kv_type=kv_type, batch_tokens=24, c_order=c_order)
        for kv_type, (threads, sequences) in itertools.product(caches, ((1, 1), (2, 3)))
    ]


def of_all_shapes(kind: str) -> int:
    """Number of steps of all shapes."""
    shapes = SHAPES if kind in ("q8_0", "q4_0") else SHAPES + ODD
    models = (of_kind(kind, shape, seed) for seed, shape in enumerate(shapes))
    return sum(
        run(guarded_weights(model, options)) for model in models for options in all_options(c_order=kind == "f32_c")
    )


def of_features() -> int:
    """Windows shorter and longer than a chunk of attention, and than the context; whole heads and odd ones."""
    total = 0
    for seed, shape in enumerate(SHAPES + ODD):
        model = with_features(seed, 7 + 260 * (seed % 2), shape)
        total += sum(run(guarded_weights(model, options)) for options in all_options())
    return total


def of_a_file() -> int:
    """Every matrix in another type, and once more with other types."""
    total = 0
    with tempfile.TemporaryDirectory() as place:
        for seed in (0, 7):
            write_of_every_type(Path(place) / "m.gguf", seed)
            for options in all_options()[seed // 7 :: 3]:
                total += run(guarded_file(Path(place) / "m.gguf", options))
    return total


def of_matrices() -> int:
    """Rows in a file's bytes, tiles, activations and results, each ending at a forbidden page."""
    total = 0
    for name, tiles in TILES.items():
        kernels.load(tile_name(name), variant_name(tiles.kind))
        for rows, count in ((1, 1), (16, 2), (33, 1)):
            one_matrix(name, rows, count * max(BLOCKS[name].columns, 3))
            total += 1
    return total


def one_matrix(name: str, rows: int, columns: int) -> None:
    buffers, tiles, tokens, padded = Buffers(forbid), TILES[name], 5, -(-rows // 16) * 16
    values, scales = (padded // 16 * nbytes for nbytes in tiles.bytes_of(columns))
    raw = b"".join(part.tobytes() for part in RandomBlocks(0).matrix(type_named(name), (rows, columns)))
    places = [buffers.allocate(nbytes) for nbytes in (len(raw), values, scales)]
    places[0][1][:] = np.frombuffer(raw, np.uint8)
    bad = Tiling(name).tile(places[1][1], places[2][1], places[0][1], np.arange(rows)[::-1], (rows, columns))
    out, found = buffers.allocate(4 * columns)
    step = [at for at, _ in places[1:]] + list(tiles.bytes_of(columns))
    for row in range(rows):
        linked(embed_name(tiles.kind))(out, *step, row, columns, tiles.group)
        assert bad == -1 and np.isfinite(found.view(np.float32)).all()
    # of each token: floats or integers, then what goes with each group of 32
    groups = -(-columns // 32)
    nbytes = ACTIVATION_BYTES * columns if tiles.kind in QUANTISED else 4 * columns
    x, result = buffers.allocate(tokens * nbytes)[0], buffers.allocate(tokens * 4 * padded)
    others = [buffers.allocate(size * tokens * groups)[0] for size in (4, 4, 4, 8, 4)]
    result[1][:] = 0xFF
    linked(multiply_name(tiles.kind))(
        0, result[0], 4 * padded, *step, 0, padded // 16, tokens, columns // tiles.group, tiles.group,
        x, nbytes, x, nbytes, *others, 4 * groups,
    )  # fmt: skip
    assert not result[1].any(), "activations are zero"


PROGRAMS = {"features": of_features, "file": of_a_file, "matrices": of_matrices}


if __name__ == "__main__":
    kernels.load(kernels.COMMON)
    if sys.argv[1] in ("read", "write"):
        address, taken = Buffers(forbid).allocate(100)
        place = ctypes.c_ubyte.from_address(address + len(taken))
        if sys.argv[1] == "write":
            place.value = 1
        print(place.value)
    else:
        print(PROGRAMS[sys.argv[1]]() if sys.argv[1] in PROGRAMS else of_all_shapes(sys.argv[1]))
