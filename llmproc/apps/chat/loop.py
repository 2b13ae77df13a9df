"""The prompt loop itself: read, obey or answer, until the end of input, /bye or a signal."""

from __future__ import annotations

import time
from pathlib import Path

from llmproc.apps.chat.commands import run_command
from llmproc.apps.chat.interrupts import Interrupts
from llmproc.apps.chat.screen import Screen
from llmproc.apps.chat.sources import LineSource
from llmproc.errors import LlmprocError
from llmproc.service.messages import Finish, Progress
from llmproc.service.service import Service
from llmproc.service.session import Answer, Session

PROMPT = ">>> "
_MORE = "... "
_QUOTES = '"""'
_PATIENCE_S = 0.2  # between two looks at the progress of loading
_GRACE_S = 0.3  # for the answer to end by itself once a signal ends the program; the stop ladder comes after
_SLOW_S = 1.0  # loading that takes longer is worth a line
_FRAMES = "|/-\\"


class ChatLoop:
    """One conversation with one person or pipe."""

    def __init__(
        self,
        session: Session,
        service: Service,
        screen: Screen,
        source: LineSource,
        interrupts: Interrupts,
        model: Path,
        tokenizer: Path,
        prompt_limit: int | None,
    ) -> None:
        """`prompt_limit`: end after so many prompts; commands other than /bye are prompts then, as in the exercise."""
        self.session, self.service, self.screen = session, service, screen
        self.model, self.tokenizer = model, tokenizer
        self.verbose = False
        self.failed = 0  # prompts that were refused or failed
        self.loading: Progress | None = None  # written by the I/O thread, read here
        self._source, self._interrupts, self._left = source, interrupts, prompt_limit
        self._course = prompt_limit is not None
        self._ended = self._said_compiling = self._quoted = False

    def run(self) -> None:
        """Until the end of input, /bye, a signal, or the service's failure (which raises)."""
        try:
            while not self._ended and (text := self._read()) is not None:
                self._obey(text)
                self._ended = self._ended or bool(self._interrupts.ended_by) or self._left == 0
        except KeyboardInterrupt:
            self._interrupts.interrupted()
            self.screen.fresh_line()
        if self.service.error:
            raise self.service.error

    def end(self) -> None:
        """Leave after this turn."""
        self._ended = True

    # -- input ------------------------------------------------------------------------------------------------------

    def _read(self) -> str | None:
        self.screen.flush_notices()
        self.screen.fresh_line()
        text = self._line(PROMPT)
        self._quoted = text is not None and not self._course and text.startswith(_QUOTES)
        if text is None or not self._quoted:
            return text
        return self._several_lines(text.removeprefix(_QUOTES))

    def _several_lines(self, text: str) -> str | None:
        while not text.rstrip().endswith(_QUOTES):
            more = self._line(_MORE)
            if more is None:
                return None
            text += "\n" + more
        return text.rstrip().removesuffix(_QUOTES).strip("\n")

    def _line(self, prompt: str) -> str | None:
        self._interrupts.idle(True)
        if self.service.error:  # it failed a moment before anybody could be woken
            raise self.service.error
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
            elif self._course:
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
            answer = self.session.ask(text)
        except LlmprocError:
            self.failed += 1
            raise
        self._show(answer)

    def answer_again(self) -> None:
        """Make the last answer again."""
        self._show(self.session.regenerate())

    def _show(self, answer: Answer) -> None:
        self._interrupts.generating(answer.cancel)
        try:
            asked, ended = time.monotonic(), 0.0
            while answer.finish is None:
                if self._interrupts.ended_by:
                    ended = ended or time.monotonic()
                    if time.monotonic() - ended > _GRACE_S:
                        return  # a worker that does not even cancel: closing the service ends it
                piece = answer.next(_PATIENCE_S)
                if piece is not None:
                    self.screen.write(piece)
                elif not answer.tokens:
                    self._show_loading(time.monotonic() - asked)
        finally:
            self._interrupts.generating(None)
        self._report(answer, answer.finish)

    def _show_loading(self, waited_s: float) -> None:
        loading = self.loading
        if loading is None or waited_s < _SLOW_S:
            return
        what = "compiling kernels, on the first run only" if loading.compiled else f"loading {loading.stage}"
        if self.screen.live:
            turn = _FRAMES[int(waited_s / _PATIENCE_S) % len(_FRAMES)]
            self.screen.progress(f"{turn} {what}: {loading.done} of {loading.total} ({waited_s:.0f} s)")
        elif loading.compiled and not self._said_compiling:
            self._said_compiling = True
            self.screen.notice(what)

    def _report(self, answer: Answer, finish: Finish) -> None:
        if finish.reason == "failed":
            if self.service.error:
                raise self.service.error
            self.failed += 1
            self.screen.notice(f"error: {finish.message}")
            if not answer.tokens:
                return
        positions = self.session.length - answer.turn.start
        speed = positions / finish.decode_s if finish.decode_s > 0 else 0.0
        self.screen.line(f"[INFO] SEQ LEN: {self.session.length}, Speed: {speed:.4f} tok/s")
        if finish.reason == "context":
            limit = self.session.seq_len
            self.screen.notice(f"the context is full ({limit} positions): the answer ends here" + self._advice())
        elif finish.reason == "cancelled":
            self.screen.notice("cancelled")
        elif finish.reason == "length" and not self._course:
            self.screen.notice(f"the answer was cut at max_tokens = {self.session.sampling.max_tokens}")
        if self.verbose:
            self.screen.notice(
                f"prompt {finish.prompt_tokens} tokens, {finish.cached_tokens} of them cached, "
                f"prefill {finish.prefill_s:.3f} s; "
                f"answer {finish.new_tokens} tokens, decode {finish.decode_s:.3f} s; {self.session.coins} coins drawn"
            )

    def _advice(self) -> str:
        return "" if self._course else "; /clear begins a new conversation"
