"""Where a run's rows are answered, as `app` sees it: by workers of this machine (`local`) or by servers (`remote`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from llmproc.batch.backend import Backend
from llmproc.batch.display import Display
from llmproc.batch.options import BatchOptions
from llmproc.batch.provenance import Provenance
from llmproc.batch.source import Source
from llmproc.monitor.runfolder import RunFolder


class RunRecord(Protocol):
    """The files that say what happened in a run; `close` it after the backend."""

    @property
    def folder(self) -> RunFolder | None:
        """Return the run folder, if one is kept."""

    @property
    def log_on_stderr(self) -> bool:
        """Return whether stderr is a log that must hold nothing else."""

    def describe(self, **facts: Any) -> None:
        """Add facts to run.json."""

    def close(self) -> None:
        """Close the files."""


class BatchPlace(Protocol):
    """The place where a run's rows are answered, as far as the run has to know it."""

    @property
    def options(self) -> BatchOptions:
        """Return the options, with the seed that is used."""

    def provenance(self, source: Source) -> Provenance:
        """Return what the results depend on."""

    def open_record(self, display: Display) -> Any:
        """Open a RunRecord; `open_backend` gets it back."""

    def open_backend(self, record: Any, display: Display, on_failure: Callable[[BaseException], None]) -> Backend:
        """Make what answers, not started. `on_failure`: called when it gives up."""

    def facts(self, provenance: Provenance) -> dict[str, Any]:
        """Return what run.json says of the model."""

    def notices(self) -> list[str]:
        """Return what there is to say before the first row."""
