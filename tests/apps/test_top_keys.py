"""Keys and what they do: bytes to keys, a terminal taken and restored, workers reniced and pinned."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from apps.topping import Stage, instance
from support.paths import ROOT, TESTS

from llmproc.apps.top.keys import Keyboard, decode
from llmproc.monitor.instances import running
from llmproc.monitor.live import InstanceView, LiveMonitor, LiveView, ProcessRow
from llmproc.monitor.steering import Steering


@pytest.mark.parametrize(
    ("data", "keys", "rest"),
    [
        (b"q", ["q"], b""),
        (b"Q+-=_5pu", ["q", "+", "-", "+", "-", "5", "p", "u"], b""),
        (b"\x1b[A\x1b[B\x1bOA\x1bOB", ["up", "down", "up", "down"], b""),
        (b"jk", ["down", "up"], b""),
        (b"\x1b[1;5A\x1b[C\x1b[3~\x1b[5~", ["up"], b""),
        (b"+\x1b", ["+"], b"\x1b"),
        (b"\x1b[", [], b"\x1b["),
        (b"\x1b[1;", [], b"\x1b[1;"),
        (b"\x1bq", ["q"], b""),
        (b"\x1b\x1b[Aq", ["up", "q"], b""),
        (b"\xc3\xa9q", ["Ã", "©", "q"], b""),
    ],
)
def test_bytes_of_keys(data: bytes, keys: list[str], rest: bytes) -> None:
    assert decode(data) == (keys, rest)


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """(our side, the program's side)."""
    ends = pty.openpty()
    yield ends
    for fd in ends:
        os.close(fd)


def local(fd: int) -> int:
    return termios.tcgetattr(fd)[3] & (termios.ICANON | termios.ECHO | termios.ISIG)


def test_a_terminal_is_taken_and_put_back(terminal: tuple[int, int]) -> None:
    master, slave = terminal
    before = termios.tcgetattr(slave)
    keyboard = Keyboard(slave)
    for _ in range(2):
        keyboard.take()
        assert local(slave) == termios.ISIG, "Ctrl-C and Ctrl-Z stay signals"
        os.write(master, b"j\x1b[")
        assert keyboard.read() == ["down"]
        os.write(master, b"A")
        assert keyboard.read() == ["up"], "the rest of a sequence may come later"
        keyboard.restore()
        assert termios.tcgetattr(slave) == before


def test_a_terminal_that_has_gone() -> None:
    master, slave = pty.openpty()
    keyboard = Keyboard(slave)
    keyboard.take()
    os.close(master)
    assert keyboard.read() is None
    keyboard.restore()
    os.close(slave)
    keyboard.restore()


# -- what they do -----------------------------------------------------------------------------------------------------


class Rig:
    """Two workers, and a steering that notes what it would change."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.pids = stage, [stage.worker(0), stage.worker(1)]
        self.look, self.changes = LiveMonitor(find=lambda: running([stage.place])), []
        self.error: Exception | None = None
        self.steering = Steering(self._change)

    def _change(self, pid: int, **values: object) -> None:
        self.changes.append((pid, values))
        if self.error:
            raise self.error

    def press(self, *keys: str) -> str:
        said = ""
        for key in keys:
            view = self.look.view()
            self.steering.follow(view)
            said = self.steering.press(key, view)
        return said

    def selected(self) -> int | None:
        return self.steering.selected and self.pids.index(self.steering.selected[0])


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Stage(tmp_path / "place") as stage:
        yield Rig(stage)


def test_selecting_goes_round(rig: Rig) -> None:
    assert rig.selected() is None
    seen = [rig.press(key) or rig.selected() for key in ("down", "down", "down", "up", "up")]
    assert seen == [0, 1, 0, 1, 0]
    rig.steering.selected = None
    rig.press("up")
    assert rig.selected() == 1


def test_nice_goes_up_and_down(rig: Rig) -> None:
    now = os.getpriority(os.PRIO_PROCESS, 0)
    assert rig.press("down", "+") == f"worker 0 ({rig.pids[0]}): nice {now + 1}"
    assert rig.press("-") == f"worker 0 ({rig.pids[0]}): nice {now - 1}"
    assert rig.changes == [(rig.pids[0], {"nice": now + 1}), (rig.pids[0], {"nice": now - 1})]


def test_the_kernel_does_it(rig: Rig) -> None:
    rig.steering = Steering()
    now, cores = os.getpriority(os.PRIO_PROCESS, 0), sorted(os.sched_getaffinity(0))
    rig.press("down", "+")
    assert os.getpriority(os.PRIO_PROCESS, rig.pids[0]) == now + 1
    assert rig.press("p") == f"worker 0 ({rig.pids[0]}): pinned to core {cores[0]}"
    assert os.sched_getaffinity(rig.pids[0]) == {cores[0]}
    rig.press("p")
    assert os.sched_getaffinity(rig.pids[0]) == {cores[1 % len(cores)]}
    assert rig.press("u").startswith(f"worker 0 ({rig.pids[0]}): unpinned: cores {cores[0]}")
    assert os.sched_getaffinity(rig.pids[0]) == set(cores)
    assert os.sched_getaffinity(rig.pids[1]) == set(cores), "nobody else was touched"


def test_a_core_that_is_not_there_is_refused_in_a_line(rig: Rig) -> None:
    rig.steering = Steering()
    missing = next((core for core in range(10) if core not in os.sched_getaffinity(0)), None)
    if missing is None:
        rig.steering, rig.error, missing = Steering(rig._change), OSError(22, "Invalid argument"), 9
    said = rig.press("down", str(missing))
    assert f"pinned to core {missing}: the system refuses: Invalid argument; the core does not exist" in said


UNPRIVILEGED = """
import os, signal, sys
sys.path[:0] = [{root!r}, {here!r}]
from llmproc.monitor.steering import Steering
from llmproc.monitor.live import LiveMonitor
from apps.topping import count, instance
if os.geteuid() == 0:
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
child = os.fork()
if child == 0:
    signal.pause()
look = LiveMonitor(find=lambda: [instance(count(0, child))])
steering = Steering()
steering.follow(look.view())
for key in "+-":
    print(steering.press(key, look.view()), flush=True)
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
"""


def test_without_privilege_a_lower_nice_value_is_refused_in_a_line(tmp_path: Path) -> None:
    """As the user nobody when the tests are root's."""
    code = UNPRIVILEGED.format(root=str(ROOT), here=str(TESTS))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    raised, lowered = done.stdout.splitlines()
    now = os.getpriority(os.PRIO_PROCESS, 0)
    assert raised.endswith(f": nice {now + 1}"), done.stderr
    assert lowered.split(", ", 1)[1].startswith(f"nice {now}: the system refuses: ")
    assert lowered.endswith("a lower nice value needs CAP_SYS_NICE")


def test_nice_has_limits(rig: Rig) -> None:
    row = ProcessRow("worker", 0, 1, 1, "S", "OTHER", nice=19)
    steering = Steering(rig._change)
    steering.selected = (1, 1)
    view = LiveView(1.0, (InstanceView(instance(), (row,)),))
    assert "nice goes from -20 to 19" in steering.press("+", view) and rig.changes == []


def test_a_worker_that_died_meanwhile_is_not_somebody_else(rig: Rig) -> None:
    rig.press("down")
    view = rig.look.view()
    rig.stage.kill(rig.pids[0])
    assert rig.steering.press("+", view) == f"worker 0 ({rig.pids[0]}) has gone" and rig.changes == []
    rig.error = ProcessLookupError()
    rig.press("down")
    assert rig.press("down", "+").endswith("has gone")


def test_a_pid_that_was_used_again_is_left_alone(rig: Rig) -> None:
    row = ProcessRow("worker", 0, rig.pids[0], starttime=1, state="S", policy="OTHER", nice=0, allowed=(0,))
    rig.steering.selected = (rig.pids[0], 1)
    view = LiveView(1.0, (InstanceView(instance(), (row,)),))
    said = [rig.steering.press(key, view) for key in "+pu0"]
    assert said == [f"worker 0 ({rig.pids[0]}) has gone"] * 4 and rig.changes == []


def test_the_selection_follows_a_death(rig: Rig) -> None:
    rig.press("down")
    rig.stage.kill(rig.pids[0])
    rig.stage.tell("worker_died", worker=0, pid=rig.pids[0], status=-9)
    rig.steering.follow(rig.look.view())
    assert rig.steering.selected is None
    assert rig.press("+") == "select a worker first: up and down"


def test_the_only_worker_needs_no_selecting(tmp_path: Path) -> None:
    with Stage(tmp_path / "place") as stage:
        pid = stage.worker(0)
        steering, view = Steering(), LiveMonitor(find=lambda: running([stage.place])).view()
        steering.follow(view)
        assert steering.selected is not None and steering.selected[0] == pid


def test_without_workers_keys_say_so() -> None:
    steering, view = Steering(), LiveMonitor(find=lambda: [instance()]).view()
    assert steering.press("+", view) == "no worker runs"
    assert steering.press("down", view) == "" and steering.selected is None


def test_other_keys_do_nothing(rig: Rig) -> None:
    assert [rig.press(key) for key in ("x", "\x00", "é", "²", " ")] == [""] * 5 and rig.changes == []
