"""`llmproc record`: start or find the target, sample on the grid until it ends, say what it was.

grid point --> recorder.tick            signals --> the target: passed on, or the end
the target's end (pidfd) --> recorder.finish --> summary, exit code
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence

from llmproc.apps.exits import exit_code_of
from llmproc.apps.record.options import RecordOptions, parse_options
from llmproc.config import Environment
from llmproc.monitor import table
from llmproc.monitor.followed import Recorded
from llmproc.monitor.logs import Logs
from llmproc.monitor.record_target import AttachedProcess, RecordTarget, StartedCommand
from llmproc.monitor.recorder import Recorder
from llmproc.processes.patience import wait_readable
from llmproc.processes.signalfd import SignalFd
from llmproc.report import recording

_PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
_ENDING = _PASSED_ON[:4]
_GRACE_S = 5.0  # from SIGTERM to SIGKILL, after --duration


def main(arguments: Sequence[str], prog: str = "python -m llmproc record") -> int:
    """Run the command; return its exit code. Errors are one line on stderr."""
    return exit_code_of(lambda: _record(parse_options(prog, arguments, Environment.read())))


class _Notices:
    """Our own words: on stderr, unless that is the course log."""

    def __init__(self) -> None:
        self.stream = sys.stderr

    def __call__(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the stream is closed: the recording is what matters
            print(f"[INFO] {text}", file=self.stream, flush=True)


def _record(options: RecordOptions) -> int:
    os.stat("/proc/self/stat")  # raises where nothing could be recorded
    target: RecordTarget = StartedCommand(options.command) if options.pid is None else AttachedProcess(options.pid)
    notices = _Notices()
    # A command's stderr is its own: course lines go there only when that was asked for.
    logs = Logs(options.log, options.pid is not None and not sys.stderr.isatty(), options.run_dir, notices)
    notices.stream = sys.stdout if logs.to_stderr else sys.stderr
    try:
        recorder = Recorder(
            target.tree, options.interval_s, logs.course, logs.csv, event=logs.event, notice=notices, ended=target.ended
        )
        began = time.monotonic()
        with SignalFd(_PASSED_ON if options.pid is None else _ENDING) as signals:
            target.start(signals.old_mask)
            logs.describe(recorded={"pid": target.pid, "command": target.command, "attached": options.pid is not None})
            recorder.begin()
            ended_by = _follow(options, target, recorder, signals)
            recorded = recorder.finish()
            elapsed_s = time.monotonic() - began
            code = target.exit_code()
        _closing_row(logs, target, recorded)
        logs.describe(exit_code=code, watch=recorder.report())
        for line in recording.lines(recorded, elapsed_s, options.interval_s, target.usage, recorder.overhead.cost()):
            notices(line)
        if logs.folder:
            notices(f"run folder: {logs.folder.path}")
        return code if ended_by is None else 128 + ended_by
    finally:
        logs.close()


def _follow(options: RecordOptions, target: RecordTarget, recorder: Recorder, signals: SignalFd) -> int | None:
    """Wait until the target has ended or its time is over; return the number of a signal that ended it before."""
    now = time.monotonic()
    due, end = now + options.interval_s, float("inf") if options.duration_s is None else now + options.duration_s
    with _end_of(target.pid) as its_end:
        while True:
            sources: list[SignalFd | int] = [signals] if its_end is None else [signals, its_end]
            ready = wait_readable(sources, max(0.0, min(due, end) - time.monotonic()))
            for caught in signals.read() if signals in ready else ():
                if target.signal(caught):
                    return caught.number
            if its_end in ready or (its_end is None and target.has_ended()):
                return None
            now = time.monotonic()
            if now >= end:
                end = now + _GRACE_S
                if target.end():
                    return None
            if now >= due:
                recorder.tick()
                due += options.interval_s * max(1, int((time.monotonic() - due) / options.interval_s) + 1)


@contextlib.contextmanager
def _end_of(pid: int) -> Iterator[int | None]:
    """Yield a descriptor that is readable when the process has ended; None on kernels without pidfd_open."""
    try:
        fd = os.pidfd_open(pid)
    except OSError:
        yield None
        return
    try:
        yield fd
    finally:
        os.close(fd)


def _closing_row(logs: Logs, target: RecordTarget, recorded: Sequence[Recorded]) -> None:
    """Write what wait4 reported of the command, as for a worker."""
    last = next((row.last for row in recorded if row.pid == target.pid), None)
    if last is not None and target.usage is not None and logs.csv is not None:
        usage = target.usage
        logs.csv.write(
            table.closing_row(time.monotonic(), last, usage.ru_utime, usage.ru_stime, usage.ru_maxrss * 1024)
        )
