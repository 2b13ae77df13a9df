"""The template's side of getting ready: weights into shared memory once, kernels compiled or loaded once.

A second template (the first died) is handed the memfd and maps it instead of reading the file again.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from llmproc.checkpoints.header import Header, read_header
from llmproc.errors import CheckpointError
from llmproc.processes.template import Prepared
from llmproc.service.messages import PrepareOrder, PrepareReport, Progress

if TYPE_CHECKING:
    from llmproc.engine.transformer import Transformer


@dataclass(frozen=True, slots=True)
class Loaded:
    """What every worker inherits by fork: the model over shared weights, ready to run."""

    transformer: Transformer
    sequences: int


def prepare(payload: bytes, fds: list[int], progress: Callable[[bytes], None]) -> Prepared:
    """Load what the order names. CheckpointError when the file changed under us or holds NaN or infinity."""
    from llmproc.kernels import cache

    cache.prepare()  # before anything imports NumPy or Numba

    from llmproc import kernels
    from llmproc.checkpoints.weights import check_finite, read_into, view_weights
    from llmproc.engine.products import arrange_weights
    from llmproc.engine.transformer import Transformer

    def tell(*fields: object) -> None:
        progress(msgspec.json.encode(Progress(*fields)))  # type: ignore[arg-type]

    order = msgspec.json.decode(payload, type=PrepareOrder)
    started = time.monotonic()
    tell("weights", 0, 1)
    header = read_header(order.checkpoint)
    check_kv_fits(header, order.engine.sequences, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    fd = fds[0] if fds else os.memfd_create("llmproc-weights", os.MFD_CLOEXEC)
    if not fds:
        os.ftruncate(fd, header.size)
    memory = mmap.mmap(fd, header.size)
    if not fds:
        read_into(header, memoryview(memory))
    weights = view_weights(header.description, header.layout, memoryview(memory))
    if not fds:
        check_finite(weights, header.path)
    identity = "" if fds else fingerprint(memory)  # before the bytes are brought into another order
    loaded = time.monotonic()
    kernels.compile_all(lambda done, total, name: tell("kernels", done, total, kernels.cache_misses()))
    compiled = time.monotonic()
    if not fds:
        arrange_weights(weights)
    transformer = Transformer(header.description, weights, tiled=True)
    report = PrepareReport(
        loaded - started, compiled - loaded, header.size, kernels.cache_misses(), bool(fds), identity
    )
    return Prepared(Loaded(transformer, order.engine.sequences), msgspec.json.encode(report), [] if fds else [fd])


def check_kv_fits(header: Header, sequences: int, memory_bytes: int) -> None:
    """CheckpointError when the keys and values of full contexts need more than this machine's memory."""
    d = header.description
    needed = 2 * 4 * d.n_layers * d.kv_dim * d.seq_len * sequences
    if needed > memory_bytes:
        rule = f"its KV cache would take {needed} bytes, this machine has {memory_bytes}"
        raise CheckpointError(header.path, "seq_len", d.seq_len, rule)


def fingerprint(memory: mmap.mmap) -> str:
    """What tells two checkpoints apart: SHA-256 of a file up to 32 MiB, of size and 512 slices of a larger one."""
    if len(memory) <= 32 << 20:
        return f"sha256:{hashlib.sha256(memory).hexdigest()}"
    digest = hashlib.sha256(str(len(memory)).encode())
    for index in range(512):
        start = index * (len(memory) - (1 << 14)) // 511
        digest.update(memory[start : start + (1 << 14)])
    return f"sha256-of-slices:{digest.hexdigest()}"
