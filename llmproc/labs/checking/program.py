"""A program under check: started behind pipes, talked to, waited for with a deadline, and ended with all it started.

Used by the runs of a lab. Everything it does and shows goes into a Transcript; what that is worth is not decided here.

    CheckedProgram  --stdin-->  program  --stdout, stderr-->  Transcript
                    --signal->     |      <--/proc, 50 times a second, with every process below it
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from llmproc.errors import UsageError
from llmproc.labs.checking.descendants import Descendants
from llmproc.labs.checking.transcript import AskedTurn, LogLine, Transcript
from llmproc.processes.system import get_child_subreaper, set_child_subreaper

LOOK_EVERY_S = 0.02
_BUSY_TICKS = 3  # of CPU time in a second: fewer is a program that waits
_STILL_S = 0.5
_MOST_OUTPUT = 4 << 20
_READ = 1 << 16


@dataclass(frozen=True, slots=True)
class Patience:
    """Limits of waiting for a program: `quiet_s` without output and CPU time, `total_s` in any case."""

    quiet_s: float = 20.0
    total_s: float = 300.0


class CheckedProgram:
    """A running program. Leaving it as a context manager kills and reaps everything that it started."""

    def __init__(
        self, command: Sequence[str], folder: Path, patience: Patience, variables: Mapping[str, str] | None = None
    ) -> None:
        """Start `command` in `folder`, in a session of its own. UsageError when it cannot be started.

        `variables`: added to the environment, in which `python3` is the one that runs this.
        """
        self._patience = patience
        self._was_subreaper = get_child_subreaper()
        set_child_subreaper(True)
        traces = Transcript(0, 0).traces
        self._descendants = Descendants(traces)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        try:
            self._process = subprocess.Popen(
                command, cwd=folder, env={**os.environ, "PATH": path, **(variables or {})}, start_new_session=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
            )  # fmt: skip
        except OSError as error:
            set_child_subreaper(self._was_subreaper)
            raise UsageError(f"{command[0]}: cannot be started: {error.strerror}") from None
        now = time.monotonic()
        self.seen = Transcript(self._process.pid, now, traces=traces)
        self._partial = b""  # of a line of stderr
        self._looked, self._active, self._moved = 0.0, now, now
        self._spent: deque[tuple[float, int]] = deque([(now, 0)])  # of the last second: when, ticks of all processes
        self._poll = select.poll()
        self._pipes = {}
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            os.set_blocking(stream.fileno(), False)
            self._pipes[stream.fileno()] = stream is self._process.stdout
            self._poll.register(stream.fileno(), select.POLLIN)
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)

    def __enter__(self) -> CheckedProgram:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        old = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
        try:
            self._descendants.look()
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            self._descendants.end()
            set_child_subreaper(self._was_subreaper)
            for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, old)

    # -- acting -----------------------------------------------------------------------------------------------------

    def say(self, prompt: str) -> AskedTurn:
        """Write a prompt and Enter. A program that has closed its input shows that by its end."""
        self.look()
        exchange = AskedTurn(prompt, time.monotonic(), len(self.seen.out))
        self.seen.exchanges.append(exchange)
        stdin = self._process.stdin
        if stdin is not None and not stdin.closed:
            with contextlib.suppress(BrokenPipeError, BlockingIOError):
                stdin.write(prompt.encode() + b"\n")
        return exchange

    def close_input(self) -> None:
        """End of input."""
        self.seen.told_at = len(self.seen.out)
        if self._process.stdin is not None:
            self._process.stdin.close()

    def signal(self, number: int, group: bool = False) -> None:
        """Send a signal to the program alone, or as a terminal does to its process group."""
        self.seen.told_at = len(self.seen.out)
        with contextlib.suppress(ProcessLookupError):
            if group:
                os.killpg(self.seen.pid, number)
            elif self.running:
                os.kill(self.seen.pid, number)

    def kill(self, pid: int) -> None:
        """Kill one process of the program."""
        self.seen.told_at, self.seen.target = len(self.seen.out), pid
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def hold(self, ticks: int, most_s: float) -> None:
        """Stop the program itself, not its children, until these have used `ticks` of CPU time or do nothing.

        `most_s` seconds at most.
        """
        began = time.monotonic()
        if not self.running:
            return
        os.kill(self.seen.pid, signal.SIGSTOP)
        try:
            while time.monotonic() - began < most_s:
                self.pump()
                used = sum(trace.used_since(began) for trace in self.seen.others)
                if used >= ticks or self.still_s > _STILL_S:
                    break
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.seen.pid, signal.SIGCONT)

    # -- waiting ----------------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Return whether the program itself still runs; its status is kept when it has."""
        status = self._process.poll()
        if status is not None:
            self.seen.status = status
        return status is None

    @property
    def idle_s(self) -> float:
        """Return the seconds since there was output or noticeable CPU time."""
        return time.monotonic() - self._active

    @property
    def still_s(self) -> float:
        """Return the seconds since there was output, any CPU time, or a process that was ready to run."""
        return time.monotonic() - self._moved

    def wait(self, condition: Callable[[], bool], what: str) -> bool:
        """Pump until the condition holds. False when the program ended, fell silent, or took too long: `given_up`."""
        start = self._active = self._moved = time.monotonic()
        while not condition():
            if not self.running:
                self._drain()
                return condition()
            if self.idle_s > self._patience.quiet_s:
                self.seen.given_up = f"nothing happened for {self._patience.quiet_s:g} s while waiting for {what}"
            elif time.monotonic() - start > self._patience.total_s:
                self.seen.given_up = f"waited {self._patience.total_s:g} s for {what}"
            elif len(self.seen.out) > _MOST_OUTPUT:
                self.seen.given_up = f"endless output while waiting for {what}"
            else:
                self.pump()
                continue
            return False
        return True

    def wait_end(self, what: str, grace_s: float) -> bool:
        """Wait until the program has ended; then see what it left behind, `grace_s` at most."""
        if not self.wait(lambda: not self.running, what):
            return False
        deadline = time.monotonic() + grace_s
        while (living := self._descendants.living()) and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY_S)
        self._drain()
        self.seen.left = [f"process {trace.describe()}" for trace in living]
        return True

    def unreaped(self) -> list[int]:
        """Pids of processes that ended and were not waited for by their parent."""
        return [trace.last.pid for trace in self._descendants.unreaped()]

    def pump(self) -> None:
        """Take what was written, and look at the processes when it is time."""
        self._take(int(LOOK_EVERY_S * 1000))
        if time.monotonic() - self._looked >= LOOK_EVERY_S:
            self.look()

    def look(self) -> None:
        """Look at every process now."""
        ticks, now = self._descendants.look(), time.monotonic()
        if ticks != self._spent[-1][1] or self._descendants.ready():
            self._moved = now
        self._looked = now
        self._spent.append((now, ticks))
        while self._spent[0][0] < now - 1 and len(self._spent) > 2:
            self._spent.popleft()
        if ticks - self._spent[0][1] >= _BUSY_TICKS:
            self._active = now

    def _drain(self) -> None:
        while self._take(0):
            pass
        if self._partial:
            self._note(self._partial)
            self._partial = b""

    def _take(self, timeout_ms: int) -> bool:
        """Read what is there; whether there was something."""
        if not self._pipes:
            time.sleep(timeout_ms / 1000)
            return False
        taken = False
        for fd, _ in self._poll.poll(timeout_ms):
            try:
                data = os.read(fd, _READ)
            except BlockingIOError:
                continue
            if not data:
                self._poll.unregister(fd)
                del self._pipes[fd]
                continue
            taken, self._active = True, time.monotonic()
            self._moved = self._active
            if self._pipes[fd]:
                self.seen.out += data
            else:
                *lines, self._partial = (self._partial + data).split(b"\n")
                for line in lines:
                    self._note(line)
        return taken

    def _note(self, line: bytes) -> None:
        self.seen.log.append(LogLine(time.monotonic(), line.decode("utf-8", "replace")))
