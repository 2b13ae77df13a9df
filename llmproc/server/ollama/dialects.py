"""The two endpoints of Ollama's that answer prompts: POST /api/chat and POST /api/generate.

Pure. Used by `responding`, which asks `read`, then either `whole` or `stream`. A request without prompts is Ollama's
way of loading a model: `whole` answers it, without events, also when a stream was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llmproc.grammars.functions import FunctionCall
from llmproc.server.asking import About, Asked, Ended, Piece
from llmproc.server.dialect import Errors
from llmproc.server.ollama.asking import ServedModel, asked_of_chat, asked_of_generate
from llmproc.server.ollama.lines import answer, ending, failure, logprobs
from llmproc.server.ollama.refusals import OllamaErrors
from llmproc.server.ollama.requests import OllamaChatRequest, OllamaGenerateRequest
from llmproc.server.ollama.stream import OllamaStream
from llmproc.server.one_line import one_line
from llmproc.server.refusals import RefusedError
from llmproc.server.validating import BodyReader

NDJSON = "application/x-ndjson"
_CHAT, _GENERATE = BodyReader(OllamaChatRequest), BodyReader(OllamaGenerateRequest)


class _AnsweringEndpoint:
    """The part that both have in common."""

    stream_type = NDJSON
    chat: bool

    def __init__(self, served: ServedModel) -> None:
        """Take what is known of the model."""
        self.errors: Errors = OllamaErrors()
        self._served = served

    def whole(self, asked: Asked, about: About, pieces: Sequence[Piece], ended: Sequence[Ended]) -> bytes:
        """Return the body of an answer that is complete. RefusedError with status 500 if it failed."""
        if not asked.prompts:
            return self.loaded(asked, about)
        one = ended[0]
        message = failure(one)
        if message is not None:
            raise RefusedError(message, 500)
        hidden = asked.think is False
        told = [piece for piece in pieces if piece.likely and not (hidden and piece.reasoning)]
        ids = [token for piece in told for token in piece.ids]
        likely = [entry for piece in told for entry in piece.likely]
        listed = logprobs(ids, likely, self._served.piece, asked.sampling.logprobs or 0)
        reasoning = "" if hidden else one.reasoning
        return self._document(about, one.text, reasoning, one.calls, logprobs=listed, **ending(one))

    def loaded(self, asked: Asked, about: About) -> bytes:
        """Return the answer to a request without prompts; the model is there already, and stays."""
        return self._document(about, "", "", done_reason="unload" if asked.unload else "load")

    def stream(self, asked: Asked, about: About) -> OllamaStream:
        """Return a writer for one answer."""
        return OllamaStream(asked, about, self._served, self.chat)

    def _document(
        self, about: About, text: str, reasoning: str, calls: Sequence[FunctionCall] = (), **fields: Any
    ) -> bytes:
        moment = self._served.now()
        return one_line(answer(self.chat, about.model, moment, text, reasoning, calls, done=True, **fields))


class OllamaChat(_AnsweringEndpoint):
    """POST /api/chat."""

    chat = True

    def read(self, body: bytes) -> Asked:
        """Return what a body asks. RefusedError that names the field."""
        return asked_of_chat(_CHAT.read(body), body, self._served)


class OllamaGenerate(_AnsweringEndpoint):
    """POST /api/generate."""

    chat = False

    def read(self, body: bytes) -> Asked:
        """Return what a body asks. RefusedError that names the field."""
        return asked_of_generate(_GENERATE.read(body), body, self._served)
