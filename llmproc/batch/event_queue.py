"""What main's loop waits for: everything that happens to a run, in one queue.

Reader   Arrived, InputEnded, Broken      backend   EventsReady, Broken         Writer   Written, Broken
signal handler   Interrupted              (a Mailbox may be put to in a signal handler)
"""

from __future__ import annotations

from dataclasses import dataclass

from llmproc.batch.backend import PreparedRow
from llmproc.batch.rows import Refused
from llmproc.processes.mailbox import Mailbox


@dataclass(frozen=True, slots=True)
class Arrived:
    """The next row of the input that has no result yet."""

    item: PreparedRow | Refused


@dataclass(frozen=True, slots=True)
class InputEnded:
    """The end of the input; `rows` in all, those with a result included."""

    rows: int


@dataclass(frozen=True, slots=True)
class EventsReady:
    """A request of row `index` has something to take."""

    index: int


@dataclass(frozen=True, slots=True)
class Written:
    """`count` more results are where they belong."""

    count: int


@dataclass(frozen=True, slots=True)
class Broken:
    """A stage cannot go on."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A signal ends the run."""


Message = Arrived | InputEnded | EventsReady | Written | Broken | Interrupted
EventQueue = Mailbox[Message]
