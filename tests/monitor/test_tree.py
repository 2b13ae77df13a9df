"""Which processes belong to a tree: real ones that fork, lose their parents, and come later."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

from llmproc.monitor import proc
from llmproc.monitor.tree import Tree
from llmproc.processes.children import read_children
from llmproc.processes.system import get_child_subreaper, set_child_subreaper

Child = Callable[[str], subprocess.Popen[bytes]]
PAUSED = "print('ready', flush=True)\n__import__('signal').pause()"
# A parent of two, one of them by a thread; the second one has a child of its own. It forks once more when told to.
FAMILY = """
import os, signal, sys, threading
def fork(then=signal.pause):
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
        then()
        os._exit(0)
    return pid
def nested():
    pids.append(fork())
    os.write(pipe[1], b'x')
    signal.pause()
pids, pipe = [], os.pipe()
pids.append(fork())
thread = threading.Thread(target=lambda: pids.append(fork(nested)))
thread.start()
thread.join()
os.read(pipe[0], 1)
signal.signal(signal.SIGUSR1, lambda *_: (fork(), os.write(1, b'again\\n')))
os.write(1, b'ready\\n')
while True:
    signal.pause()
"""


@pytest.fixture(params=[None, False], ids=["lists of children", "all of /proc"])
def lists(request: pytest.FixtureRequest) -> bool | None:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def family(child: Child) -> Iterator[subprocess.Popen[bytes]]:
    """All that is below it is ended too."""
    root = child(FAMILY)
    yield root
    for stat in reversed(Tree(root.pid).newcomers()):
        os.kill(stat.pid, 9)


def parents(tree: Tree) -> dict[int, int]:
    return {stat.pid: stat.ppid for stat in tree.newcomers()}


def keys(tree: Tree) -> set[tuple[int, int]]:
    return {stat.key for stat in tree.newcomers()}


def test_all_generations_and_those_that_threads_forked(family: subprocess.Popen[bytes], lists: bool | None) -> None:
    found = parents(Tree(family.pid, lists=lists))
    assert found[family.pid] == os.getpid() and len(found) == 4
    assert sorted(found.values()).count(family.pid) == 2
    assert next(iter(found)) == family.pid, "parents before their children"


def test_one_that_comes_later(family: subprocess.Popen[bytes], lists: bool | None) -> None:
    tree = Tree(family.pid, lists=lists)
    members = keys(tree)
    assert tree.newcomers(members) == []
    family.send_signal(10)
    assert family.stdout is not None and family.stdout.readline() == b"again\n"
    (new,) = tree.newcomers(members)
    assert new.ppid == family.pid and new.key not in members


@pytest.fixture
def adopting() -> Iterator[None]:
    """What loses its parent becomes a child of this process."""
    before = get_child_subreaper()
    set_child_subreaper(True)
    yield
    set_child_subreaper(before)


def test_a_member_keeps_its_children_when_its_parent_ends(
    family: subprocess.Popen[bytes], lists: bool | None, adopting: None
) -> None:
    """The youngest loses its parent, and is found below us from then on; as a member it is no news."""
    tree = Tree(family.pid, lists=lists)
    before = parents(tree)
    youngest = next(pid for pid, parent in before.items() if parent not in (os.getpid(), family.pid))
    stat = proc.read_stat(youngest)
    assert stat is not None
    os.kill(before[youngest], 9)
    while proc.read_stat(youngest).ppid != os.getpid():  # type: ignore[union-attr]
        pass
    assert youngest not in parents(tree), "nobody who begins now can know whose it was"
    assert youngest not in {found.pid for found in tree.newcomers([stat.key])}
    child = subprocess.Popen(["sleep", "60"])
    try:
        below = Tree(os.getpid(), with_root=False, lists=lists)
        assert {youngest, child.pid, family.pid} <= set(parents(below))
        own = proc.read_stat(os.getpid())
        assert own is not None
        assert child.pid in {found.pid for found in tree.newcomers([own.key])}, "children of a member are members"
    finally:
        for pid in (youngest, child.pid):
            os.kill(pid, 9)
            os.waitpid(pid, 0)
        child.wait()


def test_what_is_below_us_without_ourselves(family: subprocess.Popen[bytes], lists: bool | None) -> None:
    other = subprocess.Popen(["sleep", "60"])
    try:
        found = parents(Tree(os.getpid(), with_root=False, leave_out=[other.pid], lists=lists))
        assert family.pid in found and len(found) == 4
        assert not {os.getpid(), other.pid} & set(found)
    finally:
        other.kill()
        other.wait()


def test_who_looks_is_no_member(lists: bool | None, child: Child) -> None:
    """Recording a shell from inside it must not record the recorder and what it starts."""
    pid = child(PAUSED).pid
    found = parents(Tree(os.getppid(), lists=lists))
    assert os.getppid() in found and not {os.getpid(), pid} & set(found)


def test_a_zombie_is_there_until_it_is_reaped(child: Child, wait_for_zombie: Callable[[int], None]) -> None:
    process = child(PAUSED)
    tree = Tree(process.pid)
    process.kill()
    wait_for_zombie(process.pid)
    assert [stat.state for stat in tree.newcomers()] == ["Z"]
    process.wait()
    assert tree.newcomers() == []


def test_a_root_that_is_not_there() -> None:
    assert Tree(1 << 22).newcomers() == []


def test_a_pid_used_again_is_no_member(fake_proc) -> None:
    for pid in (7, 8):
        fake_proc.put(pid, starttime=70)
    tree = Tree(7, root=fake_proc.root, lists=False)
    assert keys(tree) == {(7, 70)}
    fake_proc.put(7, starttime=71)
    assert keys(tree) == set()


def test_children_of_a_kernel_without_lists(fake_proc) -> None:
    fake_proc.put(7)
    assert read_children(7, root=fake_proc.root) is None
    assert read_children(99, root=fake_proc.root) == []


def test_command_lines(child: Child) -> None:
    process = child(PAUSED)
    assert proc.read_command(process.pid)[1:] == ("-S", "-E", "-c", PAUSED)
    assert proc.read_command(1 << 22) == ()
