"""Where `top` shows itself: a screen of rich's, a plain terminal, or a stream that gets a table or an object per look.

Used by the app's loop, which calls `enter`, `show` as often as it likes, and `leave`. A screen draws what it is given;
it knows nothing of processes or keys. rich (extra `tty`) is imported only where its screen is used.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from typing import Any, Protocol

from llmproc.monitor.live import LiveView
from llmproc.monitor.proc import ProcessKey
from llmproc.report import live_table

_STYLES = {
    "title": "dim",
    "instance": "bold cyan",
    "header": "bold",
    "selected": "reverse",
    "busy": "bold green",
    "waiting": "bold yellow",
    "message": "bold magenta",
}
_HOME_AND_ERASE = "\x1b[H\x1b[J"


class LiveScreen(Protocol):
    """The interface between the loop and the screens."""

    first_view: bool  # whether a view without rates is worth showing

    def enter(self) -> None:
        """Take the terminal."""

    def leave(self) -> None:
        """Restore the terminal; also safe when it was never taken."""

    def show(self, view: LiveView, selected: ProcessKey | None, message: str) -> None:
        """Draw the view."""


class TableStream:
    """A screen for a pipe or a single look: a table per look with all columns, a blank line between two."""

    first_view = False

    def __init__(self, where: str) -> None:
        """Set up. `where` is printed when no instance runs."""
        self._where, self._shown = where, 0

    def enter(self) -> None:
        pass

    def leave(self) -> None:
        pass

    def show(self, view: LiveView, selected: ProcessKey | None, message: str) -> None:
        text = live_table.plain(live_table.body(view, None)) or f"{self._where}\n"
        _put(("\n" if self._shown else "") + text)
        self._shown += 1


class JsonStream(TableStream):
    """A stream of objects: one per look, one line each."""

    def show(self, view: LiveView, selected: ProcessKey | None, message: str) -> None:
        _put(json.dumps(view.as_json(), separators=(",", ":")) + "\n")


class PlainScreen:
    """A terminal without rich: each table is printed over the last one (below it on a dumb terminal)."""

    first_view = True

    def __init__(self, interval_s: float, where: str) -> None:
        self._interval_s, self._where = interval_s, where
        self._again = "" if os.environ.get("TERM", "dumb") == "dumb" else _HOME_AND_ERASE

    def enter(self) -> None:
        pass

    def leave(self) -> None:
        pass

    def show(self, view: LiveView, selected: ProcessKey | None, message: str) -> None:
        """Draw the view, with a mark in front of the selected row, as there are no colours."""
        size = os.get_terminal_size(sys.stdout.fileno())
        width, height = size.columns - 2, size.lines - 1
        lines = live_table.whole(view, width, height, selected, message, self._interval_s, self._where)
        marked = (
            (live_table.StyledText("> " if any(s.kind == "selected" for s in line) else "  "), *line) for line in lines
        )
        _put(self._again + live_table.plain(list(marked)))


class RichScreen:
    """The alternate screen, in colours."""

    first_view = True

    def __init__(self, interval_s: float, where: str) -> None:
        from rich.console import Console

        self._interval_s, self._where = interval_s, where
        self._console = Console(highlight=False, markup=False, emoji=False)
        self._live: Any = None

    def enter(self) -> None:
        from rich.live import Live

        self._live = Live(
            console=self._console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        )
        self._live.start()

    def leave(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def show(self, view: LiveView, selected: ProcessKey | None, message: str) -> None:
        from rich.text import Text

        width, height = self._console.size
        lines = live_table.whole(view, width, height, selected, message, self._interval_s, self._where)
        text = Text("\n", no_wrap=True, overflow="crop").join(
            Text.assemble(*((span.text, _STYLES.get(span.kind, "")) for span in line)) for line in lines
        )
        self._live.update(text, refresh=True)


def terminal_screen(interval_s: float, where: str, plain: bool) -> LiveScreen:
    """Return the best screen for the terminal that stdout is."""
    if plain or os.environ.get("TERM", "dumb") == "dumb" or importlib.util.find_spec("rich") is None:
        return PlainScreen(interval_s, where)
    return RichScreen(interval_s, where)


def _put(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
