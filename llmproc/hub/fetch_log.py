"""How a model comes, for a program: one warning before a fetch, since it takes long. Used by the Python API."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmproc.hub.hub_client import RemoteFile


class FetchLog:
    """A FetchReport that logs."""

    def __init__(self, log: logging.Logger) -> None:
        """Log on `log`."""
        self._log = log

    def on_plan(self, source: str, files: Sequence[RemoteFile], folder: Path) -> None:
        """Log what is fetched."""
        from llmproc.hub.fetching import plan_words  # here: a start that fetches nothing needs none of it

        self._log.warning("%s", plan_words(source, files, folder))

    def on_bytes(self, file: RemoteFile, done: int) -> None:
        """Log nothing."""

    def on_file(self, file: RemoteFile, fetched: bool) -> None:
        """Log nothing."""
