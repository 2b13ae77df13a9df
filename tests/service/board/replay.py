"""The request board's own code, run one memory operation at a time: what an exhaustive test needs.

Nothing of the protocol is written down a second time. `Replay` runs the real functions (`Claims.claim`, the kernels'
source, `RequestBoard`'s methods) over a memory that records: a function that depends on nothing but what it was called
with and what its loads gave is run from its start with the results it had so far, until it asks for one more. That
request is its next step. A process is therefore (call, results so far): a value that can be kept, compared and copied.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from llmproc.errors import LlmprocError
from llmproc.kernels import rings
from llmproc.processes.boardlayout import WORD, BoardLayout
from llmproc.processes.boardview import BoardView
from llmproc.processes.frames import HEADER_SIZE
from llmproc.processes.requestboard import Producer, RequestBoard
from llmproc.service import claims

SLOT_BYTES = 32
Operation = tuple[str, int, Any, Any]  # load, store or cas; place; value or expected; wanted
Edit = tuple[str, str]  # a piece of a kernel's source and what stands there instead


class _Pending(BaseException):
    """The function needs the result of one more operation."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation


class _Returned(NamedTuple):
    """Stands for the results of a function that is over."""

    name: str
    value: Any


class _Tape:
    """Gives the results there are, then stops the function."""

    def __init__(self) -> None:
        self.results: list[Any] = []
        self.at = 0

    def perform(self, kind: str, place: int, value: Any = None, wanted: Any = None) -> Any:
        if self.at == len(self.results):
            raise _Pending((kind, place, value, wanted))
        self.at += 1
        return self.results[self.at - 1]

    def short(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, whose results are replaced by what it returns."""

        def call(*arguments: Any) -> Any:
            over = self.results[self.at] if self.at < len(self.results) else None
            if isinstance(over, _Returned) and over.name == function.__name__:  # not one that it called first of all
                self.at += 1
                return over.value
            begin = self.at
            value = function(*arguments)
            kept = _FROZEN.get(type(value), _same)(value)
            self.results[begin : self.at] = [_Returned(function.__name__, kept)]
            self.at = begin + 1
            return kept

        return call

    def laps(self) -> Callable[[], bool]:
        """A condition for an endless loop that begins anew each time: earlier laps are forgotten."""
        begin = self.at

        def again() -> bool:
            del self.results[begin : self.at]
            self.at = begin
            return True

        return again


def _same(value: Any) -> Any:
    return value


_FROZEN: dict[type, Callable[[Any], Any]] = {list: tuple, set: frozenset}
READERS = ("word", "attempt", "cancelled", "read_request", "lengths", "room", "in_rings", "stranded")


class _Words:
    """The board's words; the header, which nobody reads here, is left out, and tails where they are of no interest."""

    def __init__(self, tape: _Tape, places: dict[int, int]) -> None:
        self._tape, self._places = tape, places

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(index.start, index.stop)]
        return self._tape.perform("load", self._places[index])

    def __setitem__(self, index: int, value: int) -> None:
        if index in self._places:
            self._tape.perform("store", self._places[index], value)


class _Arena:
    """The frames. One is written in two stores, and torn between them; a reader gets all of it at one time."""

    def __init__(self, tape: _Tape, layout: BoardLayout, places: dict[int, int], torn: bool) -> None:
        self._tape, self._layout, self._places, self._torn = tape, layout, places, torn
        self._read = b""

    def _place(self, part: slice) -> int:
        slot, offset = divmod(part.start - self._layout.arena, self._layout.slot_bytes)
        assert offset == 0
        return self._places[self._layout.arena + slot]

    def __getitem__(self, part: slice) -> bytes:
        if part.stop - part.start == HEADER_SIZE:  # what is read first, to know how much there is
            self._read = self._tape.perform("load", self._place(part)) or bytes(HEADER_SIZE)
        return self._read[: part.stop - part.start]

    def __setitem__(self, part: slice, data: bytes) -> None:
        if self._torn:
            self._tape.perform("store", self._place(part), data[:HEADER_SIZE].ljust(len(data), b"?"))
        self._tape.perform("store", self._place(part), data)


def interpreted(kernel: Any, tape: _Tape, places: dict[int, int], edits: Sequence[Edit]) -> Callable[..., int]:
    """A kernel's source as a Python function whose atomic operations go through the tape. Addresses count from 0."""
    source = textwrap.dedent(inspect.getsource(kernel))
    source = source[source.index("def ") :]
    for old, new in edits:
        source = source.replace(old, new)
    names: dict[str, Any] = dict(vars(rings))
    names["load_i64"] = lambda address: tape.perform("load", places[address // WORD])

    def store(address: int, value: int) -> None:
        if address // WORD in places:
            tape.perform("store", places[address // WORD], value)

    names["store_i64"] = store
    names["compare_exchange_i64"] = lambda address, expected, wanted: tape.perform(
        "cas", places[address // WORD], expected, wanted
    )
    names["laps"] = tape.laps
    if "while True:" in source:  # nothing may stand before it: what it leads to depends on the arguments alone
        body = source.split('"""')[2].lstrip()
        assert body.startswith("while True:") and source.count("while True:") == 1
        source = source.replace("while True:", "again = laps()\n    while again():")
    exec(compile(source, "kernel", "exec"), names)
    return tape.short(names[kernel.__name__])


class Replay:
    """The processes of one board: main's RequestBoard, and a Claims for every worker."""

    def __init__(
        self,
        layout: BoardLayout,
        producer: Producer,
        steals: bool,
        edits: Sequence[Edit] = (),
        board_class: type[RequestBoard] = RequestBoard,
        coarse: bool = False,
    ) -> None:
        """`coarse`: a frame is written at once, and thieves look everywhere, whatever the lengths: fewer steps."""
        self._tape = _Tape()
        self.places = places_of(layout, tails=not coarse)
        words, arena = _Words(self._tape, self.places), _Arena(self._tape, layout, self.places, torn=not coarse)
        self.board = board_class(layout, arena, words, None, producer=producer)  # type: ignore[arg-type]
        view = BoardView(layout, arena, words, None)  # type: ignore[arg-type]
        self.kernels = SimpleNamespace(
            take=interpreted(rings.take, self._tape, self.places, edits),
            publish=interpreted(rings.publish, self._tape, self.places, edits),
        )
        for name in READERS:
            for owner in (self.board, view):
                if hasattr(owner, name):
                    setattr(owner, name, self._tape.short(getattr(owner, name)))
        if coarse:
            view.lengths = lambda: [1] * layout.workers  # type: ignore[method-assign]
        source = inspect.getsource(rings)
        assert all(source.count(old) == 1 for old, _ in edits), "an edit does not fit the kernels' source any more"
        linked = SimpleNamespace(linked=lambda name: getattr(self.kernels, name, None))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(claims, "calls", linked)  # Claims calls the interpreted kernels
            self.claims = [claims.Claims(view, worker, steals, by_length) for worker in range(layout.workers)]
        self._known: dict[Any, tuple[str, Any, Any]] = {}

    def next(self, call: Callable[..., Any], arguments: tuple[Any, ...], own: Any, results: tuple[Any, ...]) -> Any:
        """What a process does next: ("do", operation, results), ("return", value, own) or ("raise", error, None).

        The results are those that still matter.

        `call(replay, *arguments)` is what it does; `own`: what main's board remembers (None for a worker).
        """
        key = (call, arguments, own, results)
        if key not in self._known:
            self._known[key] = self._run(call, arguments, own, results)
        return self._known[key]

    def _run(self, call: Callable[..., Any], arguments: tuple[Any, ...], own: Any, results: tuple[Any, ...]) -> Any:
        self._tape.results, self._tape.at = list(results), 0
        if own is not None:
            self.remember(own)
        try:
            value = call(self, *arguments)
        except _Pending as pending:
            return "do", pending.operation, tuple(self._tape.results)
        except (LlmprocError, ValueError) as error:
            return "raise", error, None
        return "return", value, self.own() if own is not None else None

    def own(self) -> tuple[Any, ...]:
        """All that main's board remembers outside the shared memory."""
        board = self.board
        cells = tuple(map(tuple, board._appended))
        return tuple(board._free), tuple(board._ends), cells, tuple(board._written), frozenset(board._flagged)

    def remember(self, own: tuple[Any, ...]) -> None:
        """Let main's board remember this."""
        board = self.board
        free, ends, appended, written, flagged = own
        board._free, board._ends, board._appended = list(free), list(ends), [list(cells) for cells in appended]
        board._written, board._flagged = list(written), set(flagged)


def by_length(lengths: Sequence[int], me: int) -> list[int]:
    """Fullest first, as dispatch says."""
    count = len(lengths)
    return sorted((r for r in range(count) if lengths[r]), key=lambda r: (-lengths[r], (r - me) % count))


def places_of(layout: BoardLayout, tails: bool) -> dict[int, int]:
    """Every word that is used (and, from `arena` on, every slot's frame) -> its place in a small tuple."""
    used = []
    for ring in range(layout.workers):
        used += [layout.head(ring), layout.tail(ring)] if tails else [layout.head(ring)]
        used += [layout.cell(ring, position) for position in range(layout.cells)]
    used += [start + slot for start in (layout.words, layout.flags, layout.arena) for slot in range(layout.slots)]
    return {index: place for place, index in enumerate(used)}
