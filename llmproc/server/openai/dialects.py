"""The two endpoints of OpenAI's interface that answer prompts, each one Dialect. Used by `server.app`. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from llmproc.server.asking import About, Asked, Ended, Piece
from llmproc.server.dialect import Errors, StreamWriter
from llmproc.server.openai.answers import CHAT_ID, TEXT_ID, chat_completion, text_completion
from llmproc.server.openai.chunks import ChatChunks, TextChunks
from llmproc.server.openai.errors import OpenAIErrors
from llmproc.server.openai.fresh import FRESH, Fresh
from llmproc.server.openai.logprobs import TokenPieces
from llmproc.server.openai.reading import asked_of_chat, asked_of_completion
from llmproc.server.openai.requests import ChatRequest, CompletionRequest
from llmproc.server.validating import BodyReader

SSE = "text/event-stream"


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
