"""The three endpoints of OpenAI's interface that answer prompts, each one Dialect. Used by `server.app`. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from llmproc.server.asking import About, Asked, Ended, Piece
from llmproc.server.dialect import Dialect, Errors, StreamWriter
from llmproc.server.one_line import one_line
from llmproc.server.openai.answers import CHAT_ID, TEXT_ID, chat_completion, failure, text_completion
from llmproc.server.openai.chunks import ChatChunks, TextChunks
from llmproc.server.openai.errors import OpenAIErrors
from llmproc.server.openai.fresh import FRESH, Fresh
from llmproc.server.openai.logprobs import TokenPieces
from llmproc.server.openai.reading import asked_of_chat, asked_of_completion
from llmproc.server.openai.requests import ChatRequest, CompletionRequest
from llmproc.server.openai.response_events import ResponseEvents
from llmproc.server.openai.response_output import ResponseHead, items_of
from llmproc.server.openai.response_reading import asked_of_response
from llmproc.server.openai.response_requests import ResponseRequest
from llmproc.server.refusals import RefusedError
from llmproc.server.validating import BodyReader

SSE = "text/event-stream"


def openai_dialects(tokens: TokenPieces) -> dict[str, Dialect]:
    """Return the endpoints by their paths."""
    return {
        "/v1/chat/completions": ChatDialect(tokens),
        "/v1/completions": CompletionDialect(tokens),
        "/v1/responses": ResponseDialect(tokens),
    }


class ChatDialect:
    """The endpoint POST /v1/chat/completions."""

    def __init__(self, tokens: TokenPieces, fresh: Fresh = FRESH) -> None:
        """Take the model's tokenizer, which names tokens and says which ids there are."""
        self.errors: Errors = OpenAIErrors()
        self.stream_type = SSE
        self._tokens, self._fresh = tokens, fresh
        self._body = BodyReader(ChatRequest)

    def read(self, body: bytes) -> Asked:
        """Return what a body asks. RefusedError that names the field."""
        return asked_of_chat(self._body.read(body), self._tokens.vocab_size, self._fresh)

    def whole(self, asked: Asked, about: About, pieces: Sequence[Piece], ended: Sequence[Ended]) -> bytes:
        """Return the JSON body of a complete answer. RefusedError (500) if a choice failed."""
        return chat_completion(asked, about, pieces, ended, self._tokens, self._fresh)

    def stream(self, asked: Asked, about: About) -> StreamWriter:
        """Return a writer for one answer."""
        name, created = CHAT_ID + self._fresh.word(), int(self._fresh.now())
        return ChatChunks(asked, about, self._tokens, name, "chat.completion.chunk", created)


class CompletionDialect:
    """The endpoint POST /v1/completions."""

    def __init__(self, tokens: TokenPieces, fresh: Fresh = FRESH) -> None:
        """Take the model's tokenizer, which names tokens and says which ids there are."""
        self.errors: Errors = OpenAIErrors()
        self.stream_type = SSE
        self._tokens, self._fresh = tokens, fresh
        self._body = BodyReader(CompletionRequest)

    def read(self, body: bytes) -> Asked:
        """Return what a body asks. RefusedError that names the field."""
        return asked_of_completion(self._body.read(body), self._tokens.vocab_size, self._fresh)

    def whole(self, asked: Asked, about: About, pieces: Sequence[Piece], ended: Sequence[Ended]) -> bytes:
        """Return the JSON body of complete continuations. RefusedError (500) if a choice failed."""
        return text_completion(asked, about, pieces, ended, self._tokens, self._fresh)

    def stream(self, asked: Asked, about: About) -> StreamWriter:
        """Return a writer for one answer."""
        name, created = TEXT_ID + self._fresh.word(), int(self._fresh.now())
        return TextChunks(asked, about, self._tokens, name, "text_completion", created)


class ResponseDialect:
    """The endpoint POST /v1/responses."""

    def __init__(self, tokens: TokenPieces, fresh: Fresh = FRESH) -> None:
        """Take the model's tokenizer, which names tokens and says which ids there are."""
        self.errors: Errors = OpenAIErrors()
        self.stream_type = SSE
        self._tokens, self._fresh = tokens, fresh
        self._body = BodyReader(ResponseRequest)

    def read(self, body: bytes) -> Asked:
        """Return what a body asks. RefusedError that names the field."""
        return asked_of_response(self._body.read(body), self._tokens.vocab_size, self._fresh)

    def whole(self, asked: Asked, about: About, pieces: Sequence[Piece], ended: Sequence[Ended]) -> bytes:
        """Return the JSON body of a complete response. RefusedError (500) if it failed."""
        if message := failure(ended):
            raise RefusedError(message, 500, code="request_failed")
        now = int(self._fresh.now())
        head = ResponseHead(asked, about, self._fresh.word(), now)
        return one_line(head.ended(items_of(head.name, self._tokens, pieces, ended[0]), ended[0], now))

    def stream(self, asked: Asked, about: About) -> StreamWriter:
        """Return a writer for one answer."""
        return ResponseEvents(asked, about, self._tokens, self._fresh.word(), self._fresh.now)
