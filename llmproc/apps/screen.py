"""What the prompt loop shows: answers on stdout, notices where they disturb nothing.

Notices go to stderr when that is a terminal (a redirected stderr is the log and takes course lines only), else to
stdout as `[INFO]` lines.
"""

from __future__ import annotations

import os
import sys
from collections import deque

from llmproc.files.streams import put, put_exactly
from llmproc.text.tokenizers.streaming import printable

_ERASE = "\r\x1b[K"
_DIM, _NORMAL = "\x1b[2m", "\x1b[22m"


class Screen:
    """Keeps track of the column, so that a notice always begins a line of its own."""

    def __init__(self) -> None:
        self._clean_stdout = sys.stdout.isatty()  # a terminal is not to be steered by a model
        self._notices_to_stderr = sys.stderr.isatty()
        self._at_line_start = True
        self._progress = False
        self._waiting: deque[str] = deque()

    @property
    def dims(self) -> bool:
        """Return whether text can be shown dimmed."""
        return self._clean_stdout and os.environ.get("TERM", "dumb") != "dumb"

    @property
    def live(self) -> bool:
        """Return whether a line may be redrawn in place."""
        return self._notices_to_stderr

    def prompt(self, text: str) -> None:
        """Print a prompt (piped input: a terminal's reader prints its own)."""
        self.write(text)

    def write(self, text: str) -> None:
        """Write text to stdout, at once."""
        if text:
            self._end_progress()
            self._at_line_start = text.endswith("\n")  # first: a signal may come as soon as the text can be seen
            put(sys.stdout, printable(text) if self._clean_stdout else text)

    def answer(self, text: str) -> None:
        """Write a piece of an answer, at once; to a pipe with the very bytes it holds."""
        if self._clean_stdout:
            self.write(text)
        elif text:
            self._end_progress()
            self._at_line_start = text.endswith("\n")
            put_exactly(sys.stdout, text)

    def dimmed(self, text: str) -> None:
        """Write text of an answer that is less important; only when it `dims`. Every piece ends what it begins."""
        self._end_progress()
        self._at_line_start = text.endswith("\n")
        put(sys.stdout, f"{_DIM}{printable(text)}{_NORMAL}")

    def line(self, text: str) -> None:
        """Write a line of its own to stdout."""
        self.fresh_line()
        self.write(text + "\n")

    def fresh_line(self) -> None:
        """End the present line if anything stands on it."""
        if not self._at_line_start:
            self.write("\n")

    def line_was_begun(self) -> None:
        """Note that a terminal's reader shows a prompt: the cursor is no longer at the start of a line."""
        self._at_line_start = False

    def line_was_entered(self) -> None:
        """Note that the user pressed Enter: the cursor is at the start of a line."""
        self._at_line_start = True

    def notice(self, text: str) -> None:
        """Show a remark of main's own, now."""
        self._end_progress()
        self.fresh_line()
        stream = sys.stderr if self._notices_to_stderr else sys.stdout
        put(stream, f"[INFO] {printable(text)}\n")

    def later(self, text: str) -> None:
        """Keep a remark from another thread: `flush_notices` shows it at the next good moment."""
        self._waiting.append(text)

    def flush_notices(self) -> None:
        """Show what `later` collected."""
        while self._waiting:
            self.notice(self._waiting.popleft())

    def progress(self, text: str) -> None:
        """Redraw a line in place; only when `live`."""
        if not self._progress:
            self.fresh_line()  # a prompt that was piped in stands on this line
        put(sys.stderr, f"{_ERASE}[INFO] {text}")
        self._progress = True

    def _end_progress(self) -> None:
        if self._progress:
            self._progress = False
            put(sys.stderr, _ERASE)
