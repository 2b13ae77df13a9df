"""`llmproc synth`: write the checkpoint, say what was written."""

from __future__ import annotations

from collections.abc import Sequence

from llmproc.apps.exits import exit_code_of, interruptible
from llmproc.apps.progress import ProgressBar
from llmproc.apps.synth.options import SynthOptions, parse_options
from llmproc.checkpoints.synth import write_synthetic
from llmproc.errors import LlmprocError
from llmproc.files.escaping import to_json
from llmproc.files.streams import print_result


def main(arguments: Sequence[str], prog: str = "python -m llmproc synth") -> int:
    """Run the verb; returns the exit code."""

    def write() -> int:
        interruptible()
        _write(parse_options(prog, arguments))
        return 0

    return exit_code_of(write)


def _write(options: SynthOptions) -> None:
    bar = ProgressBar()
    try:
        description = write_synthetic(options.output, options.shape, options.seed, options.layout, bar.megabytes)
    except OSError as error:
        raise LlmprocError(f"{options.output}: cannot be written: {error.strerror}") from None
    size = options.output.stat().st_size
    if options.json:
        facts = {"file": str(options.output), "bytes": size, "shape": options.shape, "layout": options.layout}
        print_result(to_json({**facts, "seed": options.seed, "weights": "random"}) + "\n")
    else:
        shape = f"{options.shape}, {options.layout}, {description.n_layers} layers, random weights"
        print_result(f"{options.output}: {size:,} bytes, {shape}\n")
