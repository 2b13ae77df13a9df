"""Scheduling policy, nice value and affinity of a whole process, set task by task.

On Linux these belong to threads: a value set on the process id reaches its first thread alone. So every task is set,
and again until no new one has appeared. sched_setattr(2) by number, since Python has no name for it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import struct
from collections.abc import Iterable

from llmproc.config import POLICIES, Scheduling
from llmproc.processes.system import libc

_NUMBERS = {  # of sched_setattr and sched_getattr
    "x86_64": (314, 315),
    "aarch64": (274, 275),
    "riscv64": (274, 275),
    "ppc64le": (355, 356),
    "s390x": (345, 346),
}
_REAL_TIME = ("fifo", "rr")
_ATTR = struct.Struct("<IIQiIQQQ")  # size, policy, flags, nice, priority, runtime, deadline, period


class _Syscall:
    def __init__(self) -> None:
        self.set: int | None
        self.get: int | None
        self.set, self.get = _NUMBERS.get(platform.machine(), (None, None))

    def call(self, number: int | None, *arguments: object) -> None:
        if number is None:
            raise OSError(38, f"sched_setattr is not known on {platform.machine()}")
        if libc.syscall(number, *arguments) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))


_syscall = _Syscall()


def get_task(tid: int) -> tuple[int, int, int]:
    """Return (policy number, nice, real-time priority) of one task."""
    buffer = ctypes.create_string_buffer(_ATTR.size)
    _syscall.call(_syscall.get, tid, buffer, _ATTR.size, 0)
    _, policy, _, _, priority, *_ = _ATTR.unpack(buffer.raw)
    return policy, os.getpriority(os.PRIO_PROCESS, tid), priority  # sched_getattr hides nice under real time


def _set_task(tid: int, policy: str | None, nice: int | None, priority: int) -> None:
    number, now_nice, now_priority = get_task(tid)
    if policy is not None:
        number, now_priority = POLICIES[policy], priority if policy in _REAL_TIME else 0
    attr = _ATTR.pack(_ATTR.size, number, 0, now_nice if nice is None else nice, now_priority, 0, 0, 0)
    _syscall.call(_syscall.set, tid, attr, 0)
    if nice is not None and number == POLICIES["idle"]:
        os.setpriority(os.PRIO_PROCESS, tid, nice)  # sched_setattr passes it over for IDLE


def _tasks(pid: int) -> set[int]:
    return {int(name) for name in os.listdir(f"/proc/{pid}/task")}


def set_scheduling(
    pid: int,
    policy: str | None = None,
    nice: int | None = None,
    rt_priority: int = 1,
    cpus: Iterable[int] | None = None,
) -> None:
    """Set what is not None on every task of `pid`, repeating until no new task appears.

    Raises PermissionError when the kernel refuses (a lower nice, leaving IDLE, or real time without privilege) and
    ProcessLookupError when the process is gone.
    """
    done: set[int] = set()
    cores = None if cpus is None else set(cpus)
    try:
        while new := _tasks(pid) - done:
            for tid in new:
                with contextlib.suppress(ProcessLookupError):  # a task may end while we walk
                    if policy is not None or nice is not None:
                        _set_task(tid, policy, nice, rt_priority)
                    if cores is not None:
                        os.sched_setaffinity(tid, cores)
            done |= new
    except FileNotFoundError:
        raise ProcessLookupError(f"process {pid} is gone") from None


def apply_scheduling(pid: int, scheduling: Scheduling) -> None:
    """Set what is not None. PermissionError when the kernel refuses, ProcessLookupError when the process is gone."""
    if not scheduling.empty:
        set_scheduling(pid, scheduling.policy, scheduling.nice, scheduling.rt_priority, scheduling.cpus)


def explain_scheduling_error(error: OSError) -> str:
    """Return why the kernel refused a policy, nice value or core, in a user's words."""
    if isinstance(error, PermissionError):
        return (
            "the system refuses this policy or nice value: a lower nice value, leaving IDLE and the real-time policies "
            "need privilege (CAP_SYS_NICE); a freshly forked worker starts from main's own values"
        )
    return f"the system refuses: {error.strerror or error}"
