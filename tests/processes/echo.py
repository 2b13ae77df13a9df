"""A worker that is not a model: fault tests fork hundreds of these in seconds.

`prepare` obeys its payload, JSON orders:

    fail: text       report a CheckpointError (its rule: text, `times` over)
    die: signal      die while preparing
    loop: true       never get ready                   thread: true   leave a second thread behind
    print: text      leave it in the stdout buffer     later: orders  what a second template obeys instead
    progress: n      say n times that it prepares
    murder: n        fork number n: the go-between kills the template and goes on alone
    freeze: n        like murder, and then it stops itself
    stillborn: n     fork number n: the worker dies before it has said anything

`child` answers every frame of type ECHO with one step; other types make it misbehave on purpose.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from llmproc.errors import CheckpointError
from llmproc.processes import protocol
from llmproc.processes.channel import WorkerChannel
from llmproc.processes.frames import Frame, encode_frame
from llmproc.processes.health import HealthCell
from llmproc.processes.template import Prepared, WorkerContext

ECHO, BUSY_LOOP, SLEEP, FDS, RAW, IGNORE_TERM, DIE, TORN, LAST_WORDS, BLOB = range(16, 26)


def prepare(payload: bytes, fds: list[int], progress: Callable[[bytes], None]) -> Prepared:
    """Do what the payload says; hand out one memfd the first time, say `mapped` when it came back."""
    orders = json.loads(payload or b"{}")
    if fds:
        orders = orders.get("later", {})
    for _ in range(orders.get("progress", 1)):
        progress(b"preparing")
    if "fail" in orders:
        raise CheckpointError("file", "field", 1, orders["fail"] * orders.get("times", 1))
    if "die" in orders:
        os.kill(os.getpid(), orders["die"])
    while orders.get("loop"):
        pass
    if orders.get("thread"):
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    if "print" in orders:  # left in the buffer on purpose: a fork must not double it, and no child may run our atexit
        sys.stdout.write(orders["print"])
        atexit.register(os.write, 1, b"at exit")
    _bend_fork(orders)
    if fds:
        return Prepared(os.pread(fds[0], 100, 0), b"mapped", [])
    fd = os.memfd_create("echo", os.MFD_CLOEXEC)
    os.write(fd, b"weights")
    return Prepared(b"", b"packed", [fd])


def _bend_fork(orders: dict[str, int]) -> None:
    template, real, count = os.getpid(), os.fork, 0

    def fork() -> int:
        nonlocal count
        in_template = os.getpid() == template
        count += in_template
        pid = real()
        if pid:
            return pid
        if not in_template and orders.get("stillborn") == count:
            os.kill(os.getpid(), signal.SIGKILL)
        if in_template and count in (orders.get("murder"), orders.get("freeze")):
            os.kill(template, signal.SIGKILL)
            while os.getppid() == template:
                pass
            if orders.get("freeze") == count:
                os.kill(os.getpid(), signal.SIGSTOP)
        return pid

    if {"murder", "freeze", "stillborn"} & set(orders):
        os.fork = fork


def child(context: Any, post: WorkerContext) -> int:
    """Echo until told to stop."""
    channel, health = post.channel, post.health
    channel.ready()
    while not channel.ended:
        frame = channel.receive()
        if frame is None:
            continue
        if frame.type == protocol.STOP:
            sys.stdout.flush()
            return 0
        health.set_busy(True)
        _obey(frame, channel, health, context)
        health.set_busy(False)
    return 0


def _obey(frame: Frame, channel: WorkerChannel, health: HealthCell, context: Any) -> None:
    event_fd = channel._event_fd
    if frame.type == BUSY_LOOP:
        _spin(float(frame.payload))
    elif frame.type == IGNORE_TERM:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _spin(float(frame.payload))
    elif frame.type == SLEEP:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        time.sleep(float(frame.payload))
    elif frame.type == DIE:
        os.kill(os.getpid(), int(frame.payload))
    elif frame.type == RAW:
        os.write(event_fd, frame.payload)
        signal.pause()  # to be killed for it
    elif frame.type == TORN:
        channel.send(Frame(ECHO, frame.request_id, b"whole"))
        os.write(event_fd, encode_frame(Frame(ECHO, frame.request_id, b"torn" * 1000))[:2000])
        os.kill(os.getpid(), signal.SIGKILL)
    elif frame.type == LAST_WORDS:  # more than one read of main's takes
        fcntl.fcntl(event_fd, fcntl.F_SETPIPE_SZ, 1 << 20)
        channel.send(Frame(ECHO, 0, b"first"))
        for number in range(1, int(frame.payload) + 1):
            os.write(event_fd, encode_frame(Frame(ECHO, number, bytes(1000))))
        os.kill(os.getpid(), signal.SIGKILL)
    if frame.type == FDS:
        names = {int(fd): _target(fd) for fd in os.listdir("/proc/self/fd")}
        answer = {"fds": {fd: name for fd, name in names.items() if name}, "context": context.decode()}
        channel.send(Frame(FDS, frame.request_id, json.dumps(answer).encode()))
        return
    health.step()
    channel.send(Frame(frame.type, frame.request_id, frame.payload if frame.type == ECHO else b""))


def _spin(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def _target(fd: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        return ""  # the descriptor of the listing itself
