"""Reading /proc: one function per file, bytes in, numbers out.

Used by the watch, the recorder, `top` and the tests that look at real processes. No state, no policy, no arithmetic
between two readings; psutil is never used here. Three rules hold everywhere: a comm may hold `)` and spaces, so the
fields start after the *last* `)`; a process that is gone (ENOENT on open, ESRCH on read) is None while a zombie still
reads; a process is the pair (pid, starttime), since the kernel uses pids again.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass

from llmproc.config import POLICIES
from llmproc.files.escaping import escape_bytes

TICKS_PER_SECOND: int = os.sysconf("SC_CLK_TCK")  # 100: utime and stime have a resolution of 10 ms
PAGE_SIZE: int = os.sysconf("SC_PAGE_SIZE")
POLICY_NAMES = {
    **{number: f"SCHED_{name.upper()}" for name, number in POLICIES.items()},
    4: "SCHED_ISO",
    6: "SCHED_DEADLINE",
    7: "SCHED_EXT",
}
_GONE = (errno.ENOENT, errno.ESRCH, errno.ENOTDIR)
_FIRST_FIELD = 3  # the field that follows comm, counted from 1 as proc(5) does
_FIELDS_NEEDED = 41
ProcessKey = tuple[int, int]  # (pid, starttime): a process, however often its pid is used again


@dataclass(frozen=True, slots=True)
class Stat:
    """The fields of /proc/<pid>/stat that llmproc uses (numbers of proc(5) in the comments)."""

    pid: int  # 1
    comm: str  # 2, with its parentheses; bytes that are no UTF-8 as surrogates
    state: str  # 3
    ppid: int  # 4
    minflt: int  # 10
    majflt: int  # 12
    utime: int  # 14, ticks
    stime: int  # 15, ticks
    nice: int  # 19
    num_threads: int  # 20
    starttime: int  # 22, ticks after boot
    vsize: int  # 23, bytes
    rss: int  # 24, bytes (the file has pages)
    processor: int  # 39
    policy: int  # 41

    @property
    def key(self) -> ProcessKey:
        """Return what identifies the process: pid and start time."""
        return self.pid, self.starttime

    @property
    def ended(self) -> bool:
        """Return whether it is a zombie. If threads are left, only its main thread has ended (pthread_exit in main)."""
        return self.state in "ZX" and self.num_threads <= 1


@dataclass(frozen=True, slots=True)
class SchedStat:
    """/proc/<pid>/task/<tid>/schedstat of one task, or a sum of several."""

    run_ns: int  # time on a CPU
    wait_ns: int  # time runnable but waiting in a run queue
    slices: int  # times it was put on a CPU


def comm_text(comm: str) -> str:
    """Return a process name as text that stays on one line and is valid UTF-8: other characters are escaped.

    The kernel cuts a name after 15 bytes, also inside a character, and any program may put a line end into its own.
    """
    return escape_bytes(comm).replace("\n", "\\n").replace("\r", "\\r")


def policy_name(number: int) -> str:
    """Return the course's name of a scheduling policy; an unknown number stays visible."""
    return POLICY_NAMES.get(number, f"SCHED_{number}")


def parse_stat(content: bytes) -> Stat:
    """Parse one stat file. Raises ValueError when it is cut short or not a stat file."""
    opening, closing = content.find(b"("), content.rfind(b")")
    rest = content[closing + 1 :].split()
    if opening < 0 or closing < opening or len(rest) < _FIELDS_NEEDED - _FIRST_FIELD + 1:
        raise ValueError(f"not a /proc stat file: {content[:60]!r}")

    def number(field: int) -> int:
        return int(rest[field - _FIRST_FIELD])

    return Stat(
        pid=int(content[:opening]),
        comm=content[opening : closing + 1].decode("utf-8", "surrogateescape"),
        state=rest[0].decode("ascii"),
        ppid=number(4),
        minflt=number(10),
        majflt=number(12),
        utime=number(14),
        stime=number(15),
        nice=number(19),
        num_threads=number(20),
        starttime=number(22),
        vsize=number(23),
        rss=number(24) * PAGE_SIZE,
        processor=number(39),
        policy=number(41),
    )


def read_stat(pid: int, tid: int | None = None, *, root: str = "/proc") -> Stat | None:
    """Read the stat file of a process (CPU time of all its threads, ended ones too) or of a thread; None when gone."""
    content = _read(f"{_folder(root, pid, tid)}/stat")
    return None if content is None else parse_stat(content)


def read_tasks(pid: int, *, root: str = "/proc") -> list[int] | None:
    """Return the thread ids of a process in ascending order; None when the process is gone."""
    try:
        return sorted(int(name) for name in os.listdir(f"{root}/{pid}/task") if name.isdigit())
    except OSError as error:
        if error.errno in _GONE:
            return None
        raise


def read_task_schedstats(pid: int, *, root: str = "/proc") -> dict[int, SchedStat] | None:
    """Read the schedstat of every task by tid (a task that ends meanwhile is left out).

    None when the process is gone or when the kernel has no schedstat at all.
    """
    tasks = read_tasks(pid, root=root)
    if tasks is None:
        return None
    found = {}
    for tid in tasks:
        content = _read(f"{root}/{pid}/task/{tid}/schedstat")
        numbers = content.split() if content else []
        if len(numbers) >= 3:
            found[tid] = SchedStat(*(int(n) for n in numbers[:3]))
    return found or None


def read_schedstat(pid: int, *, root: str = "/proc") -> SchedStat | None:
    """Return the sum of the living tasks' schedstat (the file of the process itself is its first thread's alone)."""
    tasks = read_task_schedstats(pid, root=root)
    return None if tasks is None else sum_schedstats(tasks)


def sum_schedstats(tasks: dict[int, SchedStat]) -> SchedStat:
    """Add up what `read_task_schedstats` returned."""
    values = tasks.values()
    return SchedStat(sum(s.run_ns for s in values), sum(s.wait_ns for s in values), sum(s.slices for s in values))


def read_command(pid: int, *, root: str = "/proc") -> tuple[str, ...]:
    """Return the words of a process's command line; () when it is gone, a zombie or a kernel thread."""
    content = _read(f"{root}/{pid}/cmdline") or b""
    return tuple(word.decode("utf-8", "surrogateescape") for word in content.rstrip(b"\0").split(b"\0") if content)


def read_context_switches(pid: int, tid: int | None = None, *, root: str = "/proc") -> tuple[int, int] | None:
    """Return (voluntary, involuntary) context switches of one task, by default the first thread; None when gone."""
    content = _read(f"{_folder(root, pid, tid)}/status")
    if content is None:
        return None
    return _field(content, b"voluntary_ctxt_switches:") or 0, _field(content, b"nonvoluntary_ctxt_switches:") or 0


def read_migrations(pid: int, tid: int, *, root: str = "/proc") -> int | None:
    """Return how often a task was moved to another CPU; None when it is gone, or the kernel does not tell.

    /proc/<pid>/task/<tid>/sched, which needs CONFIG_SCHED_DEBUG.
    """
    content = _read(f"{_folder(root, pid, tid)}/sched")
    for line in (content or b"").splitlines():
        name, _, value = line.partition(b":")
        if name.strip() == b"se.nr_migrations":
            return int(value)
    return None


def read_pss(pid: int, *, root: str = "/proc") -> int | None:
    """Read the proportional set size in bytes: shared pages divided by their users, so that it may be summed.

    Slow (the kernel walks the page tables): read it sparingly. None when gone, a zombie, or not permitted.
    """
    try:
        content = _read(f"{root}/{pid}/smaps_rollup")
    except PermissionError:
        return None
    kilobytes = _field(content, b"Pss:") if content else None
    return None if kilobytes is None else kilobytes * 1024


def _folder(root: str, pid: int, tid: int | None) -> str:
    return f"{root}/{pid}" if tid is None else f"{root}/{pid}/task/{tid}"


def _field(content: bytes, name: bytes) -> int | None:
    """Return the number after `name` at the start of a line (`Name:  123 kB`)."""
    start = content.find(b"\n" + name)
    if start < 0:
        return None
    words = content[start + 1 + len(name) :].split(None, 1)
    return int(words[0]) if words and words[0].isdigit() else None


def _read(path: str) -> bytes | None:
    """Read a whole /proc file with plain system calls (a third of the cost of a Python file object); None when gone."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in _GONE:
            return None
        raise
    try:
        parts = []
        while part := os.read(fd, 16384):
            parts.append(part)
        return b"".join(parts)
    except OSError as error:
        if error.errno in _GONE:  # it went between open and read
            return None
        raise
    finally:
        os.close(fd)
