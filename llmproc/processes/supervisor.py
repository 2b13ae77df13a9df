"""The supervisor: one I/O thread that owns every pipe, forks workers through the template and replaces the dead.

    other threads --post()--> [I/O thread: selector] <--frames-- workers
                                   |  control socket --> template
                                   +--> listener (called on this thread; must not block)

Mechanism; the decisions are in policies.py. The thread lives as long as the workers: the template's parent-death signal
is tied to the thread that started it.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from llmproc import errors
from llmproc.errors import LlmprocError, ProtocolError, StartError, WorkersLostError
from llmproc.processes import protocol, system
from llmproc.processes.channel import OutboxFullError
from llmproc.processes.frames import Frame
from llmproc.processes.health import HealthBoard
from llmproc.processes.policies import Evidence, HealthJudge, RestartPolicy, Rung, RunningClock, StopLadder, Verdict
from llmproc.processes.slots import SlotState, TemplateHandle, WorkerExit, WorkerSlot
from llmproc.processes.template import stray_name

_TICK_S = 0.1  # while something has a deadline
_HEALTH_S = 0.5  # while a worker is busy
_FORK_PATIENCE_S = 10.0
_STRAY_PATIENCE_S = 2.0  # only after a fault of our own
_TEMPLATE = -1  # the template's "slot" in the restart policy


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: the two names, the payload for `prepare`, how many workers, and where their output goes."""

    prepare: str
    child: str
    payload: bytes = b""
    workers: int = 1
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    output_fd: int | None = None
    stuck_after_s: float = 10.0


class Listener(Protocol):
    """What the room above hears, always on the I/O thread."""

    def template_started(self, pid: int) -> None: ...
    def progress(self, payload: bytes) -> None: ...
    def prepared(self, payload: bytes) -> None: ...
    def template_died(self, pid: int, code: int) -> None: ...
    def worker_forked(self, slot: int, pid: int) -> None: ...
    def worker_ready(self, slot: int, pid: int) -> None: ...
    def frame(self, slot: int, frame: Frame) -> None: ...
    def worker_dying(self, slot: int, pid: int) -> None: ...
    def worker_died(self, slot: int, ended: WorkerExit) -> None: ...
    def holds_work(self, slot: int) -> bool: ...
    def evidence(self, pid: int) -> tuple[int, int, str] | None: ...
    def warn(self, text: str) -> None: ...
    def gave_up(self, error: LlmprocError) -> None: ...
    def stopped(self) -> None: ...


class Supervisor:
    """Start with `start()`, talk to it with `post()`, end it with `stop()` and `join()`."""

    def __init__(self, plan: Plan, listener: Listener) -> None:
        self._plan, self._listener = plan, listener
        self._selector = selectors.DefaultSelector()
        self._board = HealthBoard.create(plan.workers)
        self.slots = [WorkerSlot(i, self._board.cell(i)) for i in range(plan.workers)]
        self._template: TemplateHandle | None = None
        self._template_at: float | None = 0.0
        self._template_ladder: StopLadder | None = None
        self._failure: LlmprocError | None = None
        self._kept: list[int] = []  # descriptors a new template maps instead of preparing again
        self._restart, self._clock = RestartPolicy(), RunningClock()
        self._judge = HealthJudge(plan.stuck_after_s)
        self._forking: WorkerSlot | None = None
        self._fork_deadline = 0.0
        self._was_subreaper = False
        self._stray_names: set[str] = set()
        self._stopping = self._finished = False
        self._posted: deque[Callable[[], None]] = deque()
        self._post_lock, self._closed = threading.Lock(), False
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(self._wake_read, selectors.EVENT_READ, self._drain_wake)
        self._thread = threading.Thread(target=self._thread_main, name="llmproc-io", daemon=True)

    # -- called from any thread -------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the I/O thread, which starts the template and then the workers."""
        ignored = signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN  # then nobody could be waited for
        if ignored and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._thread.start()

    def post(self, call: Callable[[], None]) -> bool:
        """Run `call` on the I/O thread, soon, in order. False: the thread has ended and the call will never run."""
        with self._post_lock:
            if self._closed:
                return False
            self._posted.append(call)
            self._wake()
        return True

    def stop(self) -> None:
        """End workers and template, by the ladder where they do not end themselves."""
        self.post(self._begin_stop)

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the I/O thread; True when everything has ended."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    # -- called on the I/O thread -----------------------------------------------------------------------------------

    def send(self, slot: int, frame: Frame) -> None:
        """Queue a frame for a ready worker. OutboxFullError when it does not read; nothing happens when it is dying."""
        outbox = self.slots[slot].outbox
        if outbox is not None:
            outbox.put(frame)
            self._flush(self.slots[slot])

    def replace(self, slot: int) -> None:
        """Stop the worker of `slot`; a freshly forked one follows."""
        self._climb(self.slots[slot])

    # -- the loop ---------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._finished:
            ready = self._selector.select(self._timeout())
            self._clock.tick(time.monotonic())  # first, so that deadlines set below do not start in the past
            for key, _ in ready:
                key.data()
            while self._posted:
                self._posted.popleft()()
            self._advance(self._clock.tick(time.monotonic()))

    def _advance(self, now: float) -> None:
        self._collect_strays()
        self._advance_template(now)
        for slot in self.slots:
            self._advance_slot(slot, now)
        if self._stopping and not self._template and all(s.state is SlotState.EMPTY for s in self.slots):
            self._finished = not self._stray_names

    def _thread_main(self) -> None:
        try:
            self._run()
        except BaseException as error:  # a fault of ours must not leave processes, nor callers waiting, behind
            self._kill_everything()
            self._listener.gave_up(WorkersLostError(f"the I/O thread failed: {error!r}"))
        finally:
            self._close()
            self._listener.stopped()

    def _close(self) -> None:
        with self._post_lock:  # whoever posts later is told so, and writes to no descriptor of others
            self._closed = True
        while self._posted:  # accepted before the end: run, so that nobody waits for ever
            with contextlib.suppress(Exception):
                self._posted.popleft()()
        self._selector.close()
        for fd in (self._wake_read, self._wake_write, *self._kept):
            os.close(fd)
        self._board.close()

    def _timeout(self) -> float | None:
        no_template = self._template is None and self._template_at is not None
        deadlines = no_template or self._stray_names or self._forking or self._template_ladder or self._stopping
        if deadlines or any(s.ladder or (s.fork_at is not None and s.state is SlotState.EMPTY) for s in self.slots):
            return _TICK_S
        return _HEALTH_S if any(map(self._holds_work, self.slots)) else None

    def _holds_work(self, slot: WorkerSlot) -> bool:
        """By its own flag, or by what was sent to it: a worker may stop before it reads its first request."""
        return slot.state is SlotState.READY and (slot.health.busy or self._listener.holds_work(slot.index))

    def _drain_wake(self) -> None:
        os.read(self._wake_read, 4096)

    # -- template ---------------------------------------------------------------------------------------------------

    def _advance_template(self, now: float) -> None:
        if self._template is None:
            if not self._stopping and self._template_at is not None and now >= self._template_at:
                self._start_template()
            return
        if self._forking and now >= self._fork_deadline:
            self._template.kill(signal.SIGKILL)
        if self._template_ladder and (rung := self._template_ladder.next(now)):
            self._template.kill(getattr(signal, rung.value))

    def _start_template(self) -> None:
        names = (self._plan.prepare, self._plan.child)
        self._template = template = TemplateHandle(names, self._plan.environment, self._plan.output_fd)
        self._template_at = None
        self._selector.register(template.control, selectors.EVENT_READ, self._read_control)
        if template.pidfd is not None:
            self._selector.register(template.pidfd, selectors.EVENT_READ, self._template_died)
        self._listener.template_started(template.pid)
        template.send(Frame(protocol.PREPARE, 0, self._plan.payload), self._kept)

    def _read_control(self) -> None:
        template = self._template
        if template is None:  # its pidfd came first
            return
        try:
            while (packet := template.control.receive(block=False)) is not None:
                self._take_control(template, *packet)
        except BlockingIOError:
            return
        except ProtocolError as error:
            self._listener.warn(f"template {template.pid}: {error}")
            template.kill(signal.SIGKILL)
        self._template_died()

    def _take_control(self, template: TemplateHandle, frame: Frame, fds: list[int]) -> None:
        if frame.type == protocol.PROGRESS:
            self._listener.progress(frame.payload)
        elif frame.type == protocol.PREPARED:
            template.prepared = True
            self._keep(fds)
            self._listener.prepared(frame.payload)
        elif frame.type == protocol.FAILED:
            self._failure = errors.rebuild(*protocol.decode_error(frame.payload))
        elif frame.type == protocol.FORKED:
            self._forked(protocol.PID.unpack(frame.payload)[0])

    def _keep(self, fds: list[int]) -> None:
        for fd in self._kept if fds else ():
            os.close(fd)
        self._kept = fds or self._kept

    def _drain_control(self, template: TemplateHandle) -> None:
        with contextlib.suppress(BlockingIOError, ProtocolError):
            while (packet := template.control.receive(block=False)) is not None:
                self._take_control(template, *packet)

    def _template_died(self) -> None:
        template = self._template
        if template is None:
            return None
        self._drain_control(template)  # before judging: it may have said why
        self._selector.unregister(template.control)
        if template.pidfd is not None:
            self._selector.unregister(template.pidfd)
        code, self._template = template.reap(), None
        self._stray_names.add(stray_name(template.pid))
        fruitless = not template.prepared or self._forking is not None
        if self._forking:
            self._abandon_fork()
        self._collect_strays()
        if self._stopping:
            return None
        self._listener.template_died(template.pid, code)
        if self._failure or not any(slot.ever_ready for slot in self.slots):
            return self._give_up(self._failure or StartError(f"the template died before it was ready ({_words(code)})"))
        delay = self._restart.worker_died(_TEMPLATE, fruitless)
        if delay is None:
            return self._give_up(WorkersLostError("the template keeps dying before it has forked a worker"))
        self._template_at = self._clock.now + delay
        return None

    # -- forking ----------------------------------------------------------------------------------------------------

    def _fork(self, slot: WorkerSlot) -> None:
        assert self._template is not None
        if not self._stray_names:  # else it is still on, for the strays
            self._was_subreaper = system.get_child_subreaper()
        system.set_child_subreaper(True)
        self._forking, self._fork_deadline = slot, self._clock.now + _FORK_PATIENCE_S
        ends = slot.open_pipes()
        self._template.send(Frame(protocol.FORK, slot.index), [*ends, self._board.fd])
        for fd in ends:
            os.close(fd)

    def _forked(self, pid: int) -> None:
        slot, self._forking = self._forking, None
        assert slot is not None
        self._reset_subreaper()
        if not pid:
            slot.close()
            return self._give_up(WorkersLostError("the system refuses to fork another worker"))
        self._restart.progressed(_TEMPLATE)
        slot.adopt(pid)
        assert slot.inbox is not None
        self._selector.register(slot.inbox.fd, selectors.EVENT_READ, lambda: self._read_worker(slot))
        if slot.pidfd is not None:
            self._selector.register(slot.pidfd, selectors.EVENT_READ, lambda: self._worker_died(slot))
        self._listener.worker_forked(slot.index, pid)
        self.send(slot.index, Frame(protocol.START))
        if self._stopping:  # asked while the fork was under way
            self._climb(slot)
        return None

    def _reset_subreaper(self) -> None:
        if not self._forking and not self._stray_names:
            system.set_child_subreaper(self._was_subreaper)

    def _abandon_fork(self) -> None:
        slot, self._forking = self._forking, None
        assert slot is not None
        slot.close()
        slot.fork_at = self._clock.now

    def _collect_strays(self) -> None:
        """Go-betweens and unstarted workers a dead template left: ours by name, not known by pid, ended and reaped.

        Only a look that finds none ends the search: a go-between reaped now may have left a worker a moment ago.
        """
        if not self._stray_names:
            return
        known = {slot.pid for slot in self.slots}
        found = [pid for pid in _children() if pid not in known and _comm(pid) in self._stray_names]
        for pid in found:
            with contextlib.suppress(ChildProcessError, ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, os.WNOHANG)
        if not found:
            self._stray_names.clear()
            self._reset_subreaper()

    # -- workers ----------------------------------------------------------------------------------------------------

    def _advance_slot(self, slot: WorkerSlot, now: float) -> None:
        if slot.state is SlotState.EMPTY:
            ready = self._template is not None and self._template.prepared and not self._forking and not self._stopping
            if ready and slot.fork_at is not None and now >= slot.fork_at:
                slot.fork_at = None
                self._fork(slot)
        elif slot.ladder:
            if rung := slot.ladder.next(now):
                with contextlib.suppress(OutboxFullError):
                    slot.take(rung)
                self._flush(slot)
        elif self._holds_work(slot):
            self._check_health(slot, now)
        else:
            self._judge.forget(slot.index)

    def _check_health(self, slot: WorkerSlot, now: float) -> None:
        if (seen := self._listener.evidence(slot.pid)) is None:
            return
        verdict = self._judge.look(slot.index, now, Evidence(slot.health.steps, True, *seen))
        if verdict is not Verdict.FINE:
            self._listener.warn(f"worker {slot.pid}: {verdict.value} for {self._plan.stuck_after_s:g} s")
        if verdict is Verdict.STUCK:
            self._climb(slot)

    def _climb(self, slot: WorkerSlot) -> None:
        if slot.state in (SlotState.STARTING, SlotState.READY) and slot.ladder is None:
            slot.ladder = StopLadder()
            self._wake()

    def _flush(self, slot: WorkerSlot) -> None:
        outbox = slot.outbox
        if outbox is None:
            return
        registered = outbox.fd in self._selector.get_map()
        if outbox.flush():
            if registered:
                self._selector.unregister(outbox.fd)
        elif not registered:
            self._selector.register(outbox.fd, selectors.EVENT_WRITE, lambda: self._flush(slot))

    def _read_worker(self, slot: WorkerSlot, everything: bool = False) -> None:
        if slot.inbox is None:
            return
        try:
            frames = slot.inbox.read(everything)
        except ProtocolError as error:
            self._listener.warn(f"worker {slot.pid}: {error}")
            slot.inbox.ended, frames = True, []
        for frame in frames:
            if frame.type == protocol.READY:
                slot.state, slot.ever_ready = SlotState.READY, True
                self._listener.worker_ready(slot.index, slot.pid)
            else:
                self._listener.frame(slot.index, frame)
        if slot.health.steps:
            self._restart.progressed(slot.index)
        if slot.inbox.ended and not everything:
            self._selector.unregister(slot.inbox.fd)
            slot.kill(signal.SIGKILL)  # it can no longer be heard: end it, and let the pidfd tell when it is dead
            if slot.pidfd is None:
                self._worker_died(slot)

    def _worker_died(self, slot: WorkerSlot) -> None:
        if not slot.pid:
            return None
        self._read_worker(slot, everything=True)  # drain before judging
        self._listener.worker_dying(slot.index, slot.pid)
        no_step = not slot.health.steps and self._listener.holds_work(slot.index)
        fruitless = slot.state is not SlotState.READY or no_step
        asked = slot.ladder is not None
        for fd in slot.fds:
            if fd in self._selector.get_map():
                self._selector.unregister(fd)
        ended = slot.reap()
        slot.health.reset()
        self._judge.forget(slot.index)
        if not slot.ever_ready and not self._stopping:
            self._listener.worker_died(slot.index, ended)
            words = system.describe_status(ended.status)
            return self._give_up(StartError(f"worker {ended.pid} died before it was ready (status {words})"))
        delay = self._restart.worker_died(slot.index, fruitless and not asked)
        slot.fork_at = None if delay is None else self._clock.now + delay
        self._listener.worker_died(slot.index, ended)
        if delay is None and not self._stopping:
            count = self._restart.count(slot.index)
            words = f"worker slot {slot.index} died {count} times in a row without a finished step"
            self._give_up(WorkersLostError(words))
        return None

    # -- the end ----------------------------------------------------------------------------------------------------

    def _begin_stop(self) -> None:
        if self._stopping:
            return
        self._stopping = True
        for slot in self.slots:
            self._climb(slot)
        if self._template is not None and self._template_ladder is None:
            self._template.shutdown()
            self._template_ladder = StopLadder(first=Rung.SIGTERM)
            self._template_ladder.deadline = self._clock.now + 0.5
        self._wake()

    def _give_up(self, error: LlmprocError) -> None:
        if not self._stopping:
            self._listener.gave_up(error)
            self._begin_stop()

    def _kill_everything(self) -> None:
        self._stopping, self._forking = True, None
        for slot in self.slots:
            slot.kill(signal.SIGKILL)
            with contextlib.suppress(OSError):
                slot.reap() if slot.pid else slot.close()
        if self._template is not None:
            self._template.kill(signal.SIGKILL)
            self._template.reap()
            self._stray_names.add(stray_name(self._template.pid))
            self._template = None
        end = time.monotonic() + _STRAY_PATIENCE_S
        while self._stray_names and time.monotonic() < end:
            self._collect_strays()
            time.sleep(0.01)

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"!")


def _children() -> list[int]:
    """Children of this process, of all its threads."""
    found: list[int] = []
    for path in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, path.read_text().split())
    return found


def _comm(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()
    except OSError:
        return ""


def _words(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit status {code}"
