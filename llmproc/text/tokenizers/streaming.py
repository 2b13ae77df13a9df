"""Token ids to printable text while they arrive: incomplete UTF-8 is held back, a terminal's control bytes removed.

Used by the prompt loop and all that shows an answer before it is complete. No I/O here.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmproc.text.tokenizers.contract import TextTokenizer

# C0 and C1 controls and DEL (but not \n and \t): escape sequences begin with one of them. The bidirectional overrides
# reorder what stands around them on the screen; lone surrogates cannot be written at all.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Return `text` without what could steer a terminal; \n and \t stay."""
    return _UNPRINTABLE.sub("", text)


class StreamDecoder:
    """Turns ids into text as they come; the parts together are the decoded text, invalid UTF-8 replaced by U+FFFD."""

    def __init__(self, tokenizer: TextTokenizer, previous: int | None = None) -> None:
        """Start after the id `previous`, the one before the first one fed (after BOS a leading space is dropped)."""
        self._tokenizer, self._previous = tokenizer, previous
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._whole = True  # no byte of an unfinished character is held back

    def feed(self, token: int) -> str:
        """Return the text that `token` completes, maybe "". Raises RequestError for an id outside the vocabulary."""
        piece = self._tokenizer.piece_after(self._previous, token)
        self._previous = token
        text = self._decoder.decode(piece)
        self._whole = not self._decoder.getstate()[0]
        return text

    def feed_each(self, tokens: Sequence[int]) -> list[str]:
        """Return the text that each of `tokens` completes, "" for one that completes none. Raises as `feed` does."""
        if self._whole and tokens and self._previous not in self._tokenizer.spaced_after:
            known = self._tokenizer.characters
            texts = [known.get(token) for token in tokens]
            if None not in texts:
                self._previous = tokens[-1]
                return texts  # type: ignore[return-value]  # without None
        return [self._feed(token) for token in tokens]

    def _feed(self, token: int) -> str:
        """Feed one, and remember its text: it is the same wherever no BOS and no part of a character stands before."""
        alone = self._whole and self._previous not in self._tokenizer.spaced_after
        text = self.feed(token)
        if alone and self._whole and token not in self._tokenizer.spaced_after:
            self._tokenizer.characters[token] = text
        return text

    def flush(self) -> str:
        """Return what is still held back, as U+FFFD; "" when the text ended with a whole character."""
        text = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        self._whole = True
        return text
