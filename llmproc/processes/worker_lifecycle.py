"""The workers' lives: a worker in every slot, judged while it holds work, stopped in stages, replaced when it dies.

    EMPTY --fork--> FORKING --adopt--> STARTING --READY--> READY --reap--> EMPTY, and so on until the supervisor stops

Used by the supervisor, on its I/O thread, and outside of what a request waits for. Mechanism; the decisions are in
policies.py. A situation that cannot be mended is raised as GiveUpError.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from llmproc.errors import LlmprocError, StartError, WorkersLostError
from llmproc.processes import system
from llmproc.processes.listeners import WorkerListener, WorkListener
from llmproc.processes.plan import Plan
from llmproc.processes.policies import HealthSample, RestartPolicy, RunningClock, StopEscalation, Verdict, Watchdog
from llmproc.processes.slots import SlotState, WorkerExit, WorkerSlot

_TICK_S = 0.1  # while something has a deadline
_HEALTH_S = 0.5  # while a worker is busy
_EMPTY, _READY = SlotState.EMPTY, SlotState.READY  # looked up in every round


class GiveUpError(Exception):
    """Nothing more can be done; `error` is what callers get."""

    def __init__(self, error: LlmprocError) -> None:
        super().__init__(str(error))
        self.error = error


class WorkerLifecycle:
    """Keeps the slots filled."""

    _listener: WorkerListener  # both from `start` on
    _work: WorkListener

    def __init__(self, plan: Plan, slots: Sequence[WorkerSlot], clock: RunningClock, restart: RestartPolicy) -> None:
        self._plan, self._slots, self._clock, self._restart = plan, slots, clock, restart
        self._watchdog = Watchdog(plan.stuck_after_s)
        self.stopping = False

    def start(self, listener: WorkerListener, work: WorkListener) -> None:
        """Set the listeners."""
        self._listener, self._work = listener, work

    @property
    def empty(self) -> bool:
        """Return whether no slot has a worker."""
        return all(slot.state is _EMPTY for slot in self._slots)

    @property
    def proven(self) -> bool:
        """Return whether any worker ever got ready: before that a death is a failed start."""
        return any(slot.ever_ready for slot in self._slots)

    def timeout(self) -> float | None:
        """Return the most seconds until `advance` is to be called again; None: not before something happens."""
        return min((due for slot in self._slots if (due := self._due(slot)) is not None), default=None)

    def wants_fork(self, now: float) -> WorkerSlot | None:
        """Return a slot that is to have a worker now, if any; the caller has it forked."""
        for slot in self._slots:
            if slot.state is _EMPTY and slot.fork_at is not None and now >= slot.fork_at:
                return slot
        return None

    def advance(self, now: float) -> None:
        """Do what is due at running time `now`: the next stage of a stop, a look at a worker's health."""
        for slot in self._slots:
            if slot.escalation:
                if stage := slot.escalation.next(now):
                    self._listener.worker_stopping(slot.index, slot.pid, stage)
                    slot.carry_out(stage)
            elif not self._holds_work(slot):
                self._watchdog.forget(slot.index)
            elif now >= slot.look_at:  # not in every round: reading /proc costs more than all else a token does here
                slot.look_at = now + min(_HEALTH_S, self._plan.stuck_after_s / 4)
                self._check_health(slot, now)
                self._work.on_health_tick(slot.index)

    def stop(self, slot: WorkerSlot) -> None:
        """Stop a worker, in stages; while the supervisor goes on another one follows."""
        if slot.state in (SlotState.STARTING, SlotState.READY) and slot.escalation is None:
            slot.escalation = StopEscalation()

    def stop_all(self) -> None:
        """Stop every worker; none follows."""
        self.stopping = True
        for slot in self._slots:
            self.stop(slot)

    def reap(self, slot: WorkerSlot) -> None:
        """Wait for a dead worker whose pipe has been read to the end, tell, and say when to fork another."""
        self._listener.worker_dying(slot.index, slot.pid)
        no_step = not slot.health.steps and self._work.holds_work(slot.index)
        fruitless = slot.state is not _READY or no_step
        asked = slot.escalation is not None
        ended = slot.reap()
        slot.health.reset()
        self._watchdog.forget(slot.index)
        if not (self.proven or asked or self.stopping):
            self._listener.worker_died(slot.index, ended)
            raise GiveUpError(StartError(f"worker {ended.pid} died before it was ready{_how(ended)}"))
        self._replace(slot, ended, fruitless and not asked)

    def _replace(self, slot: WorkerSlot, ended: WorkerExit, fruitless: bool) -> None:
        delay = self._restart.worker_died(slot.index, fruitless)
        deaths = self._restart.count(slot.index)
        slot.fork_at = None if delay is None else self._clock.now + delay
        self._listener.worker_died(slot.index, replace(ended, replaced=delay is not None and not self.stopping))
        if self.stopping:
            return
        if delay is None:
            words = f"worker slot {slot.index} died {deaths} times in a row without a finished step"
            raise GiveUpError(WorkersLostError(words))
        if delay:
            self._listener.worker_delayed(slot.index, deaths, delay)

    def _due(self, slot: WorkerSlot) -> float | None:
        if slot.escalation is not None:
            return _TICK_S if slot.escalation.begun else 0
        if slot.fork_at is not None and slot.state is _EMPTY:
            return _TICK_S
        return _HEALTH_S if self._holds_work(slot) else None

    def _holds_work(self, slot: WorkerSlot) -> bool:
        """Return whether a slot holds work, by its flag or by what was sent: it may stop before its first request."""
        return slot.state is _READY and (slot.health.busy or self._work.holds_work(slot.index))

    def _check_health(self, slot: WorkerSlot, now: float) -> None:
        if (seen := self._plan.health_sample(slot.pid)) is None:
            return
        verdict = self._watchdog.look(slot.index, now, HealthSample(slot.health.steps, True, *seen))
        if verdict is not Verdict.FINE:
            self._listener.warn(f"worker {slot.pid}: {verdict.value} for {self._plan.stuck_after_s:g} s")
        if verdict is Verdict.STUCK:
            self.stop(slot)


def _how(ended: WorkerExit) -> str:
    cause = system.probable_cause(system.exit_code(ended.status))
    return f" (status {system.describe_status(ended.status)})" + (f", {cause}" if cause else "")
