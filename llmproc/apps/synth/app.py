"""`llmproc synth`: write the checkpoint, say what was written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from llmproc.apps.exits import exit_code_of, interruptible
from llmproc.apps.progress import ProgressBar
from llmproc.apps.synth.options import SynthOptions, parse_options
from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.synth import write_synthetic
from llmproc.checkpoints.synth_shapes import synthetic_model
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
        description = _written(options, bar.megabytes)
    except OSError as error:
        raise LlmprocError(f"{options.output}: cannot be written: {error.strerror}") from None
    size = options.output.stat().st_size
    form = options.layout if options.format == "llama2c" else f"{options.format} {options.weights}"
    if options.json:
        facts = {"file": str(options.output), "bytes": size, "shape": options.shape, "format": options.format}
        kind = {"layout": options.layout} if options.format == "llama2c" else {"types": options.weights}
        architecture = description.features.architecture
        print_result(
            to_json({**facts, **kind, "architecture": architecture, "seed": options.seed, "weights": "random"}) + "\n"
        )
    else:
        shape = f"{options.shape}, {form}, {description.n_layers} layers, random weights"
        print_result(f"{options.output}: {size:,} bytes, {shape}\n")


def _written(options: SynthOptions, progress: Callable[[int, int], None]) -> ModelDescription:
    if options.format == "llama2c":
        return write_synthetic(options.output, options.shape, options.seed, options.layout, progress)
    from llmproc.checkpoints.gguf.synthetic import write_synthetic_gguf  # here: other formats need none of it

    model = synthetic_model(options.shape, options.architecture, gguf=True)
    return write_synthetic_gguf(options.output, model, options.weights, options.seed, progress)
