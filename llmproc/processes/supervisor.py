"""The supervisor: one I/O thread that owns every pipe, keeps a worker in every slot and replaces the dead.

    other threads --post()--> [I/O thread: selector] <--frames-- workers
                                   |  template_process: control socket --> template
                                   |  worker_lifecycle: fork, judge, stop, reap
                                   +--> listeners (called on this thread; must not block)

One round: wait, read what is there, run what was posted, let the work listener act on it; and only then, when no
request waits for it, see to processes. The thread lives as long as the workers: the template's parent-death signal is
tied to the thread that started it.
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import selectors
import signal
import threading
import time
from collections import deque
from collections.abc import Callable

from llmproc.errors import LlmprocError, ProtocolError, WorkersLostError
from llmproc.processes import protocol, system
from llmproc.processes.frames import Frame
from llmproc.processes.health import HealthBoard
from llmproc.processes.listeners import Listener, WorkListener
from llmproc.processes.patience import slices
from llmproc.processes.plan import Plan
from llmproc.processes.policies import RestartPolicy, RunningClock
from llmproc.processes.slots import SlotState, WorkerSlot
from llmproc.processes.template_process import TemplateProcess
from llmproc.processes.worker_lifecycle import GiveUpError, WorkerLifecycle

_TICK_S = 0.1  # while everything ends
_COALESCE_S = 0.001  # between rounds that bring nothing but tokens
_CALLS = 64  # posted ones in a round at most: workers are read between thousands of requests
_STRAY_PATIENCE_S = 2.0  # only after a fault of our own


class Supervisor:
    """Start with `start()`, talk to it with `post()`, end it with `stop()` and `join()`. Implements Workers."""

    _listener: Listener  # both from `start` on
    _work: WorkListener

    def __init__(self, plan: Plan) -> None:
        self._selector = selectors.DefaultSelector()
        self._health_board = HealthBoard.create(plan.workers)
        self.slots = [WorkerSlot(i, self._health_board.cell(i)) for i in range(plan.workers)]
        self._clock, restart = RunningClock(), RestartPolicy()
        self._restart = restart
        self.template_process = TemplateProcess(plan, self._health_board.fd, self._selector, self._clock, restart)
        self._lifecycle = WorkerLifecycle(plan, self.slots, self._clock, restart)
        self._stopping = self._finished = self._woken = False
        self._round_at = self._advance_at = 0.0  # when this round began; running time at which `_advance` is due
        self._posted: deque[Callable[[], None]] = deque()
        self._post_lock, self._closed = threading.RLock(), False  # re-entrant: a finalizer may post in the middle
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._posts = select.poll()  # not select.select: it takes no descriptor above 1023
        self._posts.register(self._wake_read, select.POLLIN)
        self._selector.register(self._wake_read, selectors.EVENT_READ, self._drain_wake)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._thread_main, name="llmproc-io", daemon=True)

    # -- called from any thread -------------------------------------------------------------------------------------

    def start(self, listener: Listener, work: WorkListener) -> None:
        """Start the I/O thread, which starts the template and then the workers; both listeners are called on it."""
        self._listener, self._work = listener, work
        self.template_process.start(listener, self._forked)
        self._lifecycle.start(listener, work)
        if system.ignores(signal.SIGCHLD):  # then children cannot be waited for
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            else:
                system.stop_ignoring(signal.SIGCHLD)
        self._thread.start()

    def post(self, call: Callable[[], None]) -> bool:
        """Run `call` on the I/O thread, soon, in order. False: the thread has ended and the call will never run."""
        with self._post_lock:
            if self._closed:
                return False
            self._posted.append(call)
            if not self._woken:  # one byte is enough for all that are posted until it is read
                self._woken = True
                self._wake()
        return True

    def stop(self) -> None:
        """End workers and template, by the escalation where they do not end themselves."""
        self.post(self._begin_stop)

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the I/O thread; True when everything has ended. One that was never started is closed."""
        if self._thread.ident is None:
            if not self._closed:
                self._close()
            return True
        if not any(self._over.wait(part) for part in slices(timeout)):
            return False
        self._thread.join()  # not before: an exception in Thread.join takes a living thread for a dead one (bpo-45274)
        return True

    # -- called on the I/O thread -----------------------------------------------------------------------------------

    def ready(self) -> list[bool]:
        """Return per worker whether it reads its pipe and is to go on doing so."""
        ready = SlotState.READY
        return [slot.state is ready and slot.escalation is None for slot in self.slots]

    def pid(self, worker: int) -> int:
        """Return the worker's pid, 0 when it has no process now."""
        return self.slots[worker].pid

    def resting(self, worker: int) -> bool:
        """Return whether the worker sleeps until main sends something."""
        return self.slots[worker].health.resting

    def send(self, worker: int, frame: Frame) -> None:
        """Queue a frame for a ready worker. OutboxFullError when it does not read; nothing happens when it is dying."""
        if (pipes := self.slots[worker].pipes) is not None:
            pipes.send(frame)

    def replace(self, worker: int) -> None:
        """Stop a worker; a freshly forked one follows."""
        self._lifecycle.stop(self.slots[worker])

    # -- the loop ---------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        urgent = True
        while not self._finished:
            ready = self._listen(urgent)
            now = self._clock.tick(self._round_at)  # first, so that deadlines set below do not start in the past
            calm = False not in [self._guarded(key.data) for key, _ in ready] and not self._posted
            for _ in range(min(len(self._posted), _CALLS)):
                self._posted.popleft()()
            urgent = self._work.round_ended()
            if urgent or not calm or now >= self._advance_at:
                self._guarded(self._advance)

    def _listen(self, urgent: bool) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for ready descriptors.

        Unless the last round was urgent, start at most one round per _COALESCE_S, so that fast token streams do not
        take CPU time from workers. A posted call ends the pause.
        """
        ready = self._selector.select(self._timeout())
        rest = self._round_at + _COALESCE_S - time.monotonic()
        if ready and rest > 0 and not (urgent or self._posted):
            self._posts.poll(1000 * rest)
            ready = self._selector.select(0)
        self._round_at = time.monotonic()
        return ready

    def _timeout(self) -> float | None:
        left = self._advance_at - self._clock.now
        return 0 if self._posted else None if left == math.inf else max(0.0, left)

    def _advance(self) -> None:
        now = self._clock.tick(time.monotonic())
        self.template_process.advance(now, {slot.pid for slot in self.slots})
        if self.template_process.ready and (slot := self._lifecycle.wants_fork(now)):
            self.template_process.fork(slot)
        self._lifecycle.advance(now)
        due = _TICK_S if self._stopping or self.template_process.waiting else self._lifecycle.timeout()
        self._advance_at = math.inf if due is None else now + due
        self._finished = self._stopping and self.template_process.empty and self._lifecycle.empty

    def _guarded(self, call: Callable[[], object]) -> bool:
        """Call, and give up when that cannot be done; return whether it says that `_advance` is not concerned."""
        try:
            return call() is True
        except GiveUpError as reason:
            self._give_up(reason.error)
            return False

    def _drain_wake(self) -> None:
        os.read(self._wake_read, 4096)
        self._woken = False  # what was posted until now is run now; what is posted later wakes again

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"!")

    # -- workers ----------------------------------------------------------------------------------------------------

    def _forked(self, slot: WorkerSlot, pid: int) -> None:
        """Let the worker for `slot` start: it is there, and main's child."""
        slot.adopt(pid)
        assert slot.pipes is not None
        self._selector.register(slot.pipes.read_fd, selectors.EVENT_READ, lambda: self._read_worker(slot))
        if slot.pidfd is not None:
            self._selector.register(slot.pidfd, selectors.EVENT_READ, lambda: self._worker_died(slot))
        self._listener.worker_forked(slot.index, pid)
        slot.pipes.send(Frame(protocol.START))
        if self._stopping:  # asked while the fork was under way
            self._lifecycle.stop(slot)

    def _read_worker(self, slot: WorkerSlot, everything: bool = False) -> bool:
        """Act on the frames that are there; return whether they were about requests alone."""
        pipes, was = slot.pipes, slot.state
        if pipes is None:
            return False
        try:
            frames = pipes.read(everything)
        except ProtocolError as error:
            self._listener.warn(f"worker {slot.pid}: {error}")
            pipes.ended, frames = True, []
        for frame in frames:
            self._frame(slot, frame)
        if slot.health.steps:
            self._restart.progressed(slot.index)
        if pipes.ended and not everything:
            self._selector.unregister(pipes.read_fd)
            slot.kill(signal.SIGKILL)  # it can send nothing more: end it, and let the pidfd say when it is dead
            if slot.pidfd is None:
                self._worker_died(slot)
        return not pipes.ended and slot.state is was

    def _frame(self, slot: WorkerSlot, frame: Frame) -> None:
        if frame.type == protocol.READY:
            slot.state, slot.ever_ready = SlotState.READY, True
            self.template_process.proven = True
            self._listener.worker_ready(slot.index, slot.pid)
            return
        try:
            self._work.frame(slot.index, frame)
        except ProtocolError as error:  # breaking the protocol costs it its life
            self._listener.warn(f"worker slot {slot.index}: {error}")
            slot.kill(signal.SIGKILL)

    def _worker_died(self, slot: WorkerSlot) -> None:
        if not slot.pid:
            return
        self._read_worker(slot, everything=True)  # drain before judging
        for fd in slot.fds:
            if fd in self._selector.get_map():
                self._selector.unregister(fd)
        self._lifecycle.reap(slot)

    # -- the end ----------------------------------------------------------------------------------------------------

    def _begin_stop(self) -> None:
        if self._stopping:
            return
        self._stopping = True
        self._lifecycle.stop_all()
        self.template_process.stop()

    def _give_up(self, error: LlmprocError) -> None:
        """End everything and say why: nothing more can be done."""
        if not self._stopping:
            self._listener.gave_up(error)
            self._begin_stop()

    def _thread_main(self) -> None:
        try:
            self._run()
        except BaseException as error:  # a fault of ours must not leave processes, nor callers waiting, behind
            self._kill_everything()
            self._listener.gave_up(WorkersLostError(f"the I/O thread failed: {error!r}"))
        finally:
            try:
                self._close()
                self._listener.stopped()
            finally:
                self._over.set()

    def _kill_everything(self) -> None:
        self._stopping = self._lifecycle.stopping = True
        for slot in self.slots:
            slot.kill(signal.SIGKILL)
            with contextlib.suppress(Exception):
                if slot.pid:
                    self._listener.worker_died(slot.index, slot.reap())
                else:
                    slot.close()
        self.template_process.kill()
        end = time.monotonic() + _STRAY_PATIENCE_S
        while not self.template_process.empty and time.monotonic() < end:
            self.template_process.orphan_reaper.collect(set())
            time.sleep(0.01)

    def _close(self) -> None:
        with self._post_lock:  # a later post is refused, and writes to no descriptor of others
            self._closed = True
        while self._posted:  # accepted before the end: run, so that no caller waits for ever
            with contextlib.suppress(Exception):
                self._posted.popleft()()
        self._selector.close()
        self.template_process.close()
        for fd in (self._wake_read, self._wake_write):
            os.close(fd)
        self._health_board.close()
