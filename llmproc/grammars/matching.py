"""A sequence and its grammar: which ids may come next, and whether the answer is complete.

    Grammars.begin(text) -> GrammarState: follow(ids) -> complete | restrict(row)

Used by the engine's `row_changes`, in a worker. A state follows from the grammar and the ids of the answer alone. The
end is the engine's: a token that ends an answer may come exactly where the grammar may end.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from llmproc.errors import LlmprocError, MissingPackageError, RequestError
from llmproc.grammars.library import library, limits

_KEPT = 64  # compiled grammars
_NONE = "no token of the vocabulary continues what the grammar asks for"
Ids = npt.NDArray[np.int64]


class GrammarStateError(LlmprocError):
    """No token can come: the vocabulary cannot write what the grammar wants, or it is too costly to say what it can."""


class _VocabularyTable:
    """The vocabulary in the shape that llguidance asks for; beyond its own ids stands the end, which never comes."""

    is_tokenizer_wrapper = True
    bos_token_id = None

    def __init__(self, tokens: Sequence[bytes]) -> None:
        self.tokens = [*tokens, b"<|end|>"]
        self.eos_token_id = len(tokens)
        self.special_token_ids = [len(tokens)]

    def __call__(self, text: object) -> list[int]:
        raise NotImplementedError("grammars are written with no_forcing: nothing is tokenized")


class Grammars:
    """Grammars over one vocabulary, each compiled once. For one thread."""

    def __init__(self, tokens: Callable[[], Sequence[bytes]]) -> None:
        """Take what reads the bytes of all tokens, at the first grammar."""
        self._read, self._tokenizer = tokens, None
        self._compiled: OrderedDict[str, Any] = OrderedDict()
        self._mask: npt.NDArray[np.uint8] = np.empty(0, np.uint8)

    def begin(self, grammar: str) -> GrammarState:
        """Return the state before the first id. RequestError for a grammar that cannot be compiled."""
        return GrammarState(self._matcher(grammar).deep_copy(), self._mask)

    def _matcher(self, grammar: str) -> Any:
        found = self._compiled.get(grammar)
        if found is None:
            try:
                found = library().LLMatcher(self._vocabulary(), grammar, log_level=0, limits=limits())
            except MissingPackageError as error:
                raise RequestError(str(error)) from None
            if found.is_error():
                raise RequestError(f"the grammar is refused: {first_line(found.get_error())}")
            self._compiled[grammar] = found
            if len(self._compiled) > _KEPT:
                self._compiled.popitem(last=False)
        self._compiled.move_to_end(grammar)
        return found

    def _vocabulary(self) -> Any:
        if self._tokenizer is None:
            try:
                tokens = self._read()
            except ValueError:
                raise RequestError("a grammar needs the table of tokens, which this worker was not given") from None
            self._tokenizer = library().LLTokenizer(_VocabularyTable(tokens))
            self._mask = np.zeros((len(tokens) + 1 + 31) // 32 * 4, np.uint8)
        return self._tokenizer


class GrammarState:
    """One answer's place in its grammar."""

    def __init__(self, matcher: Any, mask: npt.NDArray[np.uint8]) -> None:
        """Begin; `mask` is memory that states of one thread share."""
        self._matcher, self._mask, self._seen = matcher, mask, 0

    def follow(self, tokens: Sequence[int], given: int) -> None:
        """Take the ids that have joined since the last call: `tokens` are all of the request, `given` its prompt's."""
        for position in range(given + self._seen, len(tokens)):
            if not self._matcher.consume_token(tokens[position]):
                break
        self._seen = len(tokens) - given

    @property
    def complete(self) -> bool:
        """Return whether nothing may follow, and nothing is missing."""
        return bool(self._matcher.is_stopped()) and not self._matcher.is_error()

    def restrict(self, row: npt.NDArray[np.float32], ends: Ids, held: bool) -> None:
        """Set ids that must not come to minus infinity, in a row of logits (vocab_size,).

        `ends`: ids in the row that end an answer; `held`: not yet, unless nothing else is left. GrammarStateError when
        nothing may come at all.
        """
        self._matcher.unsafe_compute_mask_ptr(self._mask.ctypes.data, self._mask.nbytes)
        if self._matcher.is_error():
            message = first_line(self._matcher.get_error())
            raise GrammarStateError(_NONE if "NoExtension" in message else f"the grammar cannot go on: {message}")
        allowed = np.zeros(len(row), bool)
        known = min(len(row), len(self._mask) * 8)
        allowed[:known] = np.unpackbits(self._mask, count=known, bitorder="little")
        allowed[ends] = False
        left = bool(allowed.any())
        if self._matcher.is_accepting():
            allowed[ends] = not (held and left)
            left = left or len(ends) > 0
        if not left:
            raise GrammarStateError(_NONE)
        np.copyto(row, -np.inf, where=~allowed)


def first_line(message: str) -> str:
    """Return an error's words without the state that llguidance adds."""
    return message.partition("\n")[0][:300]
