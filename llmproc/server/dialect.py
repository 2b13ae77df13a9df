"""What an interface must be able to say, for `responding` to serve it: bytes in, bytes out, no I/O.

An endpoint is one Dialect object: OpenAI's chat, its completions, its responses, Ollama's chat, Ollama's generate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from llmproc.server.asking import About, Asked, Ended, Event, Piece
from llmproc.server.refusals import RefusedError


class StreamWriter(Protocol):
    """Writes one streamed answer. Each bytes object is one write to the client, complete in itself."""

    def event(self, event: Event) -> Iterable[bytes]:
        """Return what the client is told of an event; maybe nothing."""

    def end(self, ended: Sequence[Ended]) -> Iterable[bytes]:
        """Return what comes after the last event of all choices."""

    def broken(self, message: str) -> Iterable[bytes]:
        """Return what is said when the stream cannot go on; the connection is broken off after it."""


class Errors(Protocol):
    """The words of an interface for what went wrong."""

    def status(self, error: RefusedError) -> int:
        """Return the status of a response that refuses."""

    def refusal(self, error: RefusedError) -> bytes:
        """Return the JSON body of a response that refuses."""


class Dialect(Protocol):
    """One endpoint that answers prompts."""

    errors: Errors
    stream_type: str  # the Content-Type of a stream

    def read(self, body: bytes) -> Asked:
        """Return what a body asks. RefusedError that names the field."""

    def whole(self, asked: Asked, about: About, pieces: Sequence[Piece], ended: Sequence[Ended]) -> bytes:
        """Return the JSON body of an answer that is complete; `ended` in the order of choices."""

    def stream(self, asked: Asked, about: About) -> StreamWriter:
        """Return a writer for one answer."""
