"""A worker that is not a model: fault tests fork hundreds of these in seconds.

`prepare` obeys its payload (JSON): {"fail": "..."} reports an error, {"die": signal} dies while preparing, {"loop": true} never gets ready.
`child` answers every frame of type ECHO with one step; other types make it misbehave on purpose.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from llmproc.errors import CheckpointError
from llmproc.processes import protocol
from llmproc.processes.channel import WorkerChannel
from llmproc.processes.frames import Frame
from llmproc.processes.health import HealthCell
from llmproc.processes.template import Prepared

ECHO, BUSY_LOOP, SLEEP, FDS, RAW, KEEP, IGNORE_TERM = range(16, 23)


def prepare(payload: bytes, fds: list[int], progress: Callable[[bytes], None]) -> Prepared:
    """Do what the payload says; hand out one memfd the first time, count how often it came back."""
    orders = json.loads(payload or b"{}")
    progress(b"preparing")
    if "fail" in orders:
        raise CheckpointError("file", "field", 1, orders["fail"])
    if "die" in orders:
        os.kill(os.getpid(), orders["die"])
    if orders.get("loop"):
        while True:
            pass
    sys.stdout.write(orders.get("print", ""))  # left in the buffer on purpose: a fork must not double it
    if fds:
        return Prepared({"seen": os.pread(fds[0], 100, 0), **orders}, b"mapped", [])
    fd = os.memfd_create("echo")
    os.write(fd, b"weights")
    return Prepared(orders, b"packed", [fd])


def child(context: Any, channel: WorkerChannel, health: HealthCell) -> int:
    """Echo until told to stop."""
    if context.get("die_in_child"):
        os.kill(os.getpid(), context["die_in_child"])
    while not channel.ended:
        frame = channel.receive(block=True)
        if frame is None:
            continue
        if frame.type == protocol.STOP:
            return 0
        health.set_busy(True)
        _obey(frame, channel, health)
        health.set_busy(False)
    return 0


def _obey(frame: Frame, channel: WorkerChannel, health: HealthCell) -> None:
    if frame.type == BUSY_LOOP:
        end = time.monotonic() + float(frame.payload)
        while time.monotonic() < end:
            pass
    elif frame.type == SLEEP:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        time.sleep(float(frame.payload))
    elif frame.type == IGNORE_TERM:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            pass
    elif frame.type == FDS:
        names = {int(fd): os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if _exists(fd)}
        channel.send(Frame(FDS, frame.request_id, json.dumps(names).encode()))
        return
    elif frame.type == RAW:
        os.write(channel._event_fd, frame.payload)
    elif frame.type == KEEP:
        health.set_busy(True)
        while channel.receive(block=True) is not None:
            pass
    health.step()
    channel.send(Frame(ECHO, frame.request_id, frame.payload))


def _exists(fd: str) -> bool:
    return os.path.exists(f"/proc/self/fd/{fd}") or os.path.islink(f"/proc/self/fd/{fd}")
