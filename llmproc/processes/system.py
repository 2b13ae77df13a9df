"""The few system calls Python has no name for, by ctypes; and closing what a forked child must not keep."""

from __future__ import annotations

import ctypes
import os
import re
import signal
from collections.abc import Iterable
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
PR_SET_CHILD_SUBREAPER = 36
PR_GET_CHILD_SUBREAPER = 37

_CAUSES: dict[int, str] = {
    signal.SIGKILL: "out of memory?",
    signal.SIGBUS: "no room left in shared memory, or a file that became shorter?",
    signal.SIGILL: "an instruction that this CPU does not have?",
    signal.SIGSYS: "a system call that a sandbox forbids?",
    signal.SIGXCPU: "its limit of CPU time? (ulimit -t)",
    signal.SIGXFSZ: "its limit of file size? (ulimit -f)",
}

libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, argument: object) -> None:
    if libc.prctl(option, argument, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), f"prctl({option})")


def set_process_name(name: str) -> None:
    """Name shown as comm in /proc (at most 15 bytes are kept by the kernel)."""
    _prctl(PR_SET_NAME, ctypes.c_char_p(name.encode()))


def set_parent_death_signal(number: int) -> None:
    """Ask for `number` when the parent thread dies; 0 takes it back. Cleared by fork, set it after re-parenting."""
    _prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(number))


def get_child_subreaper() -> bool:
    """Return whether orphaned descendants are re-parented to this process."""
    value = ctypes.c_int()
    _prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(value))
    return bool(value.value)


def set_child_subreaper(on: bool) -> None:
    """Make this process the new parent of orphaned descendants, or stop being it."""
    _prctl(PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(int(on)))


def close_all_fds_but(keep: Iterable[int]) -> None:
    """Close every descriptor above 2 that is not in `keep`: a sibling's inherited pipe end hides a death for ever."""
    low = 3
    for fd in sorted(fd for fd in set(keep) if fd >= 3):
        os.closerange(low, fd)
        low = fd + 1
    os.closerange(low, os.sysconf("SC_OPEN_MAX"))


def ignores(number: int) -> bool:
    """Tell whether this process ignores a signal, by the kernel's word: Python knows only what it set itself."""
    found = re.search(r"^SigIgn:\s*([0-9a-f]+)$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return found is not None and bool(int(found[1], 16) >> (number - 1) & 1)


def stop_ignoring(number: int) -> None:
    """Set a signal to its default action; from any thread, which `signal.signal` cannot do."""
    libc.signal(number, 0)


def task_count() -> int:
    """Return the threads of this process as the kernel counts them."""
    return len(os.listdir("/proc/self/task"))


def task_names() -> list[str]:
    """Return the names of the tasks."""
    return [Path(f"/proc/self/task/{tid}/comm").read_text().strip() for tid in os.listdir("/proc/self/task")]


def exit_code(status: int | None) -> int | None:
    """Return the exit code of a wait status, -signal where a signal ended it; None where the status is not known."""
    return None if status is None else os.waitstatus_to_exitcode(status)


def probable_cause(code: int | None) -> str:
    """Name what most often ends a process so (exit code, or -signal); "" where nothing can be said."""
    return _CAUSES.get(-code, "") if code is not None else ""


def describe_status(status: int | None) -> str:
    """Return a wait status in words: the exit code, or the signal by number and name."""
    if status is None:
        return "an unknown status"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = "unknown"
        return f"signal {number} ({name})"
    return str(os.waitstatus_to_exitcode(status))
