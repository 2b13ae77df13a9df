"""The prompt loop as a child process, behind pipes or behind a real terminal, and ways to look at its processes.

Nothing here sleeps to wait for the program: every wait reads until something is there, with a deadline.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import resource
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from support.paths import ROOT
from support.processes import alive, children, name, remaining
from support.waiting import PATIENCE_S, until

PROMPT = ">>> "
SPEED = re.compile(r"\[INFO\] SEQ LEN: (\d+), Speed: (\d+\.\d{4}) tok/s\r?\n")
COURSE_LINE = re.compile(
    r"\[pid\] \d+ \[tcomm\] \(inference\) \[state\] [RSDTZ] "
    r"\[policy\] SCHED_(?:OTHER|FIFO|RR|BATCH|IDLE) \[nice\] -?\d+ "
    r"\[vsize\] \d+ \[task_cpu\] \d+ \[utime\] \d+ \[stime\] \d+ \[cpu%\] \d+\.\d\d%"
)
_BLOCK_TOOLKIT = (
    "import sys\nclass Block:\n    def find_spec(self, name, path=None, target=None):\n"
    "        if name.split('.')[0] == 'prompt_toolkit':\n            raise ImportError(name)\n"
    "sys.meta_path.insert(0, Block())\n"
)
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*(?:[@-~]|$)|\][^\x07]*(?:\x07|$)|[^\[\]]|$)")
_CURSOR_QUESTION, _CURSOR_ANSWER = b"\x1b[6n", b"\x1b[1;1R"


class Chat:
    """A running prompt loop. As a context manager it ends with nothing left of it."""

    def __init__(
        self,
        folder: Path,
        *arguments: object,
        terminal: bool = False,
        toolkit: bool = True,
        module: str = "llmproc.main",
        command: Sequence[object] | None = None,
        environment: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        stdin: int = subprocess.PIPE,
        stdout: int = subprocess.PIPE,
        stderr: int | None = None,
        before: Callable[[], None] | None = None,
    ) -> None:
        """`before` runs in the child before the program; stderr goes to `folder`/log.txt behind pipes.

        `command` is run instead of Python with `module`.
        """
        self.folder, self.raw, self.text, self.mark = folder, "", "", 0
        self.log = folder / "log.txt"
        self._fds: list[int] = []
        self.output = b""  # all that it wrote to stdout
        env = {**os.environ, "LLMPROC_RUN_DIR": str(folder / "runs"), "XDG_STATE_HOME": str(folder / "state")}
        env.update(PYTHONPATH=str(ROOT), TERM="xterm", INPUTRC=os.devnull)
        for setting in ("LLMPROC_MODEL", "LLMPROC_TOKENIZER", "PYTHONWARNINGS"):
            env.pop(setting, None)
        if not toolkit:
            (folder / "block").mkdir(exist_ok=True)
            (folder / "block" / "sitecustomize.py").write_text(_BLOCK_TOOLKIT)
            env["PYTHONPATH"] = f"{folder / 'block'}:{ROOT}"
        for setting, value in (environment or {}).items():
            env.pop(setting, None)
            env.update({} if value is None else {setting: value})
        self.env = env
        self.sign = f"LLMPROC_RUN_DIR={env.get('LLMPROC_RUN_DIR')}"  # in the environment of all it starts
        self._master = self._input = self._output = -1
        if terminal:
            self._master, slave = pty.openpty()
            self._fds.append(self._master)
            fcntl.ioctl(slave, termios.TIOCSWINSZ, b"\x28\x00\xc8\x00\x00\x00\x00\x00")  # 40 rows, 200 columns
            stdin = stdout = slave
            stderr = slave if stderr is None else stderr

        def prepare() -> None:
            for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTSTP, signal.SIGQUIT):
                signal.signal(number, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if terminal:
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            if before:
                before()

        opened = None
        if stderr is None:
            opened = stderr = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            self.process = subprocess.Popen(
                [*map(str, command or (sys.executable, "-m", module)), *map(str, arguments)],
                stdin=stdin, stdout=stdout, stderr=stderr, env=env, cwd=cwd or folder,
                start_new_session=True, preexec_fn=prepare,
            )  # fmt: skip
        finally:
            if opened is not None:
                os.close(opened)
            if terminal:
                os.close(slave)
        self.pid = self.process.pid
        self._input = self._output = self._master
        if not terminal:
            self._input = self.process.stdin.fileno() if self.process.stdin else -1
            self._output = self.process.stdout.fileno() if self.process.stdout else -1

    def __enter__(self) -> Chat:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.hang_up()
        left = remaining(self.sign, 1.0 if kind is None else 5.0)
        if kind is not None:
            error.add_note(f"--- what it wrote ---\n{self.text}\n--- stderr ---\n{self.logged()}")  # type: ignore[union-attr]
        else:
            assert not left, f"processes left: {left}"
            assert "Traceback" not in self.text + self.logged()

    # -- talking ----------------------------------------------------------------------------------------------------

    def send(self, text: str | bytes) -> None:
        """Write all of it, reading meanwhile so that neither side can block the other."""
        data = text.encode() if isinstance(text, str) else text
        end = time.monotonic() + PATIENCE_S
        os.set_blocking(self._input, False)
        while data:
            assert time.monotonic() < end, "it does not read"
            _, writable, _ = select.select([], [self._input], [], 0.05)
            if writable:
                data = data[os.write(self._input, data) :]
            self.pump(0)

    def say(self, line: str | bytes) -> None:
        """A line and Enter."""
        self.send((line if isinstance(line, bytes) else line.encode()) + (b"\r" if self._master >= 0 else b"\n"))

    def end_of_input(self) -> None:
        """Close the pipe; Ctrl-D on a terminal."""
        if self._master >= 0:
            self.send(b"\x04")
        elif self.process.stdin:
            self.process.stdin.close()
            self._input = -1

    def pump(self, timeout: float) -> bool:
        """Take what has been written; False at the end."""
        if self._output < 0:
            return False
        if not select.select([self._output], [], [], timeout)[0]:
            return True
        try:
            data = os.read(self._output, 1 << 16)
        except OSError:  # the last process behind a terminal has gone
            data = b""
        if not data:
            self._output = -1
            return False
        if self._master >= 0:  # a terminal answers where its cursor is
            for _ in range(data.count(_CURSOR_QUESTION)):
                os.write(self._master, _CURSOR_ANSWER)
        self.output += data
        self.raw = self.output.decode("utf-8", "replace")
        self.text = _ESCAPE.sub("", self.raw) if self._master >= 0 else self.raw
        return True

    def expect(self, wanted: str | re.Pattern[str], timeout: float = PATIENCE_S) -> str:
        """Wait for it after what was expected before; returns everything up to it, itself included."""
        pattern = re.compile(re.escape(wanted)) if isinstance(wanted, str) else wanted
        end = time.monotonic() + timeout
        while (found := pattern.search(self.text, self.mark)) is None:
            assert time.monotonic() < end, (
                f"{pattern.pattern!r} does not come; since the last: {self.text[self.mark :]!r}"
            )
            if not self.pump(0.1) and not pattern.search(self.text, self.mark):
                raise AssertionError(f"ended before {pattern.pattern!r}: {self.text[self.mark :]!r}")
        start, self.mark = self.mark, found.end()
        return self.text[start : found.end()]

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for `condition`, taking meanwhile what is written."""
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, "it does not happen"
            self.pump(0.01)

    def ask(self, prompt: str | bytes) -> str:
        """One turn behind pipes: from the prompt sign to the next one; what stands between."""
        self.say(prompt)
        return self.expect(re.compile(r"(?:^|\n)>>> ")).removesuffix(PROMPT)

    def wait(self, timeout: float = PATIENCE_S) -> int:
        """Its exit status; negative for a signal."""
        end = time.monotonic() + timeout
        while self.process.poll() is None:
            assert time.monotonic() < end, f"it does not end: {self.text[-300:]!r}"
            if not self.pump(0.02):
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(0.02)
        while select.select([self._output], [], [], 0.2)[0] if self._output >= 0 else False:
            if not self.pump(0):
                break
        return self.process.returncode

    def hang_up(self) -> None:
        """Close our side."""
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()
        for fd in self._fds:
            os.close(fd)
        self._fds, self._input, self._output = [], -1, -1

    def interrupt(self, number: int = signal.SIGINT) -> None:
        """A signal to main alone."""
        self.process.send_signal(number)

    # -- looking ----------------------------------------------------------------------------------------------------

    def logged(self) -> str:
        """What went to stderr behind pipes."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def children(self) -> dict[str, int]:
        """Living children of main by name."""
        return {name(pid): pid for pid in children(self.pid) if alive(pid)}

    def child(self, wanted: str, but: Sequence[int] = ()) -> int:
        """Wait for a child of that name that is none of `but`."""
        return until(lambda: next((p for n, p in self.children().items() if n == wanted and p not in but), 0))

    def run_folder(self) -> Path:
        """The folder of this run."""
        return (self.folder / "runs" / "latest").resolve()

    def events(self, kind: str) -> int:
        """How many such events the run folder has."""
        try:
            return (self.run_folder() / "events.jsonl").read_text().count(f'"kind":"{kind}"')
        except OSError:
            return 0

    def await_events(self, kind: str, count: int) -> None:
        """Wait until the run folder has so many."""
        self.until(lambda: self.events(kind) >= count)


def answers(stdout: str) -> list[str]:
    """The answers in the output of a piped run, notices and speed lines removed."""
    parts = stdout.split(PROMPT)[1:]
    return [SPEED.sub("", "".join(line for line in part.splitlines(True) if not _remark(line))) for part in parts][:-1]


def _remark(line: str) -> bool:
    return line.startswith("[INFO] ") and not SPEED.match(line)


def run(
    folder: Path, *arguments: object, text: str | bytes = b"", timeout: float = PATIENCE_S, **settings: object
) -> tuple[int, str, str]:
    """A whole run behind pipes: (exit status, stdout, stderr)."""
    with Chat(folder, *arguments, **settings) as chat:  # type: ignore[arg-type]
        with contextlib.suppress(BrokenPipeError):
            chat.send(text)
        chat.end_of_input()
        code = chat.wait(timeout)
        return code, chat.text, chat.logged()
