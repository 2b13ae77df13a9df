"""The forward passes of a measurement: each precision's own, all open at the same time, all over one window's pages.

Used by `measurement`. Everything runs in this process: nothing is timed, so nothing has to be kept from the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.weight_choice import own_weights
from llmproc.config import EngineOptions
from llmproc.engine.loading import open_forward, page_bytes, plan_model
from llmproc.engine.pages import pages_for
from llmproc.errors import UsageError
from llmproc.experiments.perplexity.precisions import AS_STORED, Precision
from llmproc.experiments.perplexity.reader import ROWS, WindowReader
from llmproc.hardware.memory import usable_memory

Opening = Callable[[int, int, str], None]  # models opened, models in all, which one now


@dataclass(frozen=True, slots=True)
class OpenPrecision:
    """A precision that is ready to read, and the bytes that its weights take."""

    precision: Precision
    reader: WindowReader
    weight_bytes: int


def engine_options(precision: Precision, context: int, threads: int) -> EngineOptions:
    """Return the engine's options for windows of `context` positions."""
    own = own_weights(open_model(precision.path)) or AS_STORED
    return EngineOptions(
        threads=threads,
        sequences=ROWS,
        weights=None if precision.weights == own else precision.weights,
        kv_type=precision.kv_type,
        context=context,
    )


@contextmanager
def opened(
    precisions: Sequence[Precision], context: int, threads: int, opening: Opening
) -> Iterator[list[OpenPrecision]]:
    """Open all of them; they end with the block. CheckpointError, UsageError when memory is not enough for all."""
    options = [engine_options(precision, context, threads) for precision in precisions]
    plans = [plan_model(open_model(one.path), found) for one, found in zip(precisions, options, strict=True)]
    _refuse_memory(sum(plan.size for plan in plans))
    with ExitStack() as stack:
        found = []
        for number, (precision, plan) in enumerate(zip(precisions, plans, strict=True)):
            opening(number, len(precisions), f"opening {precision}")
            pages = page_bytes(plan.description, options[number]) * pages_for(context)
            chosen = replace(options[number], kv_memory=pages)  # one window's: its rows share them
            forward = stack.enter_context(open_forward(precision.path, chosen))
            found.append(OpenPrecision(precision, WindowReader(forward, chosen.batch_tokens), plan.size))
        yield found


def _refuse_memory(needed: int) -> None:
    usable = usable_memory().usable
    if usable is not None and needed > usable:
        rule = f"they need {needed} bytes of memory together, there are {usable}"
        raise UsageError(f"--weights and --kv-type choose too many settings: {rule}; measure fewer at a time")
