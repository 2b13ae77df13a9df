"""`llmproc batch` with a model of this machine: its files, what the results depend on, and the workers' record."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from llmproc.batch.display import Display
from llmproc.batch.journal import origin_of
from llmproc.batch.local import LocalBackend
from llmproc.batch.options import BatchOptions
from llmproc.batch.provenance import Provenance, tokenizer_digest
from llmproc.batch.serving import open_local
from llmproc.batch.source import Source
from llmproc.batch.target import part_file
from llmproc.config import Environment
from llmproc.files.escaping import escape_bytes
from llmproc.hardware.isa import choose
from llmproc.monitor.run_recorder import RunRecorder
from llmproc.session.model_files import ModelFiles, read_model_files
from llmproc.session.option_texts import other_options
from llmproc.text.templates.registry import built_in_template


class LocalRun:
    """A run that answers with workers; made once the files have been read."""

    def __init__(self, options: BatchOptions, files: ModelFiles) -> None:
        self.options, self._files = options, files

    @classmethod
    def of(cls, options: BatchOptions) -> LocalRun:
        """Read the model's files. CheckpointError, TokenizerError, UsageError."""
        template = built_in_template("plain") if options.raw else None
        files = read_model_files(options.model, options.tokenizer, template, options.template_options)
        files.check_system(options.system)
        return cls(with_seed_of_the_first_run(options), files)

    def provenance(self, source: Source) -> Provenance:
        """Return what the results depend on."""
        options, files = self.options, self._files
        return Provenance(
            input=source.digest_of_all() if options.output else None,
            format=options.format,
            model=files.model.fingerprint(),
            tokenizer=tokenizer_digest(files.tokenizer_path),
            template=files.template.name,
            weights=options.engine.weights or "as stored",
            kv_type=options.engine.kv_type,
            context=files.context(options.engine),
            instructions=choose(Environment.read().isa).name,
            **sampling_of_all_rows(options),
        )

    def open_record(self, display: Display) -> RunRecorder:
        """Start the record of the workers: samples go to /dev/null by default when one thing is asked for on stdout."""
        options = self.options
        log = options.log or (os.devnull if options.elapsed or options.json else None)
        return RunRecorder(options.interval_s, log, False, options.run_dir, display.later)

    def open_backend(
        self, record: RunRecorder, display: Display, on_failure: Callable[[BaseException], None]
    ) -> LocalBackend:
        """Make the workers that answer, not started."""
        return open_local(self.options, self._files, record, display, on_failure)

    def facts(self, provenance: Provenance) -> dict[str, Any]:
        """Return what run.json says of the model."""
        model = self._files.model
        return {
            "checkpoint": str(self.options.model),
            "checkpoint_bytes": model.size,
            "checkpoint_hash": provenance.model,
        }

    def notices(self) -> list[str]:
        """Return what there is to say about the files."""
        return list(self._files.notices(self.options.engine, self.options.sampling))


def with_seed_of_the_first_run(options: BatchOptions) -> BatchOptions:
    """Return the options with the seed of the first run: a drawn seed is drawn once, a resume goes on with it."""
    if not (options.seed_drawn and options.resume and options.output):
        return options
    found = origin_of(part_file(options.output))
    return options if found is None else replace(options, sampling=options.sampling.changed(seed=found.seed))


def sampling_of_all_rows(options: BatchOptions) -> dict[str, Any]:
    """Return the fields of a Provenance that are about token sampling."""
    sampling = options.sampling
    return {
        "temperature": float(sampling.temperature),
        "top_p": float(sampling.top_p),
        "max_tokens": sampling.max_tokens,
        "seed": sampling.seed,
        "system": None if options.system is None else escape_bytes(options.system),
        "sampling": other_options(sampling) or msgspec.UNSET,
    }
