"""How `top` looks: a view as lines of styled texts, fitted to a terminal. `--once` prints the same lines.

Used by the screens. Pure text: the kind of a text says what it is, a screen decides how that is shown. When a terminal
is too narrow, columns are dropped, the least important first; when it is too low, lines far from the selected one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

from llmproc.monitor.live import GONE, InstanceView, LiveView, ProcessRow
from llmproc.monitor.proc import ProcessKey
from llmproc.report.columns import PSS_COLUMN, USE_COLUMNS, Column, decimal, fitting, header_line, whole_number
from llmproc.text.tokenizers.streaming import printable

KEYS = "up/down: select a worker   + -: nice   0-9, p: pin to a core, the next core   u: unpin   q: quit"
Line = tuple["StyledText", ...]


@dataclass(frozen=True, slots=True)
class StyledText:
    """A piece of a line. Kinds: "" title instance header selected busy waiting message."""

    text: str
    kind: str = ""


_STATE_KINDS = {"R": "busy", "T": "waiting", "t": "waiting", "D": "waiting", "Z": "waiting", GONE: "waiting"}


def _state(row: ProcessRow) -> str:
    """Return the kernel's letter; a worker without a process has a word of its own instead: `-`."""
    return row.state if len(row.state) == 1 else "-"


def _core(row: ProcessRow) -> str:
    """Return the core; `=1`: it may not run on another."""
    pinned = "=" if len(row.allowed) == 1 and (os.cpu_count() or 1) > 1 else ""
    return "-" if row.core is None else f"{pinned}{row.core}"


def _ranks(row: ProcessRow) -> str:
    """Return how many of its threads compute at present, as `1/2`."""
    return "-" if row.ranks is None else f"{row.ranks_in_use}/{row.ranks}"


COLUMNS: tuple[Column[ProcessRow], ...] = (
    Column("PID", lambda row: str(row.pid or "-")),
    Column("ROLE", lambda row: row.name, left=True),
    Column("S", _state, left=True, kind=lambda row: _STATE_KINDS.get(row.state, "")),
    Column("POLICY", lambda row: row.policy or "-", left=True),
    Column("NICE", lambda row: whole_number(row.nice)),
    Column("CORE", _core, goes=4),
    *USE_COLUMNS,
    PSS_COLUMN,
    Column("SWITCH/S", lambda row: whole_number(row.switches_per_s), goes=1),
    Column("RANKS", _ranks, goes=2),
    Column("TOK/S", lambda row: decimal(row.tokens_per_s)),
    Column("SEQ", lambda row: whole_number(row.sequences)),
    Column("QUEUE", lambda row: whole_number(row.queue), goes=5),
    Column("STEALS", lambda row: whole_number(row.steals), goes=2),
)


def body(view: LiveView, width: int | None, selected: ProcessKey | None = None) -> list[Line]:
    """Return the table: per instance a line of its own, then its processes."""
    rows = [row for group in view.groups for row in group.rows]
    columns = fitting(COLUMNS, rows, width)
    lines: list[Line] = []
    for group in view.groups:
        if lines:
            lines.append(())
        lines.append((StyledText(_about(group, view.t, width), "instance"),))
        lines.append((StyledText(header_line(columns), "header"),))
        for row in group.rows:
            chosen = selected is not None and (row.pid, row.starttime) == selected
            lines.append(_row(row, columns, chosen))
    return lines


def whole(
    view: LiveView, width: int, height: int, selected: ProcessKey | None, message: str, interval_s: float, where: str
) -> list[Line]:
    """Return a full screen: title, the table around the selected row, a message or the keys. At most `height` lines."""
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    count = f"{len(view.groups)} instance" + ("" if len(view.groups) == 1 else "s")
    title = f"llmproc top  {time.strftime('%H:%M:%S')}  {count}, every {interval_s:g} s   load {load}"
    table = body(view, width, selected) or [(StyledText(_cut(where, width), "message"),)]
    room = max(1, height - 4)
    if len(table) > room:
        at = next((place for place, line in enumerate(table) if any(s.kind == "selected" for s in line)), 0)
        first = max(0, min(at - room // 2, len(table) - room))
        table = table[first : first + room]
    last = StyledText(_cut(message, width), "message") if message else StyledText(_cut(KEYS, width), "title")
    return [(StyledText(_cut(title, width), "title"),), (), *table, (), (last,)][:height]


def plain(lines: Sequence[Line]) -> str:
    """Return the lines as text."""
    return "".join("".join(span.text for span in line).rstrip() + "\n" for line in lines)


def _about(group: InstanceView, now: float, width: int | None) -> str:
    """Describe an instance in a line; with the run folder if there is room."""
    instance, up = group.instance, int(max(0, now - group.instance.started_t))
    program, _, arguments = instance.command.partition(" ")
    text = f"{instance.pid}: up {up // 3600}:{up // 60 % 60:02}:{up % 60:02}   {program.rpartition('/')[2]} {arguments}"
    more = f"{text}   {instance.run_folder}"
    chosen = more if instance.run_folder and (width is None or len(more) <= width) else text
    return _cut(printable(chosen).replace("\n", " "), width)


def _row(row: ProcessRow, columns: Sequence[tuple[Column[ProcessRow], int]], selected: bool) -> Line:
    spans = []
    for place, (column, wide) in enumerate(columns):
        text = column.padded(printable(column.text(row)), wide)
        spans.append(StyledText((" " if place else "") + text, "selected" if selected else column.kind(row)))
    return tuple(spans)


def _cut(text: str, width: int | None) -> str:
    return text if width is None or len(text) <= width else text[: max(0, width - 3)] + "..."
