"""`llmproc convert`: write the model, say what was written and what it cannot do as before."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from llmproc.apps.convert.options import ConvertOptions, parse_options
from llmproc.apps.exits import exit_code_of, interruptible
from llmproc.apps.progress import ProgressBar
from llmproc.checkpoints.model_file import ModelFile, open_model
from llmproc.errors import LlmprocError, UsageError
from llmproc.files.escaping import one_line, to_json
from llmproc.files.streams import print_result, put
from llmproc.text.tokenizers.sidecar import sidecar_path


def main(arguments: Sequence[str], prog: str = "python -m llmproc convert") -> int:
    """Run the verb; returns the exit code."""

    def converted() -> int:
        interruptible()
        _convert(parse_options(prog, arguments))
        return 0

    return exit_code_of(converted)


def _convert(options: ConvertOptions) -> None:
    model = open_model(options.model)
    written = _written_files(options)
    for path in written:
        if os.path.lexists(path) and not options.force:
            raise UsageError(f"{path}: there is such a file already; --force replaces it")
    tokenizer = options.tokenizer or (model.tokenizer_path if model.format == "llama2.c" else None)
    try:
        notes = _write(options, model, tokenizer, ProgressBar().megabytes)
    except OSError as error:
        raise LlmprocError(f"{options.output}: cannot be written: {error.strerror}") from None
    notes = (*model.notes, *notes)
    sizes = {str(path): path.stat().st_size for path in written}
    if options.json:
        facts = {"model": str(options.model), "from": model.format, "to": options.to, "files": sizes}
        print_result(to_json({**facts, "weights": options.weights, "notes": list(notes)}) + "\n")
        return
    for note in notes:
        put(sys.stderr, one_line(f"note: {note}") + "\n")
    print_result("".join(f"{one_line(name)}: {size:,} bytes\n" for name, size in sizes.items()))


def _written_files(options: ConvertOptions) -> list[Path]:
    if options.to == "gguf":
        return [options.output]
    beside = options.output.with_name("tokenizer.bin")
    return [options.output, beside, sidecar_path(beside)]


def _write(
    options: ConvertOptions, model: ModelFile, tokenizer: Path | None, progress: Callable[[int, int], None]
) -> tuple[str, ...]:
    if options.to == "gguf":
        from llmproc.checkpoints.conversion.gguf_target import write_as_gguf  # NumPy is not there before it is needed

        return write_as_gguf(model, options.output, options.weights, tokenizer, progress)
    from llmproc.checkpoints.conversion.llama2c_target import write_as_llama2c

    return write_as_llama2c(model, options.output, options.weights, tokenizer, progress)
