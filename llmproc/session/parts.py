"""An answer's ids become pieces of text, each with the ids that brought it, up to a stop text.

    ids --text stream--> what each of them completes --StopFinder--> what can be shown --> TextPart(text, ids, likely)

An id comes with the first text of its own that is shown: one whose bytes are no whole character yet, or whose text may
be the beginning of a stop text, comes with the piece that shows it. Used by `answer`. Pure.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import msgspec

from llmproc.engine.shaping import Likely
from llmproc.session.rules import TextStream
from llmproc.session.stops import StopFinder


class TextPart(msgspec.Struct, frozen=True, gc=False):
    """A piece of an answer's text; "" only for ids without any text at an answer's end."""

    text: str
    ids: list[int]  # that brought it; the rest of a piece that began before has none
    likely: list[Likely] = []  # one for each id, if the request asks for it


class PartJoiner:
    """One answer: `feed` its ids as they come, then `flush`."""

    def __init__(self, stream: TextStream, stops: Sequence[str] = (), unlooked: int = 0) -> None:
        """Begin without ids. `unlooked`: the number of ids at the beginning whose text is not looked at for stops.

        So min_tokens holds for stop texts, as with vLLM (v1/engine/detokenizer.py); but here a stop text cannot begin
        in that text either, which has been shown.
        """
        self._stream = stream
        self._finder = StopFinder(stops) if stops else None
        self._unlooked = unlooked if stops else 0
        self._ids: deque[tuple[int, int, Likely | None]] = deque()  # where its text begins, id; those not yet shown
        self._come = self._shown = 0  # characters
        self.fed = 0  # ids; once stopped, those up to the one that completed the stop text

    @property
    def stopped(self) -> bool:
        """Return whether a stop text was found: what comes after it is dropped."""
        return self._finder is not None and self._finder.found

    def feed(self, ids: Sequence[int], likely: Sequence[Likely] = ()) -> list[TextPart]:
        """Return the parts that are certain by now; `likely`: one for each of `ids`, or none."""
        texts = self._stream.feed_each(ids)
        if self._finder is None and not self._ids and all(texts):
            if not likely:
                return [TextPart(text, [token]) for text, token in zip(texts, ids, strict=True)]
            rows = zip(texts, ids, likely, strict=True)
            return [TextPart(text, [token], [said]) for text, token, said in rows]
        parts: list[TextPart] = []
        for place, text in enumerate(texts):
            self.fed += 1
            self._ids.append((self._come, ids[place], likely[place] if likely else None))
            self._show(text, parts)
            if self.stopped:
                break
        return parts

    def flush(self) -> list[TextPart]:
        """Return what is still held back, at the end of the answer: text, and ids that brought none."""
        parts: list[TextPart] = []
        if self.stopped:
            return parts
        self._show(self._stream.flush(), parts)
        if self._finder is not None and not self.stopped and (rest := self._finder.flush()):
            parts.append(self._part(rest))
        if self._ids and not self.stopped:
            parts.append(self._part(""))
        return parts

    def _show(self, text: str, parts: list[TextPart]) -> None:
        """Append a part if `text` makes something certain."""
        self._come += len(text)
        if self._finder is not None and self.fed > self._unlooked:
            text = self._finder.feed(text)
        if text:
            parts.append(self._part(text))

    def _part(self, text: str) -> TextPart:
        """Return a part that shows `text`, with all ids whose text begins in it; the last one takes all that wait."""
        self._shown += len(text)
        ids: list[int] = []
        likely: list[Likely] = []
        while self._ids and (self._ids[0][0] < self._shown or not text):
            _, token, said = self._ids.popleft()
            ids.append(token)
            if said is not None:
                likely.append(said)
        return TextPart(text, ids, likely)
