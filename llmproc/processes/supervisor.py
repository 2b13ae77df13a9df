"""The supervisor: one I/O thread that owns every pipe, keeps a worker in every slot and replaces the dead.

    other threads --post()--> [I/O thread: selector] <--frames-- workers
                                   |  template_process: control socket --> template
                                   +--> listener (called on this thread; must not block)

Mechanism; the decisions are in policies.py. The thread lives as long as the workers: the template's parent-death signal
is tied to the thread that started it.
"""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from llmproc.errors import LlmprocError, ProtocolError, StartError, WorkersLostError
from llmproc.processes import protocol, system
from llmproc.processes.channel import OutboxFullError
from llmproc.processes.frames import Frame
from llmproc.processes.health import HealthBoard
from llmproc.processes.plan import Listener, Plan
from llmproc.processes.policies import HealthSample, RestartPolicy, RunningClock, StopEscalation, Verdict, Watchdog
from llmproc.processes.slots import SlotState, WorkerSlot
from llmproc.processes.template_process import TemplateProcess

_TICK_S = 0.1  # while something has a deadline
_HEALTH_S = 0.5  # while a worker is busy
_COALESCE_S = 0.001  # between rounds that bring nothing but tokens
_CALLS = 64  # posted ones in a round at most: workers are heard between thousands of requests
_STRAY_PATIENCE_S = 2.0  # only after a fault of our own


class Supervisor:
    """Start with `start()`, talk to it with `post()`, end it with `stop()` and `join()`."""

    def __init__(self, plan: Plan, listener: Listener) -> None:
        self._plan, self._listener = plan, listener
        self._selector = selectors.DefaultSelector()
        self._board = HealthBoard.create(plan.workers)
        self.slots = [WorkerSlot(i, self._board.cell(i)) for i in range(plan.workers)]
        self._restart, self._clock = RestartPolicy(), RunningClock()
        self._judge = Watchdog(plan.stuck_after_s)
        self.template_process = TemplateProcess(
            plan, self._board.fd, self._selector, self._clock, self._restart, listener, parent=self
        )
        self._stopping = self._finished = self._woken = False
        self._heard_at = 0.0  # when the present round began
        self._posted: deque[Callable[[], None]] = deque()
        self._post_lock, self._closed = threading.RLock(), False  # re-entrant: a finalizer may post in the middle
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._posts = select.poll()  # not select.select: it takes no descriptor above 1023
        self._posts.register(self._wake_read, select.POLLIN)
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
                self._listener.stopped()
            return True
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
        self._escalate(self.slots[slot])

    # -- the loop ---------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        urgent = True
        while not self._finished:
            ready = self._listen(urgent)
            self._clock.tick(time.monotonic())  # first, so that deadlines set below do not start in the past
            for key, _ in ready:
                key.data()
            for _ in range(min(len(self._posted), _CALLS)):
                self._posted.popleft()()
            self._advance(self._clock.tick(time.monotonic()))
            urgent = self._listener.round_ended()

    def _listen(self, urgent: bool) -> list[tuple[selectors.SelectorKey, int]]:
        """What there is to hear; if it is not urgent, so much later that rounds are at least _COALESCE_S apart.

        Where tokens come faster than that, a round for each would take the CPU from those who make them. Whatever is
        posted ends the pause.
        """
        ready = self._selector.select(self._timeout())
        rest = self._heard_at + _COALESCE_S - time.monotonic()
        if ready and rest > 0 and not (urgent or self._posted):
            self._posts.poll(1000 * rest)
            ready = self._selector.select(0)
        self._heard_at = time.monotonic()
        return ready

    def _advance(self, now: float) -> None:
        self.template_process.advance(now, {slot.pid for slot in self.slots})
        for slot in self.slots:
            self._advance_slot(slot, now)
        self._finished = (
            self._stopping and self.template_process.empty and all(s.state is SlotState.EMPTY for s in self.slots)
        )

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
        self.template_process.close()
        for fd in (self._wake_read, self._wake_write):
            os.close(fd)
        self._board.close()

    def _timeout(self) -> float | None:
        if self._posted:
            return 0
        if (
            self._stopping
            or self.template_process.waiting
            or any(s.escalation or (s.fork_at is not None and s.state is SlotState.EMPTY) for s in self.slots)
        ):
            return _TICK_S
        return _HEALTH_S if any(map(self._holds_work, self.slots)) else None

    def _holds_work(self, slot: WorkerSlot) -> bool:
        """By its own flag, or by what was sent to it: a worker may stop before it reads its first request."""
        return slot.state is SlotState.READY and (slot.health.busy or self._listener.holds_work(slot.index))

    def _drain_wake(self) -> None:
        os.read(self._wake_read, 4096)
        self._woken = False  # whoever saw it set has posted before: it is run now; whoever posts later wakes again

    # -- asked by the template process ---------------------------------------------------------------------------------

    def forked(self, slot: WorkerSlot, pid: int) -> None:
        """The worker for `slot` is there, and main's child: let it start."""
        slot.adopt(pid)
        assert slot.inbox is not None
        self._selector.register(slot.inbox.fd, selectors.EVENT_READ, lambda: self._read_worker(slot))
        if slot.pidfd is not None:
            self._selector.register(slot.pidfd, selectors.EVENT_READ, lambda: self._worker_died(slot))
        self._listener.worker_forked(slot.index, pid)
        self.send(slot.index, Frame(protocol.START))
        if self._stopping:  # asked while the fork was under way
            self._escalate(slot)

    def anybody_was_ready(self) -> bool:
        """Whether any worker ever got ready: before that a death is a failed start."""
        return any(slot.ever_ready for slot in self.slots)

    # -- workers ----------------------------------------------------------------------------------------------------

    def _advance_slot(self, slot: WorkerSlot, now: float) -> None:
        if slot.state is SlotState.EMPTY:
            if self.template_process.ready and slot.fork_at is not None and now >= slot.fork_at:
                slot.fork_at = None
                self.template_process.fork(slot)
        elif slot.escalation:
            if stage := slot.escalation.next(now):
                with contextlib.suppress(OutboxFullError):
                    slot.take(stage)
                self._flush(slot)
        elif not self._holds_work(slot):
            self._judge.forget(slot.index)
        elif now >= slot.look_at:  # not in every round: reading /proc costs more than all else a token does here
            slot.look_at = now + min(_HEALTH_S, self._plan.stuck_after_s / 4)
            self._check_health(slot, now)
            self._listener.on_health_tick(slot.index)

    def _check_health(self, slot: WorkerSlot, now: float) -> None:
        if (seen := self._listener.health_sample(slot.pid)) is None:
            return
        verdict = self._judge.look(slot.index, now, HealthSample(slot.health.steps, True, *seen))
        if verdict is not Verdict.FINE:
            self._listener.warn(f"worker {slot.pid}: {verdict.value} for {self._plan.stuck_after_s:g} s")
        if verdict is Verdict.STUCK:
            self._escalate(slot)

    def _escalate(self, slot: WorkerSlot) -> None:
        if slot.state in (SlotState.STARTING, SlotState.READY) and slot.escalation is None:
            slot.escalation = StopEscalation()
            self._wake()

    def _flush(self, slot: WorkerSlot) -> None:
        outbox = slot.outbox
        if outbox is None or outbox.flush() is not outbox.watched:
            return
        outbox.watched = not outbox.watched
        if outbox.watched:
            self._selector.register(outbox.fd, selectors.EVENT_WRITE, lambda: self._flush(slot))
        else:
            self._selector.unregister(outbox.fd)

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
        asked = slot.escalation is not None
        for fd in slot.fds:
            if fd in self._selector.get_map():
                self._selector.unregister(fd)
        ended = slot.reap()
        slot.health.reset()
        self._judge.forget(slot.index)
        if not self.anybody_was_ready() and not asked and not self._stopping:
            self._listener.worker_died(slot.index, ended)
            words = system.describe_status(ended.status)
            return self.give_up(StartError(f"worker {ended.pid} died before it was ready (status {words})"))
        delay = self._restart.worker_died(slot.index, fruitless and not asked)
        slot.fork_at = None if delay is None else self._clock.now + delay
        goes_on = delay is not None and not self._stopping
        self._listener.worker_died(slot.index, replace(ended, replaced=goes_on))
        if delay is None and not self._stopping:
            count = self._restart.count(slot.index)
            words = f"worker slot {slot.index} died {count} times in a row without a finished step"
            self.give_up(WorkersLostError(words))
        return None

    # -- the end ----------------------------------------------------------------------------------------------------

    def _begin_stop(self) -> None:
        if self._stopping:
            return
        self._stopping = True
        for slot in self.slots:
            self._escalate(slot)
        self.template_process.stop()
        self._wake()

    def give_up(self, error: LlmprocError) -> None:
        """Nothing more can be done: tell, and end everything."""
        if not self._stopping:
            self._listener.gave_up(error)
            self._begin_stop()

    def _kill_everything(self) -> None:
        self._stopping = True
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

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"!")
