"""The process that is recorded: a command that we start and wait for, or a process that runs already.

Used by `record`, whose loop asks a target for its pid, what a signal means to it, whether it has ended, and its exit
code. Nothing is sampled here.
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
    """A command that cannot be started; exit codes as a shell's."""

    def __init__(self, command: str, number: int, hint: str = "") -> None:
        """Say why. `number` is the errno of exec; `hint`, if any, tells what to write instead."""
        super().__init__(f"{command}: cannot be started: {os.strerror(number)}{hint}")
        self.exit_code = 127 if number == errno.ENOENT else 126


class RecordTarget(Protocol):
    """The interface between the loop and the two kinds of target."""

    pid: int
    command: tuple[str, ...]
    usage: struct_rusage | None  # what wait4 gave; None for a process that is not our child
    tree: Tree

    def start(self, mask: set[signal.Signals] | set[int]) -> None:
        """Start it with this signal mask. Raises CommandError."""

    def signal(self, caught: Caught) -> bool:
        """Handle a signal that we received; return whether it ends the recording."""

    def end(self) -> bool:
        """Handle the end of --duration; return whether it ends the recording at once."""

    def ended(self, stat: Stat) -> None:
        """Handle a member of the tree that is a zombie and has been sampled."""

    def has_ended(self) -> bool:
        """Return whether the target itself has ended."""

    def exit_code(self) -> int:
        """Return the exit code, once the recording is over."""


class StartedCommand:
    """A child of ours and everything it starts: orphans among them become our children, and we reap them."""

    def __init__(self, command: Sequence[str]) -> None:
        """Check the command without starting it. Raises CommandError if the program does not exist."""
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
        """Start it with our standard streams and environment."""
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
        """Pass the signal on, unless the terminal has sent it to the whole group already."""
        if not caught.typed:
            self._send(caught.number)
        return False

    def end(self) -> bool:
        """Send SIGTERM, the second time SIGKILL; the recording ends when the command does."""
        self._send(signal.SIGKILL if self._told_to_end else signal.SIGTERM)
        self._told_to_end = True
        return False

    def ended(self, stat: Stat) -> None:
        """Reap it if it is an orphan that became our child."""
        if stat.ppid == os.getpid() and stat.pid != self.pid:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(stat.pid, os.WNOHANG)

    def has_ended(self) -> bool:
        """Return whether it has ended; it stays a zombie until `exit_code`."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def exit_code(self) -> int:
        """Reap it. Return its own code, or 128+n; 0 if it ended by the signal that `end` sent."""
        _, status, self.usage = os.wait4(self.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if self._told_to_end and code in (-signal.SIGTERM, -signal.SIGKILL):
            return 0
        return code if code >= 0 else 128 - code

    def _send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


def _hint(command: Sequence[str]) -> str:
    """Return what was probably meant by a command line in quotes: a program and its arguments in one word."""
    try:
        words = shlex.split(command[0]) if len(command) == 1 else []
    except ValueError:  # an open quote
        words = []
    if len(words) < 2 or shutil.which(words[0]) is None:
        return ""
    return f"; without the quotes it is a program and its arguments: record -- {command[0]}"


class AttachedProcess:
    """A process that another program started; it is only observed."""

    usage: struct_rusage | None = None

    def __init__(self, pid: int) -> None:
        """Find it. Raises UsageError if it does not exist, has ended, or may not be seen."""
        try:
            stat = proc.read_stat(pid)
        except PermissionError as error:
            raise UsageError(f"--pid is {pid}: may not be looked at: {error.strerror}") from None
        if stat is None:
            raise UsageError(f"--pid is {pid}: no such process, or not ours to see")
        if stat.ended:
            raise UsageError(f"--pid is {pid}: it has ended and waits for its parent to reap it")
        if pid == os.getpid():
            raise UsageError(f"--pid is {pid}: that is the recorder itself")
        self.pid, self.starttime = pid, stat.starttime
        self.command = proc.read_command(pid)
        self.tree = Tree(pid)

    def start(self, mask: set[signal.Signals] | set[int]) -> None:
        pass

    def signal(self, caught: Caught) -> bool:
        return True

    def end(self) -> bool:
        return True

    def ended(self, stat: Stat) -> None:
        pass

    def has_ended(self) -> bool:
        """Return whether it is gone or a zombie."""
        stat = proc.read_stat(self.pid)
        return stat is None or stat.starttime != self.starttime or stat.ended

    def exit_code(self) -> int:
        return 0
