"""How a model comes, for a user: a notice before, a bar on a terminal meanwhile, a line for each file after.

Used by `llmproc fetch`, and by every verb whose --model names one that has to be fetched.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from llmproc.apps.progress import ProgressBar
from llmproc.files.escaping import one_line
from llmproc.files.streams import put
from llmproc.hub.fetching import plan_words
from llmproc.hub.hub_client import RemoteFile


class FetchDisplay:
    """A FetchReport that writes. A context manager: what ends it early finds an empty line."""

    def __init__(self, notices: TextIO | None = None, each_file: bool = False) -> None:
        """Write notices on `notices` (stderr unless given), and the bar on stderr, where that is a terminal.

        `each_file`: a line for each file, too.
        """
        self._notices = sys.stderr if notices is None else notices
        self._each_file = each_file
        self._bar = ProgressBar()

    def __enter__(self) -> FetchDisplay:
        return self

    def __exit__(self, *raised: object) -> None:
        self._bar.wipe()

    def on_plan(self, source: str, files: Sequence[RemoteFile], folder: Path) -> None:
        """Say what is fetched."""
        self._say(plan_words(source, files, folder))

    def on_bytes(self, file: RemoteFile, done: int) -> None:
        """Draw how much of a file is here."""
        self._bar.megabytes(done, file.size, file.name)

    def on_file(self, file: RemoteFile, fetched: bool) -> None:
        """Say that a file is here."""
        if self._each_file:
            check = "sha256" if file.is_sha256 else "git's sha1"
            self._say(f"{file.name}: {file.size:,} bytes, " + (f"{check} as stated" if fetched else "here already"))

    def _say(self, text: str) -> None:
        put(self._notices, f"[INFO] {one_line(text)}\n")
