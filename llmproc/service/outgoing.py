"""A worker's events on their way: ids gathered by request, and what else became of requests, for one frame.

Used by the worker's loop. A frame costs main a wake-up, the same for one id as for fifty. So ids of short steps wait
for each other as long as the next step is likely to end within HOLD_S of the last frame; a step that takes longer
than half of that sends its ids at once. A request's first id never waits, nor a request that was taken, nor an end,
and nothing waits while the worker sleeps. Ids that die here with the worker never happened: the replay draws the same
ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from llmproc.engine.events import Finish, Token
from llmproc.service.messages import Events, Likely, Taken

HOLD_S = 0.008  # 125 frames a second: no more than pictures on a quick screen


class Outgoing:
    """Events in the order they happened, until `collect` makes one message of them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tokens: dict[int, list[int]] = {}  # by request
        self._likely: dict[int, list[Likely]] = {}  # of those requests that ask for it
        self._closed: list[int] = []
        self._items: list[Taken | Finish] = []
        self._begun: set[int] = set()  # requests whose first id has been added, and whose end has not
        self._first = False  # one of `_tokens` is the first of its request
        self._collected_at = self._asked_at = clock()

    def __bool__(self) -> bool:
        return bool(self._tokens or self._items)

    def add(self, *events: Taken | Token | Finish) -> None:
        """Keep what happened."""
        self.extend(events)

    def extend(self, events: Iterable[Taken | Token | Finish]) -> None:
        """Keep what happened, in order. A request that was taken is to be collected before its first id is added."""
        for event in events:
            if isinstance(event, Token):
                self._token(event)
            else:
                self._items.append(event)
                if isinstance(event, Finish):
                    self._begun.discard(event.request_id)

    def due(self) -> bool:
        """Return whether what there is must go now, though the worker goes on. To be asked once a step."""
        now = self._clock()
        step, self._asked_at = now - self._asked_at, now
        return self._first or bool(self._items) or now + step > self._collected_at + HOLD_S

    def collect(self) -> Events:
        """Return everything, and forget it."""
        events = Events(list(self._tokens), list(self._tokens.values()), self._closed, self._items, self._likely)
        self._tokens, self._closed, self._items, self._likely, self._first = {}, [], [], {}, False
        self._collected_at = self._clock()
        return events

    def _token(self, event: Token) -> None:
        number = event.request_id
        if (ids := self._tokens.get(number)) is None:
            ids = self._tokens[number] = []
            if number not in self._begun:
                self._begun.add(number)
                self._first = True
        ids.append(event.token)
        if event.likely is not None:
            self._likely.setdefault(number, []).append(event.likely)
        if not event.sampled:
            self._closed.append(number)
