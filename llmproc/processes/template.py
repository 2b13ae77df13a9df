"""The template process: prepares once, then forks workers on request. `python -m llmproc.processes.template`.

A fresh interpreter with one thread for its whole life, so that forking it is always safe. Each worker is forked
through a helper process that forks and exits at once: the kernel then re-parents the worker to main, the nearest
subreaper.

    main            template          helper            worker
     | FORK ----------> |
     |                  | fork ----------> |
     |                  | <--- pid, exit - | fork ------> | waits for START
     | <---- FORKED --- | (reaped)                        |   (its parent is main by now)
     | START ------------------------------------------> | PDEATHSIG, parent check, READY

The names of `prepare` and `child` come as arguments; what they do is not this room's business.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from llmproc.errors import LlmprocError, missing_package
from llmproc.files.interpreter import ONE_THREAD
from llmproc.processes import protocol, system
from llmproc.processes.channel import ControlSocket, WorkerChannel
from llmproc.processes.frames import Frame
from llmproc.processes.health import HealthBoard, HealthCell

WORKER_NAME = "inference"
TEMPLATE_NAME = "template"
_IGNORED = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)  # main decides what these mean


@dataclass(frozen=True, slots=True)
class Prepared:
    """The result of `prepare`: `context` goes to every child by fork, `payload` and `fds` go to main."""

    context: Any
    payload: bytes = b""
    fds: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """The worker's own things beside the context: its slot, its pipes, its cell, the plan's shared descriptors."""

    slot: int
    channel: WorkerChannel
    health: HealthCell
    shared: list[int]  # the worker's own, to map and close


Prepare = Callable[[bytes, list[int], Callable[[bytes], None]], Prepared]
Child = Callable[[Any, WorkerContext], int]


def stray_name(template_pid: int) -> str:
    """Return the comm of a fork helper and of a worker not started yet, by which main knows them as its own."""
    return f"fork-{template_pid}"


def _load(name: str) -> Callable[..., Any]:
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _run_worker(context: Any, child: Child, main_pid: int, slot: int, fds: list[int]) -> int:
    request_fd, event_fd, health_fd, *shared = fds
    system.close_all_fds_but(fds)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    channel = WorkerChannel(request_fd, event_fd, wake_read)

    terminated = False

    def end(number: int, frame: object) -> None:
        nonlocal terminated
        terminated = channel.ended = True

    signal.signal(signal.SIGTERM, end)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    faulthandler.enable(all_threads=True)
    first = channel.receive()
    if first is None or first.type != protocol.START:
        return 128 + signal.SIGTERM if terminated else 0
    system.set_parent_death_signal(signal.SIGKILL)
    if os.getppid() != main_pid:
        return 0
    system.set_process_name(WORKER_NAME)
    health = HealthBoard.attach(health_fd).cell(slot)
    with contextlib.suppress(BrokenPipeError):  # main is gone
        code = child(context, WorkerContext(slot, channel, health, shared))
        return 128 + signal.SIGTERM if terminated else code
    return 0


def _write_to(fds: list[int]) -> None:
    """Make descriptors 1 and 2 what main has sent."""
    for fd in fds:
        os.dup2(fd, 1)
        os.dup2(fd, 2)
        os.close(fd)


def _leave(code: int) -> NoReturn:
    sys.stderr.flush()
    os._exit(code)


class Template:
    """The loop around the control socket."""

    def __init__(self, control: ControlSocket, main_pid: int, prepare: Prepare, child: Child) -> None:
        self._control, self._main_pid = control, main_pid
        self._prepare, self._child = prepare, child
        self._context: Any = None
        self._name = stray_name(os.getpid())

    def run(self) -> int:
        """Serve main's messages until main closes the socket; return the exit code."""
        while (packet := self._control.receive()) is not None:
            frame, fds = packet
            if frame.type == protocol.OUTPUT:
                _write_to(fds)
            elif frame.type == protocol.PREPARE:
                if not self._run_prepare(frame.payload, fds):
                    return 1
            elif frame.type == protocol.FORK:
                self._fork(frame.request_id, fds)
        return 0

    def _run_prepare(self, payload: bytes, fds: list[int]) -> bool:
        try:
            prepared = self._prepare(payload, fds, lambda text: self._control.send(Frame(protocol.PROGRESS, 0, text)))
        except (LlmprocError, ImportError) as error:
            _report(self._control, error)
            return False
        self._context = prepared.context
        gc.freeze()  # what imports made stays; to look for garbage in it takes longer than it saves
        gc.enable()
        self._control.send(Frame(protocol.PREPARED, 0, prepared.payload), prepared.fds)
        return True

    def _fork(self, slot: int, fds: list[int]) -> None:
        if system.task_count() != 1:
            names = ", ".join(system.task_names())
            raise RuntimeError(f"the template has {system.task_count()} threads ({names}): it must have one to fork")
        read_end, write_end = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        system.set_process_name(self._name)  # before the fork: the helper has this name from its first moment
        helper = os.fork()
        if helper == 0:
            self._fork_helper(write_end, slot, fds)
        system.set_process_name(TEMPLATE_NAME)
        os.close(write_end)
        answer = os.read(read_end, protocol.PID.size)
        os.close(read_end)
        os.waitpid(helper, 0)
        for fd in fds:
            os.close(fd)
        self._control.send(Frame(protocol.FORKED, slot, answer or protocol.PID.pack(0)))

    def _fork_helper(self, write_end: int, slot: int, fds: list[int]) -> NoReturn:
        code = 1
        try:
            pid = os.fork()
            if pid:
                os.write(write_end, protocol.PID.pack(pid))
                code = 0
            else:
                code = _run_worker(self._context, self._child, self._main_pid, slot, fds)
        except BaseException:  # a child must leave here and never return into the template's loop
            traceback.print_exc()
            code = 70
        _leave(code)


def main(arguments: list[str]) -> int:
    """Run the template. Arguments: control descriptor, main's pid, `module:prepare`, `module:child`."""
    control_fd, main_pid = int(arguments[0]), int(arguments[1])
    system.set_parent_death_signal(signal.SIGKILL)
    if os.getppid() != main_pid:
        return 0
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # some were held back until here
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # inherited as ignored from some shells: children would vanish
    system.set_process_name(TEMPLATE_NAME)
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    gc.disable()  # while it prepares: what imports make stays, and to look through it takes a tenth of the time
    control = ControlSocket(socket.socket(fileno=control_fd))
    os.set_inheritable(control_fd, False)
    with contextlib.suppress(BrokenPipeError, ConnectionError):
        try:
            prepare, child = _load(arguments[2]), _load(arguments[3])
        except (LlmprocError, ImportError) as error:  # a setting, or a package, that modules cannot be imported with
            _report(control, error)
            return 1
        return Template(control, main_pid, prepare, child).run()
    return 0


def _report(control: ControlSocket, error: LlmprocError | ImportError) -> None:
    """Tell main why there will be no workers. Raises an ImportError that is not about a package of ours."""
    reason = missing_package(error) if isinstance(error, ImportError) else error
    if reason is None:
        raise error
    control.send(Frame(protocol.FAILED, 0, protocol.encode_error(reason)))


if __name__ == "__main__":
    _leave(main(sys.argv[1:]))
