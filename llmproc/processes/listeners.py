"""What the supervisor calls: three protocols, all on the I/O thread. No method may block or raise.

TemplateListener   the template's life        WorkerListener   the workers' lives, and the supervisor's own end
WorkListener       what workers send, and what the supervisor must know about the work they hold
"""

from __future__ import annotations

from typing import Protocol

from llmproc.errors import LlmprocError
from llmproc.processes.frames import Frame
from llmproc.processes.policies import StopStage
from llmproc.processes.slots import WorkerExit


class TemplateListener(Protocol):
    """The life of the template, in this order; after a death it begins again."""

    def template_started(self, pid: int) -> None:
        """Take note of a template, the first or another."""

    def progress(self, payload: bytes) -> None:
        """Take note of how far it is, in the words of the plan's `prepare`."""

    def prepared(self, payload: bytes) -> None:
        """Take note that it can fork, with what `prepare` returned."""

    def template_stopping(self, pid: int, stage: StopStage) -> None:
        """Take note of the next stage of its stop."""

    def template_died(self, pid: int, code: int) -> None:
        """Take note that it has ended before it was to: exit code, or -signal. The workers go on without it."""

    def template_delayed(self, deaths: int, delay_s: float) -> None:
        """Take note that the next one is started only `delay_s` later, after `deaths` in a row without any use."""


class WorkerListener(Protocol):
    """The lives of the workers; `slot` is a worker's number, which its successor gets too."""

    def worker_forked(self, slot: int, pid: int) -> None:
        """Take note of a worker that is main's child now."""

    def worker_ready(self, slot: int, pid: int) -> None:
        """Take note that it reads its pipe."""

    def worker_stopping(self, slot: int, pid: int, stage: StopStage) -> None:
        """Take note of the next stage of its stop."""

    def worker_dying(self, slot: int, pid: int) -> None:
        """Look at it for the last time: dead, all that it sent was passed on, not reaped yet."""

    def worker_died(self, slot: int, ended: WorkerExit) -> None:
        """Take note that it was reaped."""

    def worker_delayed(self, slot: int, deaths: int, delay_s: float) -> None:
        """Take note that the next one is forked only `delay_s` later, after `deaths` in a row without a step."""

    def warn(self, text: str) -> None:
        """Take note of one line for the user."""

    def gave_up(self, error: LlmprocError) -> None:
        """Take note that no worker can be kept any more; everything ends."""

    def stopped(self) -> None:
        """Take note that everything has ended: the last call."""


class Listener(TemplateListener, WorkerListener, Protocol):
    """Both lives, as one object."""


class WorkListener(Protocol):
    """The work that is done in the workers."""

    def frame(self, slot: int, frame: Frame) -> None:
        """Take a message of a worker. ProtocolError when it is none: the worker is ended."""

    def holds_work(self, slot: int) -> bool:
        """Tell whether a death now would be one over work, and silence a reason to look."""

    def on_health_tick(self, slot: int) -> None:
        """Do what is to be done twice a second while a worker holds work."""

    def round_ended(self) -> bool:
        """Act on all that came in this round; returns whether any of it was urgent."""
