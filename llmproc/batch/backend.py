"""What answers rows, as the three stages see it: worker processes of this machine, or servers elsewhere.

    reader's thread   Backend.prepare(row) -> PreparedRow         judged, and whatever can be done before it is sent
    main's thread     PreparedRow.send(...) -> RowUnderWay        notify() tells that something can be taken
                      RowUnderWay.drain() ... result() -> ResultRow

Implemented by `local` (a `service.Service`) and `remote_rows` (`remote`). Never in it: models, ids, processes, HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol

from llmproc.batch.record import ResultRow
from llmproc.batch.rows import PromptRow
from llmproc.telemetry.record import RequestRecord


@dataclass(frozen=True, slots=True)
class LaneStatus:
    """One worker or server at this moment."""

    number: int
    name: str
    state: str  # ready, or what it is instead
    running: int  # requests


class RowUnderWay(Protocol):
    """A row whose requests have been sent, one for each of its answers. Used on main's thread."""

    @property
    def row(self) -> PromptRow:
        """Return the row that was sent."""

    @property
    def requests(self) -> int:
        """Return the number of its requests."""

    @property
    def tokens(self) -> int:
        """Return how many tokens have come."""

    def tokens_of(self, lane: int) -> int:
        """Return how many tokens have come from a worker or server."""

    def moments(self) -> tuple[float | None, float | None]:
        """Return when the first of its requests was begun, and when the last one ended, on CLOCK_MONOTONIC."""

    def drain(self) -> list[str]:
        """Take what has come since; return the pieces of the first answer's text. After the last one it has `ended`."""

    @property
    def ended(self) -> bool:
        """Return whether all its requests have ended, and their events have been taken."""

    def cut_off(self) -> bool:
        """Return whether it ended for a reason that is not the row's: it has no result then."""

    def result(self) -> ResultRow:
        """Return the result of a row that has ended."""

    def span(self, content: bool) -> RequestRecord | None:
        """Return what a trace tells of a row that has ended, `content`: with its texts; None if nothing was asked."""


class PreparedRow(Protocol):
    """A row that is ready to be sent."""

    @property
    def row(self) -> PromptRow:
        """Return the row."""

    def send(self, notify: Callable[[], None], every_token: bool) -> RowUnderWay:
        """Send its requests. `notify`: called on any thread when something can be taken.

        `every_token`: also of tokens, else of ends alone. RequestError when it is refused.
        """


class Backend(Protocol):
    """The thing that answers, as a context manager: whatever it started has ended when it is left."""

    def __enter__(self) -> Backend: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def prepare(self, row: PromptRow) -> PreparedRow:
        """Make a row ready. Called on the reader's thread. RequestError when it cannot be asked."""

    def start(self) -> None:
        """Start, before the first row is sent; returns at once."""

    def lanes(self) -> Sequence[LaneStatus]:
        """Return what the workers or servers do now."""

    def about(self) -> dict[str, Any]:
        """Return what it is made of, for the summary and run.json: at least workers, threads and sequences."""
