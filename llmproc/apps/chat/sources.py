"""Where prompts come from: a pipe, a terminal with readline, a terminal with prompt_toolkit.

All three: `read(prompt)` returns a line without its newline, None at end of input, and lets KeyboardInterrupt (raised
by the loop's signal handler while idle) through. No line is read ahead of its answer by a terminal; a pipe's is kept.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from llmproc.errors import LlmprocError
from llmproc.files.encoding import check_utf8
from llmproc.files.folders import user_folder
from llmproc.processes.nudge import Nudge
from llmproc.processes.patience import wait_readable

_READ = 1 << 16
_LONGEST_LINE = 16 << 20


class LineSource(Protocol):
    """A source of prompts."""

    echoes: bool  # what is entered shows on the screen, with its newline
    leaves_line_open: bool  # Ctrl-C and Ctrl-D leave the cursor behind the prompt sign

    def read(self, prompt: str) -> str | None:
        """Return the next line, or None at the end."""

    def close(self) -> None:
        """Save what is to be saved."""


class CtrlCListener(Protocol):
    """Told by a source that takes Ctrl-C as a key."""

    def entered(self) -> None:
        """Take note that a line was entered."""

    def pressed(self) -> None:
        """Take note that Ctrl-C was typed behind it."""


class PipedSource:
    """Lines of bytes from descriptor 0: single bytes that are not UTF-8 survive as surrogates, UTF-16 is refused."""

    echoes = False
    leaves_line_open = False  # the prompt sign is written by the screen, which knows

    def __init__(self, write_prompt: Callable[[str], None]) -> None:
        self._write_prompt = write_prompt
        self._buffer, self._ended, self._begun = b"", False, False

    def read(self, prompt: str) -> str | None:
        """Return one line; the last one may lack its newline. UsageError when the first one is UTF-16 or UTF-32."""
        self._write_prompt(prompt)
        parts = [self._buffer]
        size = len(self._buffer)
        while b"\n" not in parts[-1] and not self._ended:
            parts.append(self._more())
            self._ended, size = not parts[-1], size + len(parts[-1])
            if size > _LONGEST_LINE:
                raise LlmprocError(f"stdin: a line has more than {_LONGEST_LINE} bytes")
        self._buffer = b"".join(parts)
        if not self._begun:
            self._begun = True
            check_utf8("stdin", self._buffer)
        if not self._buffer:
            return None
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.removesuffix(b"\r").decode("utf-8", "surrogateescape")

    def _more(self) -> bytes:
        while True:
            try:
                return os.read(0, _READ)
            except BlockingIOError:  # the other end made this pipe non-blocking
                wait_readable([0])
            except OSError as error:
                raise LlmprocError(f"stdin: cannot be read: {error.strerror}") from None

    def close(self) -> None:
        """Return at once: there is nothing to save."""


class ReadlineSource:
    """A terminal with the standard library's readline."""

    echoes = True
    leaves_line_open = True

    def __init__(self, history: Path | None, words: Sequence[str]) -> None:
        import readline

        self._readline, self._history, self._nudge = readline, history, Nudge()
        with contextlib.suppress(OSError):
            if history:
                readline.read_history_file(history)
        readline.set_completer_delims("")
        readline.set_completer(lambda text, state: ([w for w in words if w.startswith(text)] + [None])[state])
        readline.parse_and_bind("tab: complete")

    def read(self, prompt: str) -> str | None:
        """Return one line, edited with readline."""
        try:
            return input(prompt)
        except EOFError:
            return None

    def close(self) -> None:
        """Save the history."""
        self._nudge.close()
        if self._history is None:
            return
        with contextlib.suppress(OSError):
            self._history.parent.mkdir(parents=True, exist_ok=True)
            self._readline.set_history_length(1000)
            self._readline.write_history_file(self._history)


class ToolkitSource:
    """A terminal with prompt_toolkit: history, completion while typing, pasted lines stay one prompt, Ctrl-Z."""

    echoes = True
    leaves_line_open = False

    def __init__(self, history: Path | None, words: Sequence[str], listener: CtrlCListener) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import Completer, Completion
        from prompt_toolkit.history import FileHistory

        class Commands(Completer):
            def get_completions(self, document: Any, complete_event: Any) -> Any:
                typed = document.text_before_cursor
                if typed.startswith("/"):
                    for word in words:
                        if word.startswith(typed):
                            yield Completion(word, start_position=-len(typed))

        kept = None
        with contextlib.suppress(OSError):
            if history:
                history.parent.mkdir(parents=True, exist_ok=True)
                kept = FileHistory(str(history))
        self._session: Any = PromptSession(
            history=kept, completer=Commands(), complete_while_typing=True, enable_suspend=True
        )
        self._listener = listener
        accept: Any = self._session.default_buffer.accept_handler

        def entered(buffer: Any) -> Any:
            listener.entered()
            return accept(buffer)

        self._session.default_buffer.accept_handler = entered

    def read(self, prompt: str) -> str | None:
        """Return one prompt, of several lines when they were pasted."""
        try:
            text = str(self._session.prompt(prompt))
        except EOFError:
            return None
        self._look_for_ctrl_c()
        return text

    def _look_for_ctrl_c(self) -> None:
        """Find a Ctrl-C that came before the terminal made signals of it again; the keys behind it are kept.

        It would be the first key of the next prompt otherwise, long after the answer that it was meant for.
        """
        from prompt_toolkit.input.typeahead import get_typeahead, store_typeahead
        from prompt_toolkit.keys import Keys

        source = self._session.input
        keys = [*get_typeahead(source), *self._session.app.key_processor.input_queue, *source.read_keys()]
        pressed = [at for at, press in enumerate(keys) if press.key in (Keys.ControlC, Keys.SIGINT)]
        store_typeahead(source, keys[pressed[-1] + 1 :] if pressed else keys)
        if pressed:
            self._listener.pressed()

    def close(self) -> None:
        """Return at once: the history is saved line by line."""


def history_file() -> Path | None:
    """Return where typed prompts are kept between runs; None for a user without a home."""
    state = user_folder("state")
    return state and state / "history"


def open_source(write_prompt: Callable[[str], None], words: Sequence[str], listener: CtrlCListener) -> LineSource:
    """Return the best source for what stdin and stdout are and what is installed."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return PipedSource(write_prompt)
    try:
        return ToolkitSource(history_file(), words, listener)
    except ImportError:
        return ReadlineSource(history_file(), words)
