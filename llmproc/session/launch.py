"""One launch: read the model's files, make the service, let the caller use it, end it and say what went wrong.

    files = read_model_files(model, tokenizer)          a checkpoint, a tokenizer and a template that fit together
    with Launch(config, observer, last_output) as it:   a service, not started
        it.service.start() ... submit ... wait          the caller's own
    it.exits                                            how the workers ended; a StartError has got its reason by now

Used by the prompt loop, `threads`, batch, the Python API and compare-modes: whatever answers prompts is launched here.
Never in it: what is asked, and what a user sees of it.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from llmproc.errors import LlmprocError, StartError
from llmproc.monitor.observer import Observer
from llmproc.processes.slots import WorkerExit
from llmproc.service.config import ServiceConfig
from llmproc.service.messages import Progress
from llmproc.service.service import Service


class Launch:
    """A service from its making to its end, as a context manager; the caller starts it."""

    def __init__(
        self,
        config: ServiceConfig,
        observer: Observer | None,
        last_output: Callable[[], str],
        on_progress: Callable[[Progress], None] = lambda progress: None,
        on_notice: Callable[[str], None] = lambda text: None,
        on_failure: Callable[[LlmprocError], None] = lambda error: None,
    ) -> None:
        """Make the service. `last_output`: returns the children's last line; `on_*` are called on the I/O thread."""
        self.service = Service(config, observer, on_progress, on_notice, on_failure)
        self.exits: list[WorkerExit] = []
        self._last_output = last_output

    def __enter__(self) -> Launch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every process and wait for them; a StartError is raised again with its reason."""
        self.exits = self.service.close()
        if isinstance(error, StartError) and (reason := self._last_output()):
            raise StartError(f"{error}: {reason}") from None
