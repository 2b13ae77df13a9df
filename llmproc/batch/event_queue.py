"""What main's loop is told, by whom, in one queue: the only thing it ever waits for.

Reader   Arrived, InputEnded, Broken      I/O thread   EventsReady, Broken      Writer   Written, Broken
signal handler   Interrupted              (a SimpleQueue may be put to in a signal handler)
"""

from __future__ import annotations

import queue
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmproc.batch.rows import PromptRow, Refused
from llmproc.session.conversation import Conversation
from llmproc.session.turns import PreparedTurn

if TYPE_CHECKING:
    from llmproc.batch.in_flight import InFlight


@dataclass(frozen=True, slots=True)
class Ready:
    """A row with its ids, ready to become a request."""

    row: PromptRow
    conversation: Conversation
    prepared: PreparedTurn


@dataclass(frozen=True, slots=True)
class Arrived:
    """The next row of the input that has no result yet."""

    item: Ready | Refused


@dataclass(frozen=True, slots=True)
class InputEnded:
    """There are no more; `rows` in all, those with a result included."""

    rows: int


@dataclass(frozen=True, slots=True)
class EventsReady:
    """A request has something to take."""

    flight: InFlight


@dataclass(frozen=True, slots=True)
class Written:
    """So many results more are where they belong."""

    count: int


@dataclass(frozen=True, slots=True)
class Broken:
    """A stage cannot go on."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A signal ends the run."""


Message = Arrived | InputEnded | EventsReady | Written | Broken | Interrupted
EventQueue = queue.SimpleQueue[Message]
