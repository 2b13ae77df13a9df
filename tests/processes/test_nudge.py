"""A signal that interrupts nothing is heard all the same; without the thread it would wait for the next key."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest
from support.paths import ROOT

from llmproc.processes.nudge import Nudge

# The signal is handled in another thread, which leaves the main thread's wait alone: as one that comes before it.
PROGRAM = """
import os, pty, readline, signal, sys, threading, time
from llmproc.processes.nudge import Nudge
main, other = pty.openpty()
os.dup2(other, 0); os.dup2(other, 1)
nudge = Nudge() if sys.argv[1] == "nudged" else None
def late():
    seen = b""
    while b">>>" not in seen:  # a terminal may hand it over in parts
        seen += os.read(main, 100)
    time.sleep(0.2)  # the main thread waits by now
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)
    if nudge is None:
        time.sleep(1.5)
        os.write(main, b"\\n")
threading.Thread(target=late, daemon=True).start()
try:
    input(">>> ")
    print("a line", file=sys.stderr)
except KeyboardInterrupt:
    print("interrupted", file=sys.stderr)
if nudge: nudge.close()
"""


@pytest.mark.parametrize(("how", "said"), [("nudged", {"interrupted"}), ("alone", {"a line", "interrupted"})])
def test_a_signal_that_interrupts_nothing_is_heard(how: str, said: set[str]) -> None:
    """The control says that the program works: its input ends by the key that it is given."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, how], cwd=ROOT, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.stderr.strip() in said and done.returncode == 0


def test_everything_is_as_before_when_it_is_closed() -> None:
    threads, fds = threading.active_count(), len(os.listdir("/proc/self/fd"))
    handler = signal.getsignal(signal.SIGURG)
    nudge = Nudge()
    assert threading.active_count() == threads + 1
    nudge.close()
    nudge.close()
    assert threading.active_count() == threads and len(os.listdir("/proc/self/fd")) == fds
    assert signal.getsignal(signal.SIGURG) == handler and signal.set_wakeup_fd(-1) == -1


def test_the_main_thread_is_interrupted_after_a_signal() -> None:
    heard = threading.Event()
    nudge = Nudge()
    old = signal.signal(signal.SIGUSR1, lambda number, frame: None)
    signal.signal(signal.SIGURG, lambda number, frame: heard.set())
    try:
        signal.raise_signal(signal.SIGUSR1)
        assert heard.wait(20)
    finally:
        nudge.close()
        signal.signal(signal.SIGUSR1, old)
