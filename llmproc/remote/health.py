"""One server as its client sees it. Pure: moments are given, in seconds of one clock.

    ready --unavailable--> away until a moment --then one connection tries--> ready
                             ^                                           |
                             +------------- unavailable: longer ---------+--> lost, after `give_up_s`

A server is unavailable when it cannot be reached, or says 429, 502, 503 or 504: that is not the request's fault, which
goes to another server or waits. Waits double from 0.5 s up to 15 s; a Retry-After goes before them.
"""

from __future__ import annotations

from enum import StrEnum

_FIRST_S, _LONGEST_S = 0.5, 15.0


class ServerState(StrEnum):
    """The state of a server: only one that is ready is asked."""

    READY = "ready"
    AWAY = "away"
    LOST = "given up"


class ServerHealth:
    """The state of one server."""

    def __init__(self, give_up_s: float) -> None:
        """Begin ready. `give_up_s`: how long it may be away."""
        self.state = ServerState.READY
        self.reason = ""  # of its absence, in words
        self.until = 0.0  # when it is tried again, if it is away
        self._give_up_s = give_up_s
        self._since = 0.0  # it went away, or was last heard of
        self._left = 0.0  # it went away: what was begun before says nothing of now
        self._wait_s = _FIRST_S
        self._probing = False

    def may_begin(self, now: float) -> bool:
        """Return whether a connection may ask it now. While it is away, one at a time may, to try."""
        if self.state is ServerState.AWAY:
            return now >= self.until and not self._probing
        return self.state is ServerState.READY

    def begun(self) -> None:
        """Note that a connection asks it."""
        self._probing = self.state is ServerState.AWAY

    def answered(self, begun: float, now: float) -> bool:
        """Note an answer to a request begun at that moment, whatever it says. Return whether the server is back."""
        self._since = now
        if self.state is not ServerState.AWAY or begun < self._left:
            return False
        self.state, self.reason, self._wait_s, self._probing = ServerState.READY, "", _FIRST_S, False
        return True

    def unavailable(self, reason: str, begun: float, now: float, retry_after_s: float | None = None) -> bool:
        """Note that it could not be asked. Return whether its state has changed."""
        if self.state is ServerState.LOST:
            return False
        changed = self.state is ServerState.READY
        if changed:
            self.state, self._since, self._left = ServerState.AWAY, now, now
        elif begun < self._left:
            return False  # asked before it went away: known
        self.reason, self._probing = reason, False
        last = self._since + self._give_up_s  # the last try is made then
        if not changed and now >= last:
            self.state = ServerState.LOST
            return True
        self.until = max(now, min(now + (self._wait_s if retry_after_s is None else retry_after_s), last))
        self._wait_s = min(2 * self._wait_s, _LONGEST_S)
        return changed

    def probe_ended(self) -> None:
        """Note that a try ended without saying anything about the server."""
        self._probing = False
