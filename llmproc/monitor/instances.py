"""The instances of llmproc that this user runs on this host, and what they are doing.

    <runtimedir>/<pid>-<starttime>-<pid namespace>-<n>.json      one file per instance: an `Instance`
        written when it starts, replaced as a whole while counts change (by the watch, on its grid), removed at its end
        left by kill -9: no process has that pid and starttime, so the next program that looks removes it

Used by main (announcing) and `top` (finding). Instances are not found by name, and no process but main writes here. The
numbers are those of ServiceStats; what the kernel knows of the processes is not in the file.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from llmproc.errors import LogError
from llmproc.files.command_line import shown_command
from llmproc.files.escaping import escape_bytes
from llmproc.files.reading import UnreadableFileError, read_bounded
from llmproc.files.replacing import replace_file
from llmproc.hardware.sharing import CpuClaim
from llmproc.monitor import proc, runtimedir
from llmproc.monitor.service_stats import ServiceStats, WorkerCount

SCHEMA = 1
_LARGEST = 1 << 20  # bytes of a file that is still read
_NAME = re.compile(r"([0-9]{1,10})-([0-9]{1,20})-([0-9]{1,20})-[0-9]+\.json(?:\.new)?")
_count = itertools.count(1)  # a program may hold several instances


@dataclass(frozen=True, slots=True)
class Instance:
    """The account that one instance gives of itself."""

    schema: int
    pid: int
    starttime: int  # ticks after boot; with pid it identifies main
    boot: str  # the kernel's boot id
    started: str  # local time
    started_t: float  # CLOCK_MONOTONIC
    command: str
    run_folder: str | None
    t: float  # CLOCK_MONOTONIC of this writing
    waiting: int  # requests that main has not sent anywhere
    template: int  # its pid, 0: none
    workers: tuple[WorkerCount, ...]
    threads: int = 0  # that its workers take together
    cpus: tuple[int, ...] = ()  # on which they may run
    limits: tuple[str, ...] = ()  # of CPU time that it is under: control groups, a cluster's grant

    @property
    def claim(self) -> CpuClaim:
        """Return what it takes of the CPUs."""
        return CpuClaim(self.threads, self.cpus, self.limits)


class Announcement:
    """The file of this process's instance; `close()` it. No method raises into the caller."""

    def __init__(
        self,
        stats: ServiceStats,
        run_folder: Path | None,
        failed: Callable[[str], object] = lambda reason: None,
        *,
        open_place: Callable[[], Path] = runtimedir.open_place,
    ) -> None:
        """Write the file.

        `failed(reason)` is called once if it cannot be kept; then `top` does not find the instance.
        """
        self._stats, self._failed, self._open_place = stats, failed, open_place
        own = proc.read_stat(os.getpid())
        self._pid, self._starttime = os.getpid(), own.starttime if own else 0
        self._name = f"{self._pid}-{self._starttime}-{_namespace()}-{next(_count)}.json"
        self._started = time.strftime("%Y-%m-%dT%H:%M:%S%z"), time.monotonic()
        self._command = escape_bytes(shown_command(sys.orig_argv))
        self._run_folder = None if run_folder is None else escape_bytes(str(run_folder))
        self._boot = _boot()
        self._file: Path | None = None
        self._version = -1
        self._closed = False
        self.write()

    def write(self) -> None:
        """Replace the file if a count has changed since the last time."""
        version = self._stats.version
        if self._closed or version == self._version:
            return
        self._version = version
        try:
            self._replace()
        except (OSError, LogError):
            try:  # the place has gone (the last login has ended): there may be another one
                self._file = None
                self._replace()
            except (OSError, LogError) as error:
                self._closed = True
                self._failed(f"llmproc top will not find this run: {error}")

    def close(self) -> None:
        """Remove the file; twice is fine. A forked child's copy does nothing."""
        if self._file is not None and self._pid == os.getpid():
            with contextlib.suppress(OSError):
                self._file.unlink(missing_ok=True)
        self._closed, self._file = True, None

    def _replace(self) -> None:
        file = self._file or self._open_place() / self._name
        data = msgspec.json.encode(self._instance())
        replace_file(file, data, durable=False, mode=0o600, temporary=f"{file.name}.new")
        self._file = file

    def _instance(self) -> Instance:
        now = time.monotonic()
        counts = self._stats.counts(now)
        chosen = counts.threads
        return Instance(
            SCHEMA,
            self._pid,
            self._starttime,
            self._boot,
            *self._started,
            self._command,
            self._run_folder,
            now,
            counts.waiting,
            counts.template,
            counts.workers,
            threads=chosen.threads * chosen.workers if chosen else 0,
            cpus=chosen.cpus if chosen else (),
            limits=chosen.limits if chosen else (),
        )


def running(places: list[Path] | None = None, *, root: str = "/proc") -> list[Instance]:
    """Return the living instances, the oldest first. Files of dead ones are removed; foreign and torn ones are skipped.

    `places`: where to look, by default where this user's instances may be; `root`: /proc, for tests.
    """
    found = []
    for place in runtimedir.places() if places is None else places:
        if runtimedir.refusal(place) is None:
            found += list(_living(place, root))
    return sorted(found, key=lambda instance: (instance.started_t, instance.pid))


def _living(place: Path, root: str) -> Iterator[Instance]:
    boot, namespace = _boot(), _namespace()
    for name in sorted(os.listdir(place)):
        match = _NAME.fullmatch(name)
        if match is None or int(match[3]) != namespace:  # of another container: its pids mean nothing here
            continue
        pid, starttime = int(match[1]), int(match[2])
        main = proc.read_stat(pid, root=root)
        instance = _read(place / name) if name.endswith(".json") else None
        gone = main is None or main.starttime != starttime or main.ended
        if gone or (instance is not None and instance.boot != boot):
            with contextlib.suppress(OSError):
                (place / name).unlink(missing_ok=True)
        elif instance is not None and (instance.pid, instance.starttime) == (pid, starttime):
            yield instance


def _read(file: Path) -> Instance | None:
    """Read one file; None if it is gone, not ours, too large, torn, or of another schema."""
    try:
        instance = msgspec.json.decode(read_bounded(file, _LARGEST, own=True), type=Instance)
    except (UnreadableFileError, msgspec.DecodeError):
        return None
    return instance if instance.schema == SCHEMA else None


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _namespace() -> int:
    """Return which pid namespace our pids belong to; 0 where the kernel does not say."""
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return 0
