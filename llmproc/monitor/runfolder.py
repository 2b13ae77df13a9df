"""The run folder: where one run keeps its raw samples, its events and what is needed to judge them.

    logs/<time>-<pid>/  proc.log  proc.csv  events.jsonl  run.json  stderr.txt       logs/latest -> <time>-<pid>

Used by main and every verb that measures. All times are CLOCK_MONOTONIC seconds; run.json has the one offset to wall
time. Every line is one os.write, so a kill -9 at any moment leaves whole lines, and at worst one torn at the end.
logs/README.md says what the lines mean; nothing here samples or reads back.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from llmproc.config import Environment
from llmproc.errors import LogError
from llmproc.files.command_line import shown_command
from llmproc.files.escaping import to_json
from llmproc.files.folders import user_folder
from llmproc.files.replacing import replace_file
from llmproc.monitor.machine import machine_facts, process_facts, versions
from llmproc.monitor.sinks import LineSink

NO_FOLDER = "none"  # as --run-dir or LLMPROC_RUN_DIR: keep no run folder
SCHEMA = 1  # of run.json and events.jsonl


def default_base(package: Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """Return LLMPROC_RUN_DIR if set, else `logs/` of a checkout that this user may write to, else XDG_STATE_HOME's.

    A checkout is a folder above the package with setup.cfg and logs/.
    """
    if (chosen := Environment.read(environ).run_dir) not in (None, NO_FOLDER):
        return Path(str(chosen))
    above = (package or Path(__file__).resolve().parents[1]).parent
    if (above / "setup.cfg").is_file() and (above / "logs").is_dir() and os.access(above / "logs", os.W_OK | os.X_OK):
        return above / "logs"
    if (state := user_folder("state", environ)) is None:
        raise LogError("no home directory for run folders was found: --run-dir takes another place, or none")
    return state


def latest(base: Path | None = None) -> Path:
    """Return the folder of the newest run. Raises LogError when there is none."""
    link = (base or default_base()) / "latest"
    if not link.is_dir():
        raise LogError(f"{link}: no run was recorded yet; run llmproc first, or name a log or a run folder")
    return link.resolve()


class RunFolder:
    """An open run folder. `close()` it; writing to it never raises."""

    def __init__(self, path: Path, notice: Callable[[str], None] | None = None) -> None:
        """Open the files in a folder that exists. Use `create`."""
        self.path = path
        self._fds: list[int] = []
        self.proc_log = self._sink("proc.log", notice)
        self.proc_csv = self._sink("proc.csv", notice)
        self._events = self._sink("events.jsonl", notice)
        self._open("stderr.txt")  # children write to it themselves
        self._notice = notice
        self._described: dict[str, object] = {}

    @classmethod
    def create(cls, base: Path | None = None, *, notice: Callable[[str], None] | None = None) -> RunFolder:
        """Make `<base>/<time>-<pid>` and point `<base>/latest` to it. Raises LogError when that cannot be done."""
        base = default_base() if base is None else base
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
        try:
            base.mkdir(parents=True, exist_ok=True)
            path = _new_folder(base, name)
            folder = cls(path, notice)
            _point_latest(base, path.name)
        except OSError as error:
            raise LogError(
                f"{base}: cannot keep a run folder there ({error.strerror}); --run-dir takes another, or none"
            ) from error
        now = time.monotonic()
        folder.describe(
            {
                "schema": SCHEMA,
                "simulated": False,
                "command": shown_command([sys.executable, *sys.argv]),
                "pid": os.getpid(),
                "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
                "started_t": now,
                "wall_clock_offset_s": time.time() - now,
                "machine": machine_facts(),
                "process": process_facts(),
                "versions": versions(),
            }
        )
        return folder

    def event(self, kind: str, **fields: object) -> None:
        """Write one line of events.jsonl; `t` is now unless given. Values unknown to JSON are written as their str."""
        record = {"t": round(time.monotonic(), 6), "kind": kind, **fields}
        self._events.write(to_json(record))

    def describe(self, facts: Mapping[str, object]) -> None:
        """Add `facts` to run.json, which is replaced as a whole."""
        self._described.update(facts)
        try:
            replace_file(
                self.path / "run.json",
                (to_json(self._described, indent=1) + "\n").encode(),
                durable=False,
                temporary=".run.json.new",
            )
        except OSError as error:
            if self._notice is not None:
                self._notice(f"{self.path / 'run.json'}: {error.strerror}")

    def close(self) -> None:
        """Close the files; twice is fine."""
        for sink in (self.proc_log, self.proc_csv, self._events):
            sink.failure = sink.failure or "closed"  # the number of a closed descriptor may soon be another file's
        fds, self._fds = self._fds, []
        for fd in fds:
            os.close(fd)

    def _open(self, name: str) -> int:
        fd = os.open(self.path / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._fds.append(fd)
        return fd

    def _sink(self, name: str, notice: Callable[[str], None] | None) -> LineSink:
        return LineSink(self._open(name), str(self.path / name), notice)


def _new_folder(base: Path, name: str) -> Path:
    """Make the folder, with -2, -3, ... when a process starts several runs in one second."""
    for count in range(1, 1000):
        path = base / (name if count == 1 else f"{name}-{count}")
        try:
            path.mkdir()
            return path
        except FileExistsError:
            continue
    raise FileExistsError(17, "too many runs in one second", str(base))


def _point_latest(base: Path, name: str) -> None:
    """Swap the symlink in one step, so that a reader always finds a run."""
    temporary = base / f".latest-{os.getpid()}"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(name)
    os.replace(temporary, base / "latest")
