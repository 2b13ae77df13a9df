"""What a user sees of a run: progress and remarks where they disturb nothing, answers on stdout with --stream.

    stderr is a terminal      a bar with a lane for each worker, redrawn in place; remarks above it
    else, stdout is free      `[INFO] ...` lines on stdout, progress every 10 s (a redirected stderr is the course log)
    else                      nothing: stdout has rows, or the one thing that was asked for

Called on main's thread, except `later` and `loading`. It draws a frozen `RunSnapshot`; the picture is `bar`'s.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections import deque

from llmproc.batch.answers import AnswerText
from llmproc.batch.bar import Lane, Picture, draw, head
from llmproc.batch.record import ResultRow
from llmproc.batch.rows import PromptRow
from llmproc.batch.snapshot import LaneSnapshot, RunSnapshot
from llmproc.batch.stats import RowSpeed, expected_rows, remaining_s
from llmproc.files.streams import print_result
from llmproc.service.messages import Progress
from llmproc.text.tokenizers.streaming import printable

_LINE_EVERY_S = 10.0
_FAILURES_TOLD = 3
_MOST_DONE = 0.9  # of a row that has not ended


class Display:
    """The display of a run on a terminal or in lines; implements `generating.Show`."""

    def __init__(
        self,
        quiet: bool,
        stdout_free: bool,
        streamed: bool,
        slots: int,
        sequences: int,
        rows_on_stdout: bool = False,
        size: int | None = None,
    ) -> None:
        """Choose where to draw. `quiet`: show nothing. `stdout_free`: no data go there. `size`: bytes of the input."""
        terminal = sys.stderr.isatty()
        self._answers = AnswerText(slots == 1, _columns(1) - 1) if streamed else None
        self.every_token = streamed
        written_between = sys.stdout.isatty() and (rows_on_stdout or (streamed and slots == 1))  # without asking us
        self._bar = terminal and not quiet and not written_between and os.environ.get("TERM", "dumb") != "dumb"
        self._remarks = None if quiet else sys.stderr if terminal else sys.stdout if stdout_free else None
        self._silent = written_between  # what is written shows how far it is
        self._sequences = sequences
        self._drawn = 0  # lines of the bar on the screen
        self._later: deque[str] = deque()
        self._told, self._next_line = 0, time.monotonic() + _LINE_EVERY_S
        self._speed, self._lanes = RowSpeed(), dict[int, RowSpeed]()
        self._size = size
        self._loading: Progress | None = None  # written by the I/O thread

    # -- generating's Show ------------------------------------------------------------------------------------------

    def tick(self, snapshot: RunSnapshot) -> None:
        """Redraw the bar, or say how far the run is from time to time."""
        self.flush()
        if self._remarks is None:
            return
        now = time.monotonic()
        picture = self._picture(snapshot, now)
        if self._bar:
            lines = draw(picture, _columns(2), _rows())
            self._erase()
            self._put_bar("".join(f"{line}\x1b[K\n" for line in lines))
            self._drawn = len(lines)
        elif now >= self._next_line and not self._silent:
            self._next_line = now + _LINE_EVERY_S
            self.notice(head(picture))

    def pieces(self, row: PromptRow, text: str) -> None:
        """Write text of an answer."""
        if self._answers is not None:
            self._write(self._answers.pieces(row.index, row.id, text))

    def ended(self, row: ResultRow) -> None:
        """Write what came of a row."""
        if self._answers is not None:
            self._write(self._answers.ended(row))
        elif row.status != "ok":
            self._told += 1
            if self._told <= _FAILURES_TOLD:
                self.notice(f"row {row.index} failed: {row.error}")
            if self._told == _FAILURES_TOLD:
                self.notice("further failures are told in the results only")

    # -- remarks ----------------------------------------------------------------------------------------------------

    def notice(self, text: str) -> None:
        """Write a remark now."""
        if self._remarks is None:
            return
        self._erase()
        if self._remarks is sys.stdout:
            self._write(f"[INFO] {text}\n")
        else:
            with contextlib.suppress(OSError):  # a terminal that has gone ends us by a signal
                self._remarks.write(f"[INFO] {printable(text)}\n")
                self._remarks.flush()

    def later(self, text: str) -> None:
        """Keep a remark for the next `flush`. From any thread."""
        self._later.append(text)

    def flush(self) -> None:
        """Show what `later` collected."""
        while self._later:
            self.notice(self._later.popleft())

    def end(self) -> None:
        """Erase the bar."""
        self._erase()
        self.flush()

    def loading(self, progress: Progress) -> None:
        """Note how far the template is. From any thread."""
        self._loading = progress

    def run_folder(self, path: str, log_on_stderr: bool) -> None:
        """Say where the run folder is: on stderr, unless that is the course log, which has no other lines."""
        if log_on_stderr:
            self.notice(f"run folder: {path}")
            return
        self._erase()
        with contextlib.suppress(OSError):
            print(f"run folder: {printable(path)}", file=sys.stderr, flush=True)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _picture(self, snapshot: RunSnapshot, now: float) -> Picture:
        total = expected_rows(snapshot.rows_read, snapshot.position, self._size, snapshot.input_ended)
        elapsed = 0.0 if snapshot.first_dispatch is None else now - snapshot.first_dispatch
        mean = snapshot.finished_tokens / snapshot.done if snapshot.done else 0.0
        begun = sum(min(_MOST_DONE, tokens / mean) for tokens in snapshot.unfinished_tokens) if mean else 0.0
        left = None if total is None else remaining_s(snapshot.done + begun, total - snapshot.reused, elapsed)
        return Picture(
            snapshot.done + snapshot.reused, snapshot.failed + snapshot.reused_failed, total, snapshot.input_ended,
            self._speed.at(now, snapshot.tokens), left, self._sequences,
            [self._lane(lane, now) for lane in snapshot.lanes], self._stage(snapshot),
        )  # fmt: skip

    def _lane(self, lane: LaneSnapshot, now: float) -> Lane:
        speed = self._lanes.setdefault(lane.worker, RowSpeed()).at(now, lane.tokens)
        return Lane(lane.name, lane.state, lane.running, speed, lane.rows)

    def _stage(self, snapshot: RunSnapshot) -> str:
        """Say what happens before the first token."""
        loading = self._loading
        if snapshot.tokens or not snapshot.started or loading is None:
            return ""
        what = (
            "compiling kernels, on the first run only (about 10 s)" if loading.compiled else f"loading {loading.stage}"
        )
        return f"{what}: {loading.done} of {loading.total}"

    def _write(self, text: str) -> None:
        if not text:
            return
        self._erase()
        print_result(printable(text) if sys.stdout.isatty() else text)

    def _erase(self) -> None:
        if self._drawn:
            self._put_bar(f"\x1b[{self._drawn}A\r\x1b[J")
            self._drawn = 0

    @staticmethod
    def _put_bar(text: str) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
            sys.stderr.flush()


def _columns(fd: int) -> int:
    try:
        return os.get_terminal_size(fd).columns or 80
    except OSError:
        return 80


def _rows() -> int:
    try:
        return os.get_terminal_size(2).lines or 24
    except OSError:
        return 24
