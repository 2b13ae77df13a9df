"""What one client may take of the server: sizes, counts and seconds, in one place.

Used by guards, the HTTP protocol and `running`. Each is documented in the room's README; those that a user may want to
change are options of `llmproc serve`.
"""

from __future__ import annotations

from dataclasses import dataclass

KIB, MIB = 1 << 10, 1 << 20
HEAD_BYTES = 64 * KIB  # request line and headers


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Bounds on connections and requests."""

    head_bytes: int = HEAD_BYTES
    body_bytes: int = 8 * MIB
    head_s: float = 20.0  # for request line and headers, from the first byte or the connection's beginning
    body_s: float = 60.0  # for the whole body
    stalled_s: float = 30.0  # a client that reads nothing while bytes wait for it
    idle_s: float = 180.0  # a connection without a request: longer than clients keep one (Go: 90 s)
    drain_s: float = 30.0  # at the end: for answers under way
    connections: int = 8192
