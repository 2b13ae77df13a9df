"""What is recorded: a command that we start and wait for, or a process that runs already.

Serves the app's loop, which asks a target for its pid, for a descriptor that tells its end, what a signal means to it,
and its exit code. No sampling here.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import shutil
import signal
from collections.abc import Sequence
from resource import struct_rusage
from typing import Protocol

from llmproc.errors import LlmprocError, UsageError
from llmproc.monitor import proc
from llmproc.monitor.proc import Stat
from llmproc.monitor.tree import Tree
from llmproc.processes.children import read_children
from llmproc.processes.signalfd import Caught
from llmproc.processes.system import set_child_subreaper


class CommandError(LlmprocError):
    """The command cannot be started; exit codes as a shell's."""

    def __init__(self, command: str, number: int, hint: str = "") -> None:
        """`number` is the errno of exec; `hint`, if any, says what to write instead."""
        super().__init__(f"{command}: cannot be started: {os.strerror(number)}{hint}")
        self.exit_code = 127 if number == errno.ENOENT else 126


class RecordTarget(Protocol):
    """What the loop asks."""

    pid: int
    command: tuple[str, ...]
    usage: struct_rusage | None  # what wait4 gave; None for a process that is not our child
    tree: Tree

    def start(self, mask: set[signal.Signals] | set[int]) -> None:
        """With this signal mask. Raises CommandError."""

    def signal(self, caught: Caught) -> bool:
        """A signal came to us; whether it ends the recording."""

    def end(self) -> bool:
        """Its time is over; whether that ends the recording at once."""

    def ended(self, stat: Stat) -> None:
        """A member of the tree is a zombie, and has been sampled."""

    def has_ended(self) -> bool:
        """Whether the target itself has."""

    def exit_code(self) -> int:
        """When the recording is over."""


class StartedCommand:
    """A child of ours, and all that it starts: what loses its parent becomes our child, and is reaped by us."""

    def __init__(self, command: Sequence[str]) -> None:
        """Nothing is started yet. Raises CommandError when there is no such program."""
        self.command = tuple(command)
        if shutil.which(self.command[0]) is None:
            number = errno.EACCES if os.path.exists(self.command[0]) else errno.ENOENT
            raise CommandError(self.command[0], number, _hint(self.command) if number == errno.ENOENT else "")
        self.pid = 0
        self.usage: struct_rusage | None = None
        others = read_children(os.getpid()) or ()  # from before we became this program, by exec
        self.tree = Tree(os.getpid(), with_root=False, leave_out=others)
        self._told_to_end = False

    def start(self, mask: set[signal.Signals] | set[int]) -> None:
        """With our standard streams and our environment."""
        set_child_subreaper(True)
        try:
            self.pid = os.posix_spawnp(
                self.command[0],
                self.command,
                os.environ,
                setsigmask=mask,
                setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),  # Python ignores them
            )
        except OSError as error:
            raise CommandError(self.command[0], error.errno or errno.EIO) from None

    def signal(self, caught: Caught) -> bool:
        """Passed on, unless the terminal has sent it to the whole group already; the command says what it means."""
        if not caught.typed:
            self._send(caught.number)
        return False

    def end(self) -> bool:
        """SIGTERM first, then force; the recording ends when it does."""
        self._send(signal.SIGKILL if self._told_to_end else signal.SIGTERM)
        self._told_to_end = True
        return False

    def ended(self, stat: Stat) -> None:
        """One that is our child by adoption is reaped."""
        if stat.ppid == os.getpid() and stat.pid != self.pid:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(stat.pid, os.WNOHANG)

    def has_ended(self) -> bool:
        """It stays a zombie until `exit_code`."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def exit_code(self) -> int:
        """Reaps it. Its own code, or 128+n; 0 when it ended on the signal that `end` sent."""
        _, status, self.usage = os.wait4(self.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if self._told_to_end and code in (-signal.SIGTERM, -signal.SIGKILL):
            return 0
        return code if code >= 0 else 128 - code

    def _send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


def _hint(command: Sequence[str]) -> str:
    """Return what was meant by a command line in quotes: a program and its arguments in one word."""
    try:
        words = shlex.split(command[0]) if len(command) == 1 else []
    except ValueError:  # an open quote
        words = []
    if len(words) < 2 or shutil.which(words[0]) is None:
        return ""
    return f"; without the quotes it is a program and its arguments: record -- {command[0]}"


class AttachedProcess:
    """A process that somebody else started; it is only looked at."""

    usage: struct_rusage | None = None

    def __init__(self, pid: int) -> None:
        """Raises UsageError for a process that is not there, has ended, or may not be seen."""
        try:
            stat = proc.read_stat(pid)
        except PermissionError as error:
            raise UsageError(f"--pid is {pid}: may not be looked at: {error.strerror}") from None
        if stat is None:
            raise UsageError(f"--pid is {pid}: there is no such process, or it is not ours to see")
        if stat.ended:
            raise UsageError(f"--pid is {pid}: it has ended, and only waits for its parent")
        if pid == os.getpid():
            raise UsageError(f"--pid is {pid}: that is the recorder itself")
        self.pid, self.starttime = pid, stat.starttime
        self.command = proc.read_command(pid)
        self.tree = Tree(pid)

    def start(self, mask: set[signal.Signals] | set[int]) -> None:
        """It runs already."""

    def signal(self, caught: Caught) -> bool:
        """It is for us."""
        return True

    def end(self) -> bool:
        """Its own time is not ours to end."""
        return True

    def ended(self, stat: Stat) -> None:
        """Its parent reaps it."""

    def has_ended(self) -> bool:
        """Gone, or a zombie."""
        stat = proc.read_stat(self.pid)
        return stat is None or stat.starttime != self.starttime or stat.ended

    def exit_code(self) -> int:
        """Its own is its parent's affair."""
        return 0
