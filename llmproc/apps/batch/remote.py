"""`llmproc batch --url`: rows answered by servers elsewhere. Nothing of a local model is read or imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from llmproc.apps.batch.local import sampling_of_all_rows, with_seed_of_the_first_run
from llmproc.batch.display import Display
from llmproc.batch.options import BatchOptions
from llmproc.batch.provenance import Provenance
from llmproc.batch.remote_rows import RemoteBackend
from llmproc.batch.source import Source
from llmproc.monitor.runfolder import NO_FOLDER, RunFolder
from llmproc.remote.models import FoundServers, find_servers
from llmproc.remote.options import RemoteOptions
from llmproc.remote.service import RemoteService


class RemoteRecord:
    """The run folder of a run without workers: run.json, and no samples."""

    log_on_stderr = False

    def __init__(self, run_dir: str | None, notice: Callable[[str], None]) -> None:
        """Make it; `run_dir` as for workers. LogError when it cannot be made."""
        self.folder: RunFolder | None = None
        if run_dir != NO_FOLDER:
            self.folder = RunFolder.create(Path(run_dir) if run_dir else None, notice=notice)

    def describe(self, **facts: Any) -> None:
        """Add facts to run.json."""
        if self.folder:
            self.folder.describe(facts)

    def close(self) -> None:
        """Close the files."""
        if self.folder:
            self.folder.close()


class RemoteRun:
    """A run that answers with servers; made once they have told their models."""

    def __init__(self, options: BatchOptions, remote: RemoteOptions, servers: FoundServers) -> None:
        self.options, self._remote, self._servers = options, remote, servers

    @classmethod
    def of(cls, options: BatchOptions, remote: RemoteOptions) -> RemoteRun:
        """Ask the servers for their models. UsageError, RemoteServerError."""
        return cls(with_seed_of_the_first_run(options), remote, find_servers(remote))

    def provenance(self, source: Source) -> Provenance:
        """Return what the results depend on, as far as that can be known: the model by its name."""
        options = self.options
        return Provenance(
            input=source.digest_of_all() if options.output else None,
            format=options.format,
            model=f"{self._servers.model} of a server",
            tokenizer="",
            template="raw" if options.raw else "the server's",
            weights="",
            kv_type="",
            context=0,
            instructions="",
            **sampling_of_all_rows(options),
        )

    def open_record(self, display: Display) -> RemoteRecord:
        """Make the run folder."""
        return RemoteRecord(self.options.run_dir, display.later)

    def open_backend(
        self, record: RemoteRecord, display: Display, on_failure: Callable[[BaseException], None]
    ) -> RemoteBackend:
        """Make the connections' service, not started. It never gives up as a whole: rows that fail say so."""
        service = RemoteService(
            self._servers.endpoints, self.options.mode, self._remote, display.later, on_failure=on_failure
        )
        return RemoteBackend(service, self.options.raw, 1 if self.options.mode == "seq" else self._remote.connections)

    def facts(self, provenance: Provenance) -> dict[str, Any]:
        """Return what run.json says of the model."""
        return {"model": self._servers.model}

    def notices(self) -> list[str]:
        """Return where the key is from, and what is odd about the servers."""
        return list(self._servers.notes)
