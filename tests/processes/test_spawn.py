"""A template that was started before its main loop: taken over, or ended by whoever started it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.paths import ROOT

from llmproc.processes.spawn import SpawnedTemplate, spawn_template
from llmproc.service.config import ServiceConfig
from llmproc.service.early import WORK, early_template
from llmproc.service.service import Service

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def gone(pid: int) -> bool:
    return not os.path.exists(f"/proc/{pid}")


@pytest.fixture
def output() -> Iterator[int]:
    fd = os.memfd_create("test-output")
    yield fd
    os.close(fd)


def read(fd: int) -> bytes:
    return os.pread(fd, 1 << 20, 0)


def serve(spawned: SpawnedTemplate | None, output: int) -> Service:
    config = ServiceConfig(Path("unused"), work="wait", environment=ENVIRONMENT, output_fd=output, early=spawned)
    return Service(config)


def test_the_service_takes_it_over_and_it_writes_where_it_is_told(output: int) -> None:
    spawned = spawn_template(WORK["wait"], ENVIRONMENT, -1)
    service = serve(spawned, output)
    service.start()
    try:
        assert service.wait_ready(60)
        children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
        assert str(spawned.process.pid) in children, "no second template was started"
        place = f"/proc/{os.getpid()}/fd/{output}"
        for fd in (1, 2):
            assert os.stat(f"/proc/{spawned.process.pid}/fd/{fd}").st_ino == os.stat(place).st_ino
            assert os.stat(f"/proc/{service.workers()[0].pid}/fd/{fd}").st_ino == os.stat(place).st_ino
        spawned.end()  # it has another owner now
        assert spawned.process.poll() is None
    finally:
        service.close()
    assert gone(spawned.process.pid)


def test_another_one_follows_when_it_dies(output: int) -> None:
    spawned = spawn_template(WORK["wait"], ENVIRONMENT, -1)
    service = serve(spawned, output)
    service.start()
    try:
        assert service.wait_ready(60)
        spawned.process.send_signal(signal.SIGKILL)
        first = service.workers()[0].pid
        os.kill(first, signal.SIGKILL)
        while (now := service.workers()[0]).pid in (0, first) or now.state != "ready":
            threading.Event().wait(0.01)
    finally:
        service.close()


def test_its_first_words_are_the_reason_of_a_failed_start(output: int, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os\nos.write(2, b'no room\\n')\nos._exit(7)\n")
    spawned = spawn_template(WORK["wait"], {**ENVIRONMENT, "PYTHONPATH": f"{tmp_path}:{ROOT}"}, -1)
    spawned.process.wait()
    service = serve(spawned, output)
    service.start()
    try:
        with pytest.raises(Exception, match=r"exit status 7"):
            service.wait_ready(60)
    finally:
        service.close()
    assert read(output) == b"no room\n"


def test_what_was_not_taken_is_ended() -> None:
    with early_template() as spawned:
        assert spawned is not None
        pid = spawned.process.pid
        assert not gone(pid)
    assert gone(pid)
    spawned.end()
    assert spawned.control.fileno() == -1


def test_it_is_ended_by_an_error_too() -> None:
    with pytest.raises(KeyboardInterrupt), early_template() as spawned:
        assert spawned is not None
        raise KeyboardInterrupt
    assert gone(spawned.process.pid)


def test_a_signal_to_the_group_does_not_end_an_interpreter_that_starts(output: int) -> None:
    spawned = spawn_template(WORK["wait"], ENVIRONMENT, -1)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        spawned.process.send_signal(number)
    service = serve(spawned, output)
    service.start()
    try:
        assert service.wait_ready(60)
    finally:
        service.close()
    assert read(output) == b""


def test_the_signal_mask_is_put_back_and_nothing_is_left_when_it_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    before, descriptors = signal.pthread_sigmask(signal.SIG_BLOCK, ()), os.listdir("/proc/self/fd")
    monkeypatch.setattr("llmproc.processes.spawn.child_command", lambda *words: ["/does/not/exist"])
    with early_template() as spawned:
        assert spawned is None
    with pytest.raises(FileNotFoundError):
        spawn_template(WORK["wait"], ENVIRONMENT, -1)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
    assert len(os.listdir("/proc/self/fd")) == len(descriptors)
