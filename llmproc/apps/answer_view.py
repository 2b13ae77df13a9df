"""Shows an answer as it comes, and what there is to say about it afterwards. Used by the prompt loop and `threads`.

It asks nothing and starts nothing; that a signal cancels the answer is `interrupts`' affair.
"""

from __future__ import annotations

import time

from llmproc.apps.likely_table import likely_lines
from llmproc.apps.reasoning_view import ReasoningView
from llmproc.apps.screen import Screen
from llmproc.processes.interrupts import Interrupts
from llmproc.service.messages import Finish, Progress
from llmproc.service.service import Service
from llmproc.session.answer import Answer
from llmproc.session.conversation import Conversation
from llmproc.text.reasoning import reasoning_tokens
from llmproc.text.tokenizers.streaming import StreamDecoder

_PATIENCE_S = 0.2  # between two looks at the progress of loading
_GRACE_S = 0.3  # for the answer to end by itself once a signal ends the program; stopping its process comes after
_SLOW_S = 1.0  # loading that takes longer is worth a line
_FRAMES = "|/-\\"


class AnswerView:
    """The view of a session's answers on the screen."""

    def __init__(
        self,
        conversation: Conversation,
        service: Service,
        screen: Screen,
        interrupts: Interrupts,
        advice: str = "",
        hide_reasoning: bool = False,
    ) -> None:
        """Begin with nothing shown. `advice`: follows the notice that the context is full."""
        self.verbose = False
        self._hide_reasoning = hide_reasoning
        self.loading: Progress | None = None  # written by the I/O thread, read here
        self._conversation, self._service, self._screen = conversation, service, screen
        self._interrupts, self._rules, self._advice = interrupts, conversation.rules, advice
        self._said_compiling = False

    def show(self, answer: Answer) -> bool:
        """Show an answer until its end; return False when it failed. Raises the service's failure."""
        self._interrupts.generating(answer.cancel)
        opened = self._conversation.template.opens_reasoning
        text = ReasoningView(self._screen, opened, self._hide_reasoning, self._rules.every_token)
        try:
            asked, ended = time.monotonic(), 0.0
            while answer.finish is None:
                if self._interrupts.ended_by:
                    ended = ended or time.monotonic()
                    if time.monotonic() - ended > _GRACE_S:
                        return True  # a worker that does not even cancel: closing the service ends it
                piece = answer.next(_PATIENCE_S)
                if piece is not None:
                    text.feed(piece, len(answer.tokens))
                elif not answer.tokens:
                    self._show_loading(time.monotonic() - asked)
            text.end()
        finally:
            self._interrupts.generating(None)
        return self._report(answer, answer.finish)

    def _show_loading(self, waited_s: float) -> None:
        loading = self.loading
        if loading is None or waited_s < _SLOW_S:
            return
        what = (
            "compiling kernels, on the first run only (about 10 s)" if loading.compiled else f"loading {loading.stage}"
        )
        if self._screen.live:
            turn = _FRAMES[int(waited_s / _PATIENCE_S) % len(_FRAMES)]
            self._screen.progress(f"{turn} {what}: {loading.done} of {loading.total} ({waited_s:.0f} s)")
        elif loading.compiled and not self._said_compiling:
            self._said_compiling = True
            self._screen.notice(what)

    def _report(self, answer: Answer, finish: Finish) -> bool:
        if finish.reason == "failed":
            if self._service.error:
                raise self._service.error
            self._screen.notice(f"error: {finish.message}")
            if not answer.tokens:
                return False
        if self._rules.every_token:
            self._screen.write("\n")
        conversation = answer.conversation
        positions, seconds = conversation.length - answer.turn.start, self._seconds(answer, finish)
        speed = positions / seconds if seconds > 0 else 0.0
        self._screen.line(f"[INFO] SEQ LEN: {conversation.length}, Speed: {speed:.4f} tok/s")
        if finish.reason == "context":
            limit = conversation.seq_len
            self._screen.notice(f"the context is full ({limit} positions): the answer ends here{self._advice}")
        elif finish.reason == "cancelled":
            self._screen.notice("cancelled")
        elif finish.reason == "length" and self._rules.turn.tokens is None:
            self._screen.notice(f"the answer was cut at max_tokens = {conversation.sampling.max_tokens}")
        if answer.tells_likely:
            for line in likely_lines(conversation.tokenizer, answer.tokens, answer.likely):
                self._screen.line(line)
        if self.verbose:
            self._screen.notice(
                f"prompt {finish.prompt_tokens} tokens, {finish.cached_tokens} of them cached, "
                f"prefill {finish.prefill_s:.3f} s; "
                f"answer {finish.new_tokens} tokens{self._reasoning(answer)}, decode {finish.decode_s:.3f} s; "
                f"{conversation.draws} draws from the random stream"
            )
        return finish.reason != "failed"

    def _reasoning(self, answer: Answer) -> str:
        """Return how many of an answer's tokens are reasoning, in words; "" for none."""
        conversation = answer.conversation
        shown = (token for token in answer.tokens if token not in conversation.end_tokens)
        decoder = StreamDecoder(conversation.tokenizer)
        count = reasoning_tokens(map(decoder.feed, shown), conversation.template.opens_reasoning)
        return f" ({count} of them reasoning)" if count else ""

    def _seconds(self, answer: Answer, finish: Finish) -> float:
        """Return the seconds that the speed line divides by."""
        ticket = answer.ticket
        if not self._rules.whole_turn_speed or ticket.dispatched is None or ticket.ended is None:
            return finish.decode_s
        return ticket.ended - ticket.dispatched
