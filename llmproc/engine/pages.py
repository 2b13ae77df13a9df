"""The pages of the KV cache: who holds which, and which full ones can be found again by the ids that stand in them.

    free --allocate--> held by one --register--> cached --retain--> held by several
      ^              |   |                      ^                       |
      +---discard----+   +-------release------- | --- (last holder) ----+
      +---release (not cached)                      evictable: cached, without a holder, allocated when no page is free

Used by `scheduler`. Pure bookkeeping of numbers: no arrays, no I/O, no clock. A page is written by its only holder
until it is full and registered; from then on it is never written, so sharing needs no copies.

A cached page is known by (key of the prefix before it, its PAGE ids); the ids themselves are compared, not a hash of
them. A key is a number given to one prefix and never to another: when a page is taken for something else its key goes
with it, and what was cached only through it stays out of reach until it is taken too.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from llmproc.engine.batch import PAGE

NO_PREFIX = 0  # the key of the empty prefix


def pages_for(positions: int) -> int:
    """Return how many pages that many positions need."""
    return -(-positions // PAGE)


class PagePool:
    """`count` pages, numbered from 0."""

    __slots__ = ("_evictable", "_found", "_free", "_keys", "_last_key", "_names", "_references", "count")

    def __init__(self, count: int) -> None:
        self.count = count
        self._free = list(range(count - 1, -1, -1))  # without a holder, and not cached
        self._evictable: OrderedDict[int, None] = OrderedDict()  # without a holder, but cached; longest unused first
        self._references = [0] * count
        self._names: list[tuple[int, tuple[int, ...]] | None] = [None] * count  # (key before it, ids) if cached
        self._keys = [NO_PREFIX] * count  # of the prefix that ends with the page, if cached
        self._found: dict[tuple[int, tuple[int, ...]], int] = {}  # name -> page
        self._last_key = NO_PREFIX

    @property
    def available(self) -> int:
        """Return how many pages `allocate` could give."""
        return len(self._free) + len(self._evictable)

    @property
    def evictable(self) -> int:
        """Return how many of these are cached, without a holder."""
        return len(self._evictable)

    def references(self, page: int) -> int:
        """Return how many hold it."""
        return self._references[page]

    def key(self, page: int) -> int:
        """Return the key of the prefix that ends with a cached page."""
        return self._keys[page]

    def find(self, tokens: Sequence[int], first: int = 0, key: int = NO_PREFIX) -> list[int]:
        """Find the cached pages number `first` and following of these ids, whose pages before have this key.

        The last id is never in them: it has to be computed, for the logits after it. Nothing is retained yet.
        """
        pages = []
        for start in range(first * PAGE, len(tokens) - PAGE, PAGE):
            page = self._found.get((key, tuple(tokens[start : start + PAGE])))
            if page is None:
                break
            pages.append(page)
            key = self._keys[page]
        return pages

    def retain(self, pages: Sequence[int]) -> None:
        """Add a holder to pages that were found."""
        for page in pages:
            if self._references[page] == 0:
                del self._evictable[page]
            self._references[page] += 1

    def allocate(self, count: int) -> list[int]:
        """Take pages for one holder: free ones, then those not used for longest. IndexError if there are too few."""
        if count > self.available:
            raise IndexError(f"{count} pages asked of {self.available}")
        pages = []
        for _ in range(count):
            if self._free:
                page = self._free.pop()
            else:
                page, _ = self._evictable.popitem(last=False)
                self._forget(page)
            self._references[page] = 1
            pages.append(page)
        return pages

    def register(self, page: int, before: int, tokens: Sequence[int]) -> int:
        """Make a full page cached: its PAGE ids come after the prefix with key `before`. Returns the page to hold.

        That is another one when the same ids were computed twice: its holder gets the one that is cached already
        (the same bits stand in it) and has given this one back.
        """
        name = (before, tuple(tokens))
        other = self._found.get(name)
        if other is not None:
            self.retain([other])
            self.release([page])
            return other
        self._last_key += 1
        self._found[name], self._names[page], self._keys[page] = page, name, self._last_key
        return page

    def release(self, pages: Sequence[int]) -> None:
        """Take away one holder. Of a prefix the end is reused first: its beginning is of use to more."""
        for page in reversed(pages):
            self._references[page] -= 1
            if self._references[page] == 0:
                if self._names[page] is None:
                    self._free.append(page)
                else:
                    self._evictable[page] = None

    def discard(self, pages: Sequence[int]) -> list[int]:
        """Take away one holder and forget pages without another: returns these pages, which must be wiped."""
        gone = []
        for page in pages:
            self._references[page] -= 1
            if self._references[page] == 0:
                self._forget(page)
                self._free.append(page)
                gone.append(page)
        return gone

    def _forget(self, page: int) -> None:
        name = self._names[page]
        if name is not None:
            del self._found[name]
            self._names[page], self._keys[page] = None, NO_PREFIX
