"""The prompt loop itself: read, obey or answer, until the end of input, /bye or a signal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from llmproc.apps.answer_view import AnswerView
from llmproc.apps.chat.commands import run_command
from llmproc.apps.chat.sources import LineSource
from llmproc.apps.screen import Screen
from llmproc.errors import LlmprocError
from llmproc.processes.interrupts import Interrupts
from llmproc.session.answer import Answer
from llmproc.session.model_files import ModelFiles
from llmproc.session.session import ServiceSession

PROMPT = ">>> "
_MORE = "... "
_QUOTES = '"""'
_BOM = "\ufeff"


class ChatLoop:
    """One conversation with one person or pipe."""

    def __init__(
        self,
        session: ServiceSession,
        screen: Screen,
        source: LineSource,
        interrupts: Interrupts,
        files: ModelFiles,
        hide_reasoning: bool = False,
    ) -> None:
        """Begin with the session. `files` are those that /show names and /save notes."""
        self.session, self.service, self.screen = session, session.service, screen
        self.files = files
        self.conversation = session.conversation
        self._rules = session.conversation.rules
        advice = "; /clear begins a new conversation" if self._rules.commands else ""
        self.view = AnswerView(self.conversation, self.service, screen, interrupts, advice, hide_reasoning)
        self.failed = 0  # prompts that were refused or failed
        self._source, self._interrupts, self._left = source, interrupts, self._rules.prompt_limit
        self.prompted = False  # the prompt sign has been shown
        self._ended = self._quoted = False

    def run(self) -> None:
        """Run until the end of input, /bye, a signal, or the service's failure (which raises)."""
        try:
            while not self._ended and (text := self._read()) is not None:
                self._obey(text)
                self._ended = self._ended or bool(self._interrupts.ended_by) or self._left == 0
        except KeyboardInterrupt:
            self._interrupts.interrupted()
            self.screen.fresh_line()
        finally:
            self._interrupts.leaving()
        if self.service.error:
            raise self.service.error

    def end(self) -> None:
        """Leave after this turn."""
        self._ended = True

    # -- input ------------------------------------------------------------------------------------------------------

    def _read(self) -> str | None:
        self.screen.flush_notices()
        self.screen.fresh_line()
        first, self.prompted = not self.prompted, True
        text = self._line(PROMPT)
        if first and text is not None and self._rules.commands:
            text = text.removeprefix(_BOM)
        self._quoted = text is not None and self._rules.commands and text.startswith(_QUOTES)
        if text is None or not self._quoted:
            return text
        return self._several_lines(text.removeprefix(_QUOTES))

    def _several_lines(self, text: str) -> str:
        while not text.rstrip().endswith(_QUOTES):
            more = self._line(_MORE)
            if more is None:
                self.screen.notice(f"the input ended before the closing {_QUOTES}: asked as far as it came")
                return text.strip("\n")
            text += "\n" + more
        return text.rstrip().removesuffix(_QUOTES).strip("\n")

    def _line(self, prompt: str) -> str | None:
        self._interrupts.idle(True)
        if self.service.error:  # it failed a moment before this thread could be woken
            raise self.service.error
        if self._source.leaves_line_open:
            self.screen.line_was_begun()
        text = self._source.read(prompt)
        self._interrupts.idle(False)
        if text is None:
            self.screen.fresh_line()
        elif self._source.echoes:
            self.screen.line_was_entered()
        return text

    def _obey(self, text: str) -> None:
        try:
            command = text.startswith("/") and "\n" not in text and not self._quoted
            if command and text.strip() == "/bye":
                self.end()
            elif not self._rules.commands:
                self.answer(text)
            elif command:
                run_command(self, text)
            elif text.strip():
                self.answer(text)
        except LlmprocError as error:
            if self.service.error:
                raise
            self.screen.notice(f"error: {error}")

    # -- answers ----------------------------------------------------------------------------------------------------

    def answer(self, text: str) -> None:
        """Ask, and show the answer as it comes."""
        if self._left is not None:
            self._left -= 1
        try:
            starts = self.session.starts(text)
        except LlmprocError:
            self.failed += 1
            raise
        self._show(starts)

    def answer_again(self) -> None:
        """Make the last answer again."""
        self._show(self.session.starts(None))

    def _show(self, starts: Sequence[Callable[[], Answer]]) -> None:
        """Show each answer under a heading if there are several; a cancelled one is the last."""
        for number, start in enumerate(starts, 1):
            try:
                answer = start()
            except LlmprocError:
                self.failed += 1
                raise
            if len(starts) > 1:
                seed = answer.conversation.sampling.seed
                self.screen.line(f"[INFO] answer {number} of {len(starts)}, seed {seed}")
            if not self.view.show(answer):
                self.failed += 1
            if answer.finish is None or answer.finish.reason == "cancelled":
                return
