"""The template's side of getting ready: weights into shared memory once, kernels compiled or loaded once.

A second template (the first died) is handed the memfd and maps it instead of reading the file again.
"""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from llmproc.checkpoints.model_file import open_model
from llmproc.hardware.memory import usable_memory
from llmproc.processes.template import Prepared
from llmproc.service.messages import PrepareOrder, PrepareReport, Progress

if TYPE_CHECKING:
    from llmproc.config import EngineOptions
    from llmproc.engine.workspace import Model


@dataclass(frozen=True, slots=True)
class Loaded:
    """The model over shared weights, ready to run, which every worker inherits by fork."""

    model: Model
    options: EngineOptions
    pages: int  # of each worker's KV pool
    steals: bool  # whether workers take from each other's rings


def prepare(payload: bytes, fds: list[int], progress: Callable[[bytes], None]) -> Prepared:
    """Load what the order names. CheckpointError when the file changed under us or holds NaN or infinity."""
    from llmproc import kernels
    from llmproc.engine.loading import make_model, pack_model, plan_model, pool_pages, variants

    def tell(*fields: object) -> None:
        progress(msgspec.json.encode(Progress(*fields)))  # type: ignore[arg-type]

    order = msgspec.json.decode(payload, type=PrepareOrder)
    started = time.monotonic()
    checkpoint = open_model(os.fsdecode(order.checkpoint))
    packing = plan_model(checkpoint, order.engine)
    pages = pool_pages(packing.description, order.engine, _memory_bytes() // order.workers)
    kernels.load(
        kernels.COMMON,
        kernels.RINGS,
        *variants(checkpoint, packing),
        progress=lambda done, total, name: tell("kernels", done, total, kernels.cache_misses()),
    )
    linked = time.monotonic()
    fd, memory = _shared_memory(packing.size, fds)
    identity = "" if fds else pack_model(checkpoint, packing, memory, order.engine, lambda *at: tell("weights", *at))
    report = PrepareReport(
        load_s=time.monotonic() - linked,
        compile_s=linked - started,
        weight_bytes=packing.size,
        compiled=kernels.cache_misses(),
        mapped=bool(fds),
        fingerprint=identity,
        fallback=kernels.fallback_reason(),
    )
    context = Loaded(make_model(packing, memory, order.engine), order.engine, pages, order.steals)
    return Prepared(context, msgspec.json.encode(report), [] if fds else [fd])


def _shared_memory(size: int, fds: list[int]) -> tuple[int, memoryview]:
    """Return (descriptor, memory) of the weights: those of a template before this one, or new ones."""
    if fds:
        return fds[0], memoryview(mmap.mmap(fds[0], size))
    fd = os.memfd_create("llmproc-weights", os.MFD_CLOEXEC)
    os.ftruncate(fd, size)
    return fd, memoryview(mmap.mmap(fd, size))


def _memory_bytes() -> int:
    """Return what all KV pools together may have when no option says how much: half of what is available now."""
    budget = usable_memory()
    known = budget.usable if budget.usable is not None else budget.total
    return (known if known is not None else 1 << 30) // 2
