"""What every tokenizer can do, whatever file it came from.

    tokenizer.bin            -> `tokenizer.py`            llama2.c's file and its sidecar
    a Hugging Face folder    -> `folder.py`               tokenizer.json and the files beside it
    a GGUF file              -> `gguf.py`                 the vocabulary in its metadata

Used by chat templates, conversations and all that shows text. Never in it: how text becomes ids.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol


class ChatSource(NamedTuple):
    """A chat template as a model brings it: Jinja text, and the names of special tokens that it may use."""

    template: str
    variables: Mapping[str, str]  # such as bos_token: "<s>"


class TextTokenizer(Protocol):
    """Text to ids and back. Safe to share between threads: nothing changes but `characters`."""

    @property
    def vocab_size(self) -> int:
        """Return the ids there are: the rows of the model's embedding. Those without a token print as nothing."""

    @property
    def bos(self) -> int | None:
        """Return the id that stands before every text, if there is one."""

    @property
    def eos(self) -> tuple[int, ...]:
        """Return the ids that end a text when they are sampled."""

    @property
    def special(self) -> Mapping[bytes, int]:
        """Return piece -> id of the tokens that a user's text never becomes."""

    @property
    def template_name(self) -> str:
        """Return the built-in template for a tokenizer without `chat`."""

    @property
    def chat(self) -> ChatSource | None:
        """Return the model's own chat template, if it brings one."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what a user should know about how the files were read, a line each."""

    @property
    def spaced_after(self) -> Container[int | None]:
        """Return the ids after which `piece_after` leaves out a space; None: the beginning of a text."""

    @property
    def characters(self) -> dict[int, str]:
        """Return id -> its text, of ids that are whole characters: what streams found, for the next ones."""

    def encode(self, text: str | bytes, prefix: bytes = b"") -> list[int]:
        """Return the ids of `text`, without BOS and special tokens; `prefix`: a template's words, merged with it.

        Raises RequestError for a byte that the vocabulary has no token for.
        """

    def encode_rendered(self, pieces: Sequence[str], start: bool = True) -> list[int]:
        """Return the ids of what a template rendered: text in turn with special tokens' names that a user typed.

        In the pieces at even places special tokens become their ids; those at odd places are text. `start`: nothing
        stands before the first piece. Raises RequestError as `encode`.
        """

    def entry(self, token: int) -> bytes:
        """Return the entry of `token` as the file holds it. RequestError: no such id."""

    def piece(self, token: int) -> bytes:
        """Return the bytes that `token` prints as. RequestError: no such id."""

    def piece_after(self, previous: int | None, token: int) -> bytes:
        """Return what `piece` does, without the space that encoding put before a text. RequestError: no such id."""

    def decode(self, ids: Iterable[int], previous: int | None = None) -> bytes:
        """Return the bytes of `ids`, specials too; `previous` is the id before them. RequestError: no such id."""
