"""`llmproc top` on a real terminal, with rich and without: its keys, and the terminal restored however it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from apps.topping import BUSY, Stage
from support.chatting import Chat
from support.processes import children, stat
from support.waiting import PATIENCE_S, until

from llmproc.report import live_screens as screens

COOKED = termios.ICANON | termios.ECHO | termios.ISIG
_LEFT_SCREEN = "\x1b[?1049l"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "place") as made:
        yield made


@pytest.fixture(params=["rich", "plain"])
def look(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return ("--plain",) if request.param == "plain" else ()


def top(folder: Path, *arguments: object, **settings: object) -> Chat:
    environment = {"LLMPROC_RUNTIME_DIR": str(folder / "place")}
    return Chat(folder, "top", *arguments, module="llmproc", environment=environment, **settings)  # type: ignore[arg-type]


def modes(chat: Chat) -> int:
    return termios.tcgetattr(chat._master)[3] & COOKED


def table(chat: Chat) -> str:
    """What stands on the screen since the last complete drawing."""
    return re.split(r"llmproc top  ", chat.text)[-1]


def shown(chat: Chat, pattern: str) -> None:
    chat.until(lambda: re.search(pattern, table(chat)))


def ended(chat: Chat, status: int, look: tuple[str, ...]) -> None:
    """With this exit code, the terminal as it was, the cursor visible, and no word of Python's."""
    assert chat.wait() == status
    assert modes(chat) == COOKED
    assert "Traceback" not in chat.text
    if not look:
        assert chat.raw.rindex("\x1b[?25h") > chat.raw.rindex("\x1b[?25l") and _LEFT_SCREEN in chat.raw


def test_a_live_view_and_its_keys(tmp_path: Path, stage: Stage, look: tuple[str, ...]) -> None:
    busy, quiet = stage.worker(0, BUSY), stage.worker(1)
    now = os.getpriority(os.PRIO_PROCESS, 0)
    with top(tmp_path, "--interval", 0.2, *look, terminal=True) as chat:
        shown(chat, rf"{busy} worker 0 [RS] +OTHER +{now}[^\n]*\n")
        shown(chat, rf"{quiet} worker 1 S +OTHER[^\n]* 0\.0 +0\.0 +0\.0")  # the second look has brought rates
        assert modes(chat) == termios.ISIG
        chat.send(b"\x1b[B")  # the first one, worker 0
        chat.send(b"+")
        shown(chat, rf"worker 0 \({busy}\): nice {now + 1}")
        shown(chat, rf"{busy} worker 0 . +OTHER +{now + 1} ")
        assert os.getpriority(os.PRIO_PROCESS, busy) == now + 1
        core = min(os.sched_getaffinity(0))
        chat.send(b"jp")
        shown(chat, rf"worker 1 \({quiet}\): pinned to core {core}")
        assert os.sched_getaffinity(quiet) == {core}
        chat.send(b"u")
        shown(chat, "unpinned")
        chat.send(b"x\x1b[C")  # nothing
        chat.send(b"q")
        ended(chat, 0, look)


def test_a_worker_comes_and_goes_before_our_eyes(tmp_path: Path, stage: Stage, look: tuple[str, ...]) -> None:
    with top(tmp_path, "--interval", 0.1, *look, terminal=True) as chat:
        shown(chat, f"{os.getpid()} main")
        pid = stage.worker(0)
        shown(chat, f"{pid} worker 0")
        stage.kill(pid)
        stage.tell("worker_died", worker=0, pid=pid, status=-9)
        shown(chat, "- worker 0 X")
        stage.announcement.close()
        shown(chat, r"no instance of llmproc is running \(looked in ")
        chat.send(b"q")
        ended(chat, 0, look)


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131)]
)
def test_a_signal_ends_it_and_the_terminal_is_restored(
    tmp_path: Path, stage: Stage, look: tuple[str, ...], number: int, status: int
) -> None:
    with top(tmp_path, "--interval", 60, *look, terminal=True) as chat:
        shown(chat, f"{os.getpid()} main")
        chat.until(lambda: modes(chat) == termios.ISIG)
        chat.interrupt(number)
        ended(chat, status, look)


@pytest.mark.parametrize("key", [b"\x03", b"\x1c"], ids=["Ctrl-C", "Ctrl-\\"])
def test_keys_that_are_signals(tmp_path: Path, stage: Stage, look: tuple[str, ...], key: bytes) -> None:
    with top(tmp_path, *look, terminal=True) as chat:
        shown(chat, f"{os.getpid()} main")
        chat.send(key)
        ended(chat, 130 if key == b"\x03" else 131, look)


FAULTY = """
import sys
from llmproc.apps.top import app
from llmproc.monitor import live
looks = []
def find():
    looks.append(1)
    if len(looks) > 2:
        raise RuntimeError("the test's own")
    return []
live.running = find
app.LiveMonitor = lambda: live.LiveMonitor(find=find)
try:
    app.main(sys.argv[1:])
except RuntimeError as error:
    print("gave up:", error)
"""


def test_an_error_restores_the_terminal_too(tmp_path: Path, look: tuple[str, ...]) -> None:
    with Chat(tmp_path, "--interval", 0.1, *look, command=(sys.executable, "-c", FAULTY), terminal=True) as chat:
        ended(chat, 0, look)
        assert "gave up: the test's own" in chat.text
        assert look or chat.raw.index(_LEFT_SCREEN) < chat.raw.index("gave up"), "it can be read"


def test_the_terminal_goes_away(tmp_path: Path, stage: Stage, look: tuple[str, ...]) -> None:
    with top(tmp_path, *look, terminal=True, stderr=subprocess.DEVNULL) as chat:
        shown(chat, f"{os.getpid()} main")
        chat.hang_up()
        assert chat.process.wait(PATIENCE_S) == 129


def test_ctrl_z_gives_the_terminal_back_and_fg_takes_it(tmp_path: Path, stage: Stage, look: tuple[str, ...]) -> None:
    environment = {"PS1": "shell$ ", "HISTFILE": None, "LLMPROC_RUNTIME_DIR": str(tmp_path / "place")}
    shell = ("bash", "--norc", "--noprofile", "-i")
    with Chat(tmp_path, command=shell, terminal=True, environment=environment) as chat:
        chat.expect("shell$ ")
        chat.say(f"{sys.executable} -m llmproc top --interval 0.2 {' '.join(look)}; echo status $((1000 + $?))")
        chat.expect("+ $?))")
        shown(chat, f"{os.getpid()} main")
        pid = until(lambda: next(iter(children(chat.pid)), 0))
        chat.until(lambda: modes(chat) == termios.ISIG)
        chat.send(b"\x1a")
        chat.until(lambda: stat(pid)[0] == "T")
        chat.expect("Stopped")
        chat.expect("shell$ ")
        assert look or _LEFT_SCREEN in chat.raw
        before = len(chat.text)
        chat.say("fg")
        chat.until(lambda: f"{os.getpid()} main" in chat.text[before:])
        chat.until(lambda: modes(chat) == termios.ISIG)
        chat.send(b"q")
        chat.until(lambda: "shell$ " in chat.text[before:])
        chat.say("exit")
        chat.wait()


def test_a_new_size_is_drawn_at_once(tmp_path: Path, stage: Stage, look: tuple[str, ...]) -> None:
    import fcntl

    stage.worker(0)
    with top(tmp_path, "--interval", 60, *look, terminal=True) as chat:
        chat.until(lambda: "SWITCH/S" in table(chat))
        chat.until(lambda: modes(chat) == termios.ISIG)
        fcntl.ioctl(chat._master, termios.TIOCSWINSZ, b"\x18\x00\x50\x00\x00\x00\x00\x00")  # 24 rows, 80 columns
        chat.until(lambda: "SWITCH/S" not in table(chat) and "TOK/S" in table(chat))
        chat.send(b"q")
        ended(chat, 0, look)


def test_without_rich_and_on_a_dumb_terminal_it_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(screens.terminal_screen(1.0, "", False), screens.RichScreen)
    assert isinstance(screens.terminal_screen(1.0, "", True), screens.PlainScreen)
    monkeypatch.setattr(screens.importlib.util, "find_spec", lambda name: None)
    assert isinstance(screens.terminal_screen(1.0, "", False), screens.PlainScreen)
    monkeypatch.undo()
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(screens.terminal_screen(1.0, "", False), screens.PlainScreen)
