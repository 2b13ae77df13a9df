"""Announcing an instance and finding it: whose folder, whose file, and what kill -9 leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support.happening import happened
from support.paths import ROOT

from llmproc.errors import LogError
from llmproc.monitor import instances, runtimedir
from llmproc.monitor.instances import Announcement, Instance, running
from llmproc.monitor.service_stats import ServiceStats

ANNOUNCING = """
import os, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from llmproc.monitor.instances import Announcement
from llmproc.monitor.service_stats import ServiceStats
kept = Announcement(ServiceStats(), Path("/logs/x"), print, open_place=lambda: Path({place!r}))
print("ready", flush=True)
__import__("signal").pause()
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder as `open_place` makes it."""
    (tmp_path / "place").mkdir(mode=0o700)
    return tmp_path / "place"


def announce(place: Path, stats: ServiceStats | None = None, failed=pytest.fail) -> Announcement:
    return Announcement(stats or ServiceStats(), Path("/logs/run"), failed, open_place=lambda: place)


def put(place: Path, name: str, **changed: object) -> Path:
    """A file as an instance of this very process would write it, changed."""
    there = set(place.iterdir())
    announcement = announce(place)
    (file,) = set(place.iterdir()) - there
    content = {**json.loads(file.read_text()), **changed}
    announcement.close()
    (place / name).write_text(json.dumps(content))
    return place / name


def own_name(pid: int | None = None, starttime: int | None = None, namespace: int | None = None, end: str = "9") -> str:
    here = instances.proc.read_stat(os.getpid())
    assert here is not None
    parts = (pid or here.pid, starttime or here.starttime, instances._namespace() if namespace is None else namespace)
    return f"{parts[0]}-{parts[1]}-{parts[2]}-{end}.json"


# -- announcing -------------------------------------------------------------------------------------------------------


def test_an_instance_is_found_with_its_counts(place: Path) -> None:
    stats = ServiceStats()
    announcement = announce(place, stats)
    try:
        (found,) = running([place])
        assert (found.pid, found.run_folder, found.workers, found.waiting) == (os.getpid(), "/logs/run", (), 0)
        assert Path(found.command.split()[0]).name.startswith(("python", "pytest")) and found.started.startswith("20")
        stats.on_event(happened("worker_forked", worker=0, pid=4711), 1.0)
        stats.on_event(happened("request_arrived", request=1), 1.0)
        announcement.write()
        (found,) = running([place])
        assert (found.workers[0].pid, found.waiting) == (4711, 1) and found.t >= found.started_t
    finally:
        announcement.close()
    assert running([place]) == [] and list(place.iterdir()) == []


def test_nothing_is_written_while_nothing_changes(place: Path) -> None:
    stats = ServiceStats()
    announcement = announce(place, stats)
    (file,) = place.iterdir()
    before = file.stat().st_ino, file.stat().st_mtime_ns
    announcement.write()
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == before
    stats.on_event(happened("request_arrived", request=1), 1.0)
    announcement.write()
    assert file.stat().st_ino != before[0], "replaced, not written over"
    announcement.close()
    announcement.close()


def test_a_reader_never_sees_half_a_file(place: Path) -> None:
    stats = ServiceStats()
    for slot in range(64):
        stats.on_event(happened("worker_forked", worker=slot, pid=1000 + slot), 1.0)
    announcement = announce(place, stats)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            stats.on_event(happened("request_arrived", request=stats.version), 1.0)
            announcement.write()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(200):
            (found,) = running([place])
            assert len(found.workers) == 64
    finally:
        stop.set()
        writer.join()
        announcement.close()


def test_two_instances_of_one_process(place: Path) -> None:
    first, second = announce(place), announce(place)
    assert len(running([place])) == 2
    first.close()
    assert len(running([place])) == 1
    second.close()


def test_a_forked_child_does_not_remove_it(place: Path) -> None:
    announcement = announce(place)
    pid = os.fork()
    if pid == 0:
        announcement.close()
        os._exit(0)
    os.waitpid(pid, 0)
    assert len(running([place])) == 1
    announcement.close()


def test_a_place_that_goes_away_is_left_for_another(tmp_path: Path) -> None:
    places = [tmp_path / "one", tmp_path / "two"]
    for folder in places:
        folder.mkdir(mode=0o700)
    stats = ServiceStats()
    announcement = Announcement(stats, None, pytest.fail, open_place=lambda: next(p for p in places if p.is_dir()))
    for file in places[0].iterdir():
        file.unlink()
    places[0].rmdir()  # what systemd does after the last logout
    stats.on_event(happened("request_arrived", request=1), 1.0)
    announcement.write()
    assert [found.waiting for found in running(places[1:])] == [1]
    announcement.close()


def test_no_place_at_all_is_told_once_and_harms_nobody() -> None:
    told: list[str] = []

    def refuse() -> Path:
        raise LogError("/tmp/llmproc-0: Read-only file system")

    stats = ServiceStats()
    announcement = Announcement(stats, None, told.append, open_place=refuse)
    stats.on_event(happened("request_arrived", request=1), 1.0)
    announcement.write()
    announcement.close()
    assert told == ["llmproc top will not find this run: /tmp/llmproc-0: Read-only file system"]


# -- finding ----------------------------------------------------------------------------------------------------------


def test_what_kill_9_leaves_is_recognised_and_removed(place: Path) -> None:
    code = ANNOUNCING.format(root=str(ROOT), place=str(place))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        assert [found.pid for found in running([place])] == [process.pid]
    finally:
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert running([place]) == [], "a zombie is no instance"
        assert list(place.iterdir()) == []
        process.communicate()


def test_a_pid_that_was_used_again_is_somebody_else(place: Path) -> None:
    stale = put(place, own_name(starttime=1))
    torn = place / (own_name(starttime=1) + ".new")
    torn.write_text('{"sche')
    assert running([place]) == []
    assert not stale.exists() and not torn.exists()


def test_another_boot_is_over_and_another_container_is_not_ours_to_judge(place: Path) -> None:
    before = put(place, own_name(), boot="another")
    beside = put(place, own_name(pid=1 << 22, namespace=1))
    assert running([place]) == []
    assert not before.exists() and beside.exists()


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[]", '{"schema": 1', "\xff", json.dumps({"schema": 1, "pid": "x"}), "[" * 100_000, " " * (1 << 20 | 1)],
    ids=["empty", "no fields", "a list", "torn", "no text", "a wrong type", "deep", "large"],
)
def test_a_file_that_says_nothing_is_passed_over(place: Path, content: str) -> None:
    (place / own_name()).write_text(content, encoding="latin-1")
    assert running([place]) == []


def test_foreign_names_and_kinds_are_passed_over(place: Path) -> None:
    (place / "notes.txt").write_text("mine")
    (place / own_name(end="1")).symlink_to(put(place, own_name(end="6")).rename(place.parent / "elsewhere.json"))
    os.mkfifo(place / own_name(end="2"))
    (place / own_name(end="3")).mkdir()
    put(place, own_name(end="4"), pid=1)  # it claims to be another process than its name says
    put(place, own_name(end="5"), schema=99)
    assert running([place]) == []
    assert (place / "notes.txt").exists()


def test_fields_of_later_versions_are_ignored(place: Path) -> None:
    put(place, own_name(), mood="good")
    (found,) = running([place])
    assert isinstance(found, Instance)


def test_the_oldest_comes_first(place: Path) -> None:
    put(place, own_name(end="7"), started_t=5.0)
    put(place, own_name(end="8"), started_t=2.0)
    assert [found.started_t for found in running([place])] == [2.0, 5.0]


# -- the folder -------------------------------------------------------------------------------------------------------


def test_a_folder_that_somebody_else_made_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    us = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: us + 1)  # so that ours is somebody else's
    place = tmp_path / f"llmproc-{us + 1}"
    place.mkdir(mode=0o777)
    (place / own_name(starttime=1)).write_text("{}")
    with pytest.raises(LogError, match=rf"llmproc-{us + 1}: belongs to user {us}$"):
        runtimedir.open_place({}, tmp_path)
    assert running([place]) == [] and (place / own_name(starttime=1)).exists()


def test_a_signal_that_ends_python_still_leaves_a_stale_file_only(place: Path) -> None:
    """SIGTERM without a handler runs no cleaning: the file is found stale, as after kill -9."""
    code = ANNOUNCING.format(root=str(ROOT), place=str(place))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert len(list(place.iterdir())) == 1
    assert running([place]) == [] and list(place.iterdir()) == []
