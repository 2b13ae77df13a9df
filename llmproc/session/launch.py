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
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from llmproc.checkpoints.model_file import ModelFile, open_model
from llmproc.config import EngineOptions
from llmproc.errors import LlmprocError, StartError
from llmproc.monitor.observer import Observer
from llmproc.processes.slots import WorkerExit
from llmproc.service.config import ServiceConfig
from llmproc.service.messages import Progress
from llmproc.service.service import Service
from llmproc.text.templates.registry import built_in_template
from llmproc.text.templates.system import check_system
from llmproc.text.templates.template import ChatTemplate
from llmproc.text.tokenizers.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A checkpoint that was opened, the tokenizer and the chat template that go with it; no weights."""

    model: ModelFile
    tokenizer: Tokenizer
    template: ChatTemplate

    def check_system(self, system: str | None, option: str = "--system") -> None:
        """Check that the template has a place for a system message. UsageError naming `option`."""
        check_system(self.template, system, option)

    def context(self, engine: EngineOptions) -> int:
        """Return the positions of a sequence: the checkpoint's, or fewer when the options ask for fewer."""
        return engine.positions(self.model.description.seq_len)

    def cut_context(self, engine: EngineOptions, option: str = "--context") -> str:
        """Return a notice for a context longer than the checkpoint's, which is cut; "" when there is nothing to say."""
        longest = self.model.description.seq_len
        if engine.context is None or engine.context <= longest:
            return ""
        return f"{option} is {engine.context}: {self.model.path} has {longest} positions, so {longest} are used"


def read_model_files(model: Path, tokenizer: Path, template: ChatTemplate | None = None) -> ModelFiles:
    """Read and check both files; `template`: by default the tokenizer's. CheckpointError, TokenizerError."""
    opened = open_model(model)
    found = opened.load_tokenizer(tokenizer)
    return ModelFiles(opened, found, template or built_in_template(found.template_name))


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
        """`last_output`: gives the last line that the children wrote; `on_*` are called on the I/O thread."""
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
