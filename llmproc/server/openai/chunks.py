"""A streamed answer as server-sent events: one event for each piece of text, then the ends, usage and [DONE].

    data: {"id":...,"object":...,"created":...,"model":...,"system_fingerprint":...,"choices":[{"index":0,   once
    "delta":{"role":"assistant",                                             the first chunk of each choice
    "content":" pipe"                                                        each piece: all that is encoded for it
    },"logprobs":null,"finish_reason":null}],"usage":null}\\n\\n               once

The role comes with the first text, so there are as many chunks with text as there are pieces. A piece without text
makes no chunk; its log probabilities go with the next one. The finish reason has a chunk of its own, which also tells
timings and the bill.
Source of the framing: the HTML standard, Server-sent events; of the chunks: OpenAI's API reference.
Used by the dialects. Pure: what is due when is for the caller to say.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Sequence

from llmproc.grammars.call_reader import CallPiece
from llmproc.server.asking import About, Asked, Ended, Event, Piece
from llmproc.server.one_line import one_line
from llmproc.server.openai.answers import CALL_ID, CHAT_ID, failure, finish_word, usage
from llmproc.server.openai.errors import broken_stream
from llmproc.server.openai.logprobs import TokenPieces, of_chat, of_text
from llmproc.server.openai.responses import CallPart, FunctionPart, Usage

DONE = b"data: [DONE]\n\n"


class ChunkStream(ABC):
    """The common part of the streams of chats and completions. Chunks of one choice are in order; choices mix."""

    def __init__(self, asked: Asked, about: About, tokens: TokenPieces, name: str, kind: str, created: int) -> None:
        """Begin one answer. `name`: its id; `kind`: `object` of its chunks; `created`: seconds since 1970."""
        self._asked, self._tokens = asked, tokens
        head = {"id": name, "object": kind, "created": created, "model": about.model}
        self._head = b"data: " + one_line({**head, "system_fingerprint": about.fingerprint})[:-1] + b',"choices":['
        self._plain = asked.sampling.logprobs is None and not asked.continuous_usage
        self._usage = b',"usage":null' if asked.include_usage else b""
        self._tail = self._end_of_chunk(b',"logprobs":null,"finish_reason":null}]')
        self._openings: dict[int, bytes] = {}  # of a choice's chunks but the first
        self._waiting: dict[int, list[Piece]] = {}  # with log probabilities that no chunk has told yet
        self._prompt_tokens: dict[int, int] = {}  # by prompt
        self._new_tokens: dict[int, int] = {}  # by choice, so far

    def event(self, event: Event) -> Iterable[bytes]:
        """Return the chunk of a piece, or of a choice's end. One that failed has none: see `end`."""
        if isinstance(event, Ended):
            return self._ended(event)
        if self._plain:
            if not event.text and not event.reasoning and not event.calls:
                return ()
            return (self._opening(event.choice) + self._said(event) + self._tail,)
        return self._with_numbers(event)

    def end(self, ended: Sequence[Ended]) -> Iterable[bytes]:
        """Return usage, if asked for, and [DONE]; if a choice failed, the error after which nothing may come."""
        message = failure(ended)
        if message is not None:
            return (broken_stream(message),)
        if not self._asked.include_usage:
            return (DONE,)
        return (self._head + b'],"usage":' + one_line(usage(self._asked, ended)) + b"}\n\n", DONE)

    def broken(self, message: str) -> Iterable[bytes]:
        """Return the error after which nothing may come."""
        return (broken_stream(message),)

    # -- what differs between chats and completions -------------------------------------------------------------------

    def _first(self, choice: int) -> bytes:
        """Return what the first chunk of a choice begins with, up to where its text stands."""
        return self._opened(choice)

    @abstractmethod
    def _opened(self, choice: int) -> bytes:
        """Return what the other chunks of a choice begin with."""

    @abstractmethod
    def _said(self, piece: Piece) -> bytes:
        """Return the text of a piece, up to where `logprobs` stands."""

    @abstractmethod
    def _silent(self, first: bool) -> bytes:
        """Return the same of a chunk without text. `first`: it is the only one of its choice."""

    @abstractmethod
    def _logprobs(self, choice: int, pieces: Sequence[Piece]) -> bytes:
        """Return the log probabilities of some pieces as JSON."""

    # -- chunks -------------------------------------------------------------------------------------------------------

    def _opening(self, choice: int) -> bytes:
        found = self._openings.get(choice)
        if found is None:
            self._openings[choice] = self._opened(choice)
            return self._first(choice)
        return found

    def _end_of_chunk(self, closing: bytes) -> bytes:
        return closing + self._usage + b"}\n\n"

    def _with_numbers(self, piece: Piece) -> Iterable[bytes]:
        """Return the chunk of a piece, with its log probabilities, or the tokens so far."""
        self._counted(piece.choice, piece.prompt_tokens, self._new_tokens.get(piece.choice, 0) + len(piece.ids))
        self._waiting.setdefault(piece.choice, []).append(piece)
        if not piece.text and not piece.reasoning and not piece.calls:
            return ()
        closing = b',"logprobs":' + self._told(piece.choice) + b',"finish_reason":null}]'
        return (self._opening(piece.choice) + self._said(piece) + self._numbered(closing),)

    def _counted(self, choice: int, prompt_tokens: int, new_tokens: int) -> None:
        self._prompt_tokens[choice // self._asked.sampling.n] = prompt_tokens
        self._new_tokens[choice] = new_tokens

    def _numbered(self, closing: bytes) -> bytes:
        if not self._asked.continuous_usage:
            return self._end_of_chunk(closing)
        prompt, new = sum(self._prompt_tokens.values()), sum(self._new_tokens.values())
        return closing + b',"usage":' + one_line(Usage(prompt, new, prompt + new)) + b"}\n\n"

    def _told(self, choice: int) -> bytes:
        pieces = self._waiting.pop(choice, [])
        return b"null" if self._asked.sampling.logprobs is None else self._logprobs(choice, pieces)

    def _ended(self, ended: Ended) -> Iterable[bytes]:
        word = finish_word(ended)
        if word is None:
            return ()
        self._counted(ended.choice, ended.result.prompt_tokens, ended.result.new_tokens)  # an end token is in no piece
        first = ended.choice not in self._openings
        opening = self._opening(ended.choice)
        closing = b',"logprobs":%b,"finish_reason":"%b","timings":%b,"resources":%b}],"seed":%d' % (
            self._told(ended.choice),
            word.encode(),
            one_line(ended.result.timings),
            one_line(ended.bill),
            self._asked.sampling.seed,
        )
        return (opening + self._silent(first) + self._numbered(closing),)


class ChatChunks(ChunkStream):
    """The stream of /v1/chat/completions: the role once, with the first text; reasoning apart.

    Choices begin in their order, for the official client's stream helper numbers them as they come (openai 2.54, 3.57:
    a first chunk of choice 1 is an IndexError). What comes too early is held back until those before have begun.
    """

    def __init__(self, asked: Asked, about: About, tokens: TokenPieces, name: str, kind: str, created: int) -> None:
        super().__init__(asked, about, tokens, name, kind, created)
        self._begun = 0  # choices that have
        self._name = name
        self._early: dict[int, list[Event]] = {}

    def event(self, event: Event) -> Iterable[bytes]:
        if event.choice < self._begun:
            return super().event(event)
        if event.choice > self._begun:
            self._early.setdefault(event.choice, []).append(event)
            return ()
        chunks: list[bytes] = []
        due = deque((event,))
        while due:
            one = due.popleft()
            made = super().event(one)
            chunks += made
            if made and one.choice == self._begun:
                self._begun += 1
                due.extend(self._early.pop(self._begun, ()))
        return chunks

    def _first(self, choice: int) -> bytes:
        return self._opened(choice) + b'"role":"assistant",'

    def _opened(self, choice: int) -> bytes:
        return b'%b{"index":%d,"delta":{' % (self._head, choice)

    def _said(self, piece: Piece) -> bytes:
        if piece.calls:
            return b'"tool_calls":' + one_line([self._call(piece.choice, part) for part in piece.calls]) + b"}"
        if not piece.reasoning:
            return b'"content":' + one_line(piece.text) + b"}"
        said = b'"reasoning_content":' + one_line(piece.reasoning)
        return said + b',"content":' + one_line(piece.text) + b"}" if piece.text else said + b"}"

    def _call(self, choice: int, part: CallPiece) -> CallPart:
        if part.name is None:
            return CallPart(part.place, function=FunctionPart(arguments=part.arguments))
        number = f"{CALL_ID}{self._name.removeprefix(CHAT_ID)}_{choice}_{part.place}"
        return CallPart(part.place, number, "function", FunctionPart(part.name, part.arguments))

    def _silent(self, first: bool) -> bytes:
        return b'"content":""}' if first else b"}"

    def _logprobs(self, choice: int, pieces: Sequence[Piece]) -> bytes:
        told = of_chat(pieces, self._tokens)
        return one_line(told if told.content else None)


class TextChunks(ChunkStream):
    """The stream of /v1/completions."""

    def __init__(self, asked: Asked, about: About, tokens: TokenPieces, name: str, kind: str, created: int) -> None:
        super().__init__(asked, about, tokens, name, kind, created)
        self._offsets: dict[int, int] = {}  # characters of a choice whose log probabilities have been told

    def _opened(self, choice: int) -> bytes:
        return b'%b{"index":%d,"text":' % (self._head, choice)

    def _said(self, piece: Piece) -> bytes:
        return one_line(piece.reasoning + piece.text)

    def _silent(self, first: bool) -> bytes:
        return b'""'

    def _logprobs(self, choice: int, pieces: Sequence[Piece]) -> bytes:
        offset = self._offsets.get(choice, 0)
        self._offsets[choice] = offset + sum(len(piece.text) for piece in pieces)
        told = of_text(pieces, self._tokens, offset)
        return one_line(told if told.tokens else None)
