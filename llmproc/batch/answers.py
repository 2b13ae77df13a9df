"""--stream: answers on stdout while they grow, each line with the row's id in front.

When only one request runs at a time its pieces are shown as they come; when several do, each is held back until it
has a line, so that what is read makes sense. Of several answers to a row the first is shown so, the others at the end.
Text only; the display writes it.
"""

from __future__ import annotations

from llmproc.batch.record import ResultRow

_LONGEST_ID = 40


class AnswerText:
    """The text to write for each piece and each end."""

    def __init__(self, one_at_a_time: bool, width: int = 80) -> None:
        """Begin with nothing held back. `width`: characters of a line at most, when several run."""
        self._one, self._width = one_at_a_time, max(20, width)
        self._held: dict[int, str] = {}  # by row: what has not been shown; one at a time: what was shown last
        self._later = ""  # of rows that ended in the middle of another's line

    def pieces(self, index: int, name: str | int, text: str) -> str:
        """Return what to write for new text of a row."""
        label, held = _label(name), self._held.get(index)
        if self._one:
            self._held[index] = text
            return text if held is not None else label + text
        *lines, rest = ((held or "") + text).split("\n")
        width = self._width - len(label)
        whole = [part for line in lines for part in _wrapped(line, width)]
        *more, self._held[index] = _wrapped(rest, width)
        return "".join(f"{label}{line}\n" for line in [*whole, *more])

    def ended(self, row: ResultRow) -> str:
        """Return what to write for a row that has its result."""
        label, held = _label(row.id), self._held.pop(row.index, None)
        error = f"{label}error: {row.error}\n" if row.status != "ok" else ""
        if not self._one:
            rest = held.rstrip() if held else ""
            told = (f"{label}{rest}\n" if rest or (held is None and not error) else "") + error
            return told + self._others(row)
        newline = "" if held is None or held.endswith("\n") else "\n"
        told = newline + (error or f"{label}\n" if held is None else error) + self._others(row)
        if self._held:
            self._later += told
            return ""
        told, self._later = told + self._later, ""
        return told

    def _others(self, row: ResultRow) -> str:
        """Return the lines of a row's second answer and those after it, which are shown when they are complete."""
        told = ""
        for number, answer in enumerate(row.choices or (), 1):
            label = _label(row.id, f", answer {number}")
            lines = answer.text.rstrip().split("\n") if number > 1 else ()
            told += "".join(f"{label}{part}\n" for line in lines for part in _wrapped(line, self._width - len(label)))
        return told


def _wrapped(line: str, width: int) -> list[str]:
    """Return pieces of at most `width` characters, cut at spaces where there are any; the last one may be empty."""
    found = []
    while len(line) > width:
        at = line.rfind(" ", 1, width) + 1 or width
        found.append(line[:at].rstrip())
        line = line[at:]
    return [*found, line]


def _label(name: str | int, which: str = "") -> str:
    text = " ".join(str(name).split())
    return f"[{text if len(text) <= _LONGEST_ID else text[: _LONGEST_ID - 3] + '...'}{which}] "
