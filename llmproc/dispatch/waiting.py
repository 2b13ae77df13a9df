"""A queue in order of arrival, in which what comes back goes first and anything can be taken out. Used by the policies.

Every operation takes constant time, but that a request which comes back is put in its place among those: thousands
may wait, and the policy is asked after every step.
"""

from __future__ import annotations

from bisect import insort
from collections import OrderedDict  # a dict's first key takes longer to find with every one that is deleted before it

from llmproc.dispatch.policy import Request


class Waiting:
    """A queue of request ids. `first` and `pop` need at least one."""

    def __init__(self) -> None:
        self._returned: list[int] = []  # in order of arrival, which is that of ids; a handful
        self._new: OrderedDict[int, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._returned) + len(self._new)

    def __contains__(self, request_id: int) -> bool:
        return request_id in self._new or request_id in self._returned

    def add(self, request: Request) -> None:
        """Append it. ValueError when it waits already."""
        self._refuse_second(request)
        self._new[request.request_id] = None

    def add_again(self, request: Request) -> None:
        """Put it before all that were never handed out. ValueError when it waits already."""
        self._refuse_second(request)
        insort(self._returned, request.request_id)

    def first(self) -> int:
        """Return the id that is next."""
        return self._returned[0] if self._returned else next(iter(self._new))

    def pop(self) -> int:
        """Remove the next id and return it."""
        return self._returned.pop(0) if self._returned else self._new.popitem(last=False)[0]

    def remove(self, request_id: int) -> bool:
        """Remove one, wherever it stands; False when it is not here."""
        if request_id in self._new:
            del self._new[request_id]
            return True
        if request_id in self._returned:
            self._returned.remove(request_id)
            return True
        return False

    def _refuse_second(self, request: Request) -> None:
        if request.request_id in self:
            raise ValueError(f"request {request.request_id} waits already")
