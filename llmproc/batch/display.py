"""What a user sees of a run: progress and remarks where they disturb nothing, answers on stdout with --stream.

    stderr is a terminal      a bar with a lane for each worker, redrawn in place; remarks above it
    else, stdout is free      `[INFO] ...` lines on stdout, progress every 10 s (a redirected stderr is the course log)
    else                      nothing: stdout has rows, or the one thing that was asked for

Called on main's thread, but for `later`. Counting is the stats's business, the picture `bar`'s.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections import deque

from llmproc.batch.answers import AnswerText
from llmproc.batch.bar import Lane, Picture, draw, head
from llmproc.batch.generating import Generating
from llmproc.batch.in_flight import InFlight
from llmproc.batch.record import ResultRow
from llmproc.batch.stats import RowSpeed, expected_rows, remaining_s
from llmproc.files.streams import print_result
from llmproc.service.messages import Progress
from llmproc.service.service import Service
from llmproc.text.tokenizers.streaming import printable

_LINE_EVERY_S = 10.0
_FAILURES_TOLD = 3
_MOST_DONE = 0.9  # of a row that has not ended


class Display:
    """Implements `generating.Show`."""

    def __init__(
        self, quiet: bool, stdout_free: bool, streamed: bool, slots: int, sequences: int, rows_on_stdout: bool = False
    ) -> None:
        """`quiet`: no progress, no remarks. `stdout_free`: no rows and no data go there."""
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
        self.loading: Progress | None = None  # written by the I/O thread
        self.service: Service | None = None
        self.size: int | None = None  # bytes of the input

    # -- generating's Show ------------------------------------------------------------------------------------------

    def tick(self, generating: Generating) -> None:
        """Redraw the bar, or say how far it is from time to time."""
        self.flush()
        if self._remarks is None:
            return
        now = time.monotonic()
        picture = self._picture(generating, now)
        if self._bar:
            lines = draw(picture, _columns(2), _rows())
            self._erase()
            self._put_bar("".join(f"{line}\x1b[K\n" for line in lines))
            self._drawn = len(lines)
        elif now >= self._next_line and not self._silent:
            self._next_line = now + _LINE_EVERY_S
            self.notice(head(picture))

    def pieces(self, flight: InFlight, pieces: list[str]) -> None:
        """Text of an answer."""
        if self._answers is not None:
            self._write(self._answers.pieces(flight.row.index, flight.row.id, "".join(pieces)))

    def ended(self, row: ResultRow) -> None:
        """A row has its result."""
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
        """A remark, now."""
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
        """A remark from any thread."""
        self._later.append(text)

    def flush(self) -> None:
        """Show what `later` collected."""
        while self._later:
            self.notice(self._later.popleft())

    def end(self) -> None:
        """The bar goes."""
        self._erase()
        self.flush()

    # -- inside -----------------------------------------------------------------------------------------------------

    def _picture(self, generating: Generating, now: float) -> Picture:
        stats, reader = generating.stats, generating.reader
        total = expected_rows(reader.rows, reader.position, self.size, generating.ended_input)
        in_flight = list(generating.in_flight)
        tokens = stats.new_tokens + sum(flight.tokens for flight in in_flight)
        elapsed = 0.0 if stats.first_dispatch is None else now - stats.first_dispatch
        mean = stats.new_tokens / stats.rows if stats.rows else 0.0
        begun = sum(min(_MOST_DONE, flight.tokens / mean) for flight in in_flight) if mean else 0.0
        left = None if total is None else remaining_s(stats.rows + begun, total - stats.reused, elapsed)
        loading = self.loading
        stage = ""
        if not tokens and generating.started and loading is not None:
            what = "compiling kernels, on the first run only" if loading.compiled else f"loading {loading.stage}"
            stage = f"{what}: {loading.done} of {loading.total}"
        lanes = []
        for worker in self.service.workers() if self.service and generating.started else []:
            own = stats.workers.get(worker.slot)
            theirs = [flight for flight in in_flight if flight.worker == worker.slot]
            count = (own.new_tokens if own else 0) + sum(flight.tokens for flight in theirs)
            speed = self._lanes.setdefault(worker.slot, RowSpeed()).at(now, count)
            lanes.append(Lane(worker.slot, worker.state, worker.requests, speed, own.rows if own else 0))
        return Picture(
            stats.rows + stats.reused, stats.failed + stats.reused_failed, total, generating.ended_input,
            self._speed.at(now, tokens), left, self._sequences, lanes, stage,
        )  # fmt: skip

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
