"""The keyboard of `top`: a terminal that gives single keys instead of lines, and what the bytes of a key mean.

Used by the app's loop. Ctrl-C and Ctrl-Z stay signals. `restore` always puts the terminal back; what a key does is
decided by the app.
"""

from __future__ import annotations

import contextlib
import os
import re
import termios
import tty

_KEY = re.compile(rb"\x1b[\[O][0-9;]*([A-Za-z~])|\x1b(?![\[O])|(.)", re.DOTALL)
_UNFINISHED = re.compile(rb"\x1b(?:[\[O][0-9;]*)?\Z")
_ARROWS = {b"A": "up", b"B": "down"}
_LETTERS = {b"k": "up", b"j": "down", b"=": "+", b"_": "-", b"Q": "q"}


class Keyboard:
    """A terminal to read keys from. `take` it and `restore` it; both may be repeated (Ctrl-Z in between)."""

    def __init__(self, fd: int) -> None:
        """Remember the settings of `fd`, which must be a terminal."""
        self.fd = fd
        self._before = termios.tcgetattr(fd)
        self._rest = b""

    def take(self) -> None:
        """Switch to single keys that are not echoed."""
        tty.setcbreak(self.fd, termios.TCSADRAIN)

    def restore(self) -> None:
        """Restore the settings. Does nothing if the terminal has been closed."""
        with contextlib.suppress(termios.error, OSError):
            termios.tcsetattr(self.fd, termios.TCSADRAIN, self._before)

    def read(self) -> list[str] | None:
        """Wait for keys and return them; None when the terminal has been closed."""
        try:
            data = os.read(self.fd, 1024)
        except OSError:
            return None
        if not data:
            return None
        keys, self._rest = decode(self._rest + data)
        return keys


def decode(data: bytes) -> tuple[list[str], bytes]:
    """Return (keys: up, down or a character; the rest: the beginning of a key whose bytes have not all arrived)."""
    unfinished = _UNFINISHED.search(data)
    rest = unfinished[0] if unfinished else b""
    keys = []
    for match in _KEY.finditer(data[: len(data) - len(rest)]):
        if match[1]:
            keys.append(_ARROWS.get(match[1], ""))
        elif match[2]:
            keys.append(_LETTERS.get(match[2], match[2].decode("latin-1")))
    return [key for key in keys if key], rest
