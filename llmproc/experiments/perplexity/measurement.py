"""One measurement: the text in windows, every window through every precision, side by side. Returns the document.

Used by `apps.perplexity`. Each step is another file's: `windows`, `precisions`, `opening`, `scores`, `result`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from llmproc.checkpoints.model_file import open_model
from llmproc.errors import LlmprocError, UsageError
from llmproc.experiments import conditions
from llmproc.experiments.perplexity.figures import ScoreSums, total
from llmproc.experiments.perplexity.opening import OpenPrecision, opened
from llmproc.experiments.perplexity.options import DEFAULT_CONTEXT, PerplexityOptions
from llmproc.experiments.perplexity.precisions import measured_precisions, reference_of
from llmproc.experiments.perplexity.reader import ROWS
from llmproc.experiments.perplexity.result import TextFacts, WindowSamples, document
from llmproc.experiments.perplexity.scores import log_probabilities, sums_of
from llmproc.experiments.perplexity.windows import TextWindow, windows_of
from llmproc.experiments.surroundings import Surroundings
from llmproc.experiments.turns import Progress
from llmproc.files.reading import UnreadableFileError, read_bounded
from llmproc.session.model_files import ModelFiles, read_model_files

LARGEST_TEXT = 1 << 28  # bytes
Stopped = Callable[[], bool]  # whether to end after the rows that are being read


def measure(options: PerplexityOptions, command: str, progress: Progress, stopped: Stopped) -> dict[str, Any]:
    """Run the whole measurement and return the document of `result`. `command`: as typed.

    `stopped` is asked between steps: once it says so, the document holds the windows that were complete.
    UsageError for options that do not fit model or text; CheckpointError, TokenizerError, LlmprocError.
    """
    files = read_model_files(options.model, options.tokenizer)
    reference = reference_of(files.model, options.against)
    precisions = measured_precisions(files.model, reference, options.weights, options.kv_types)
    longest = min(open_model(path).description.seq_len for path in (reference.path, files.model.path))
    context = window_size(options.context, longest)
    text, windows = read_windows(options, files, context)
    surroundings = Surroundings.now()
    with opened(precisions, context, options.threads, progress) as models:
        samples = read_all(models, windows, progress, stopped)
        sizes = [model.weight_bytes for model in models]
    held = conditions.between(surroundings.start, conditions.take(), {os.getpid()})
    found = surroundings.as_dict(command, held, [])
    return document(files.model, options, context, text, windows, precisions, sizes, samples, found)


def window_size(asked: int | None, most: int) -> int:
    """Return the positions of a window. UsageError for more than the model has."""
    if asked is not None and asked > most:
        raise UsageError(f"--context is {asked}: the model has {most} positions")
    return min(DEFAULT_CONTEXT, most) if asked is None else asked


def read_windows(options: PerplexityOptions, files: ModelFiles, context: int) -> tuple[TextFacts, list[TextWindow]]:
    """Read the text and cut it. LlmprocError when it cannot be read, UsageError when it is too short."""
    try:
        data = read_bounded(options.text, LARGEST_TEXT)
    except UnreadableFileError as error:
        raise LlmprocError(f"{options.text}: {error}") from None
    bos = files.tokenizer.bos
    ids = files.tokenizer.encode(data)
    ids = ids if bos is None else [bos, *ids]
    return TextFacts(data, len(ids), bos), windows_of(ids, context, bos, options.chunks)


def read_all(
    models: Sequence[OpenPrecision], windows: Sequence[TextWindow], progress: Progress, stopped: Stopped
) -> WindowSamples:
    """Read every window with every model, the reference first, until `stopped` says so."""
    samples = WindowSamples()
    for window in windows:
        found = _read_window(models, window, progress, len(windows), stopped)
        if found is None:
            samples.stopped = True
            break
        samples.rows.append(found)
    progress(1, 1, "")
    return samples


def _read_window(
    models: Sequence[OpenPrecision], window: TextWindow, progress: Progress, count: int, stopped: Stopped
) -> list[ScoreSums] | None:
    """Return the sums of one window by model; None when it was not read to its end."""
    parts: list[list[ScoreSums]] = [[] for _ in models]
    ids, scored = window.ids, window.scored
    for model in models:
        model.reader.begin(ids[: window.first])
    for start in range(scored.start, scored.stop, ROWS):
        if stopped():
            return None
        progress(window.number * len(scored) + start - scored.start, count * len(scored), "tokens scored")
        stop = min(start + ROWS, scored.stop)
        targets = ids[start + 1 : stop + 1]
        first = None
        for model, part in zip(models, parts, strict=True):
            rows = log_probabilities(model.reader.logits(ids[start:stop], start))
            first = rows if first is None else first
            part.append(sums_of(rows, targets, first))
    return [total(part) for part in parts]
