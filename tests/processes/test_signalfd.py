"""Signals as a descriptor: who sent them, which ones are left alone, and what is put back."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import threading

import pytest
from support.paths import ROOT

from llmproc.processes.signalfd import Caught, SignalFd


def to_this_thread(number: int) -> None:
    """Not to the process: if that has other threads, which do not block it, one of them would take it and end us."""
    signal.pthread_kill(threading.get_ident(), number)


def test_a_signal_is_read_with_its_sender() -> None:
    with SignalFd([signal.SIGUSR1, signal.SIGUSR2]) as signals:
        assert signals.read() == []
        to_this_thread(signal.SIGUSR2)
        assert select.select([signals], [], [], 10)[0] == [signals]
        assert signals.read() == [Caught(signal.SIGUSR2, False, os.getpid())]
        assert signals.read() == []


def test_what_was_blocked_is_unblocked_and_what_came_is_dropped() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    signals = SignalFd([signal.SIGUSR1])
    assert signal.SIGUSR1 in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    to_this_thread(signal.SIGUSR1)  # its default action would end this process
    signals.close()
    signals.close()
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before


def test_an_ignored_signal_stays_ignored() -> None:
    old = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        with SignalFd([signal.SIGUSR1]) as signals:
            to_this_thread(signal.SIGUSR1)
            assert signals.read() == []
    finally:
        signal.signal(signal.SIGUSR1, old)


def test_a_refused_signalfd_leaves_the_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    from llmproc.processes import signalfd

    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    monkeypatch.setattr(signalfd, "libc", type("Refusing", (), {"signalfd": staticmethod(lambda *_: -1)}))
    with pytest.raises(OSError, match="signalfd"):
        SignalFd([signal.SIGUSR1])
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before


TYPED = """
import select, sys
sys.path.insert(0, {root!r})
import signal
from llmproc.processes.signalfd import SignalFd
with SignalFd([signal.SIGINT]) as signals:
    print("ready", flush=True)
    select.select([signals], [], [], 20)
    print(signals.read()[0].typed, flush=True)
"""


@pytest.mark.parametrize("typed", [True, False])
def test_a_key_at_the_terminal_is_told_from_kill(typed: bool) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", TYPED.format(root=str(ROOT))], stdin=slave, stdout=subprocess.PIPE,
        start_new_session=True, preexec_fn=lambda: __import__("fcntl").ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    try:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        if typed:
            os.write(master, b"\x03")
        else:
            process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20)[0].decode().strip() == str(typed)
    finally:
        process.kill()
        process.wait()
        for fd in (master, slave):
            os.close(fd)
