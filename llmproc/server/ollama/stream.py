"""The writer of one streamed answer: a line for each piece, as it comes, and the last one with what it took.

    {"model":...,"created_at":...,"message":{"role":"assistant","content":" It"},"done":false}
    ...
    {"model":...,"created_at":...,"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop",...}

Pure. What is the same in all lines is encoded once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import UNSET

from llmproc.server.asking import About, Asked, Ended, Event, Piece
from llmproc.server.ollama.answers import OllamaError
from llmproc.server.ollama.asking import ServedModel
from llmproc.server.ollama.lines import answer, ending, failure, line, logprobs, stamp
from llmproc.server.one_line import one_line


class OllamaStream:
    """Lines of NDJSON, each complete in itself. One answer: Ollama has no `n`."""

    def __init__(self, asked: Asked, about: About, served: ServedModel, chat: bool) -> None:
        """Take what was asked. `chat`: lines have a message, else a response."""
        self._asked, self._model, self._served, self._chat = asked, about.model, served, chat
        self._hidden = asked.think is False
        self._head = b'{"model":%b,"created_at":"' % one_line(about.model)
        self._text = b'","message":{"role":"assistant","content":' if chat else b'","response":'
        self._tail = b'},"done":false}\n' if chat else b',"done":false}\n'

    def event(self, event: Event) -> Iterable[bytes]:
        """Return the line of a piece; none for reasoning that is left out. Calls are one line, at the choice's end."""
        if isinstance(event, Ended):
            if not event.calls:
                return ()
            return (line(answer(self._chat, self._model, self._served.now(), "", "", event.calls, done=False)),)
        if event.likely and not (self._hidden and event.reasoning):
            return (self._with_logprobs(event),)
        reasoning = "" if self._hidden else event.reasoning
        if not event.text and not reasoning:
            return ()
        thinking = b',"thinking":' + one_line(reasoning) if reasoning else b""
        moment = stamp(self._served.now()).encode()
        return (b"".join((self._head, moment, self._text, one_line(event.text), thinking, self._tail)),)

    def end(self, ended: Sequence[Ended]) -> Iterable[bytes]:
        """Return the last line; if the answer failed, the error after which nothing may come."""
        message = failure(ended[0])
        if message is not None:
            return self.broken(message)
        moment = self._served.now()
        return (line(answer(self._chat, self._model, moment, "", "", done=True, **ending(ended[0]))),)

    def broken(self, message: str) -> Iterable[bytes]:
        """Return the error after which nothing may come."""
        return (line(OllamaError(message)),)

    def _with_logprobs(self, piece: Piece) -> bytes:
        told = logprobs(piece.ids, piece.likely, self._served.piece, self._asked.sampling.logprobs or 0)
        fields: dict[str, Any] = {} if told is UNSET else {"logprobs": told}
        moment = self._served.now()
        return line(answer(self._chat, self._model, moment, piece.text, piece.reasoning, done=False, **fields))
