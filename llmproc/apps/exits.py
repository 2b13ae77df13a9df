"""How a program starts and ends: a quiet Ctrl-C, one line for an error, and the exit code that says why.

Used by every entry point and verb. Imported before anything slow, so it imports nothing of the project but errors and
`files.streams`.
"""

from __future__ import annotations

import contextlib
import importlib
import signal
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from llmproc.errors import LlmprocError, missing_package
from llmproc.files.escaping import one_line
from llmproc.files.interpreter import INTERRUPTED, leave_at_once, quiet_interrupt
from llmproc.files.streams import OutputLostError, forget_stdout, open_standard_streams, write_rest

SOME_FAILED = 1  # the run is complete, and a request or prompt in it failed
CLOSED_STDOUT = 141  # as the shell says it of a program that SIGPIPE ended


def prepare_process() -> None:
    """Call first. Until a verb installs its own handler, Ctrl-C then ends the program without a traceback."""
    open_standard_streams()
    quiet_interrupt()


def leave(code: int) -> NoReturn:
    """Exit. A key pressed from now on must not end an interpreter that is ending, with another status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    written = write_rest()
    sys.exit(code if written else code or OutputLostError.exit_code)


def interruptible() -> None:
    """Make Ctrl-C a KeyboardInterrupt from here on, for a verb that cleans up after itself."""
    if signal.getsignal(signal.SIGINT) is leave_at_once:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def complain(error: object) -> None:
    """Print the one line of an error that ends the program; a stderr that cannot be written is not an error."""
    with contextlib.suppress(OSError):
        print(one_line(f"llmproc: {error}"), file=sys.stderr, flush=True)


def exit_code_of(verb: Callable[[], int]) -> int:
    """Run a verb; the one place where what ends it early becomes an exit code."""
    try:
        return verb()
    except LlmprocError as error:
        if isinstance(error, OutputLostError):
            forget_stdout()
        complain(error)
        return error.exit_code
    except ModuleNotFoundError as error:
        missing = missing_package(error)
        if missing is None:
            raise
        complain(missing)
        return missing.exit_code
    except BrokenPipeError:
        forget_stdout()
        return CLOSED_STDOUT
    except OSError as error:
        if not str(error.filename).startswith("/proc/"):
            raise
        complain(f"{error.filename} cannot be read ({error.strerror}): is /proc mounted?")
        return LlmprocError.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED


def call_verb(target: str, arguments: Sequence[str], prog: str) -> int:
    """Import `module:function` and call it with arguments and prog; returns the exit code.

    A package that is not installed is one line with the command that installs it.
    """
    module, _, function = target.partition(":")
    return exit_code_of(lambda: getattr(importlib.import_module(module), function)(arguments, prog))


def exit_code(failure: LlmprocError | None = None, ended_by: int = 0, failed: bool = False) -> int:
    """Return how a run ends, from all that happened in it.

    `failure`: the error that ended it; `ended_by`: the signal that did, 0 for none; `failed`: whether a request failed.
    A signal goes before an output that is lost: the terminal may have gone together with it.
    """
    if failure is not None and not (ended_by and isinstance(failure, OutputLostError)):
        return failure.exit_code
    if ended_by:
        return 128 + ended_by
    return SOME_FAILED if failed else 0
