"""What main, template and worker say to each other about processes, whatever the work is.

    main -> template   PREPARE (payload for `prepare`, its descriptors)   FORK (slot; request, event, health, shared)
                       OUTPUT (descriptor for its and its workers' output)
    template -> main   PROGRESS, PREPARED (payload, descriptors to keep), FAILED (error), FORKED (slot, pid; 0: no fork)
    main -> worker     START (you are main's child now), STOP, then the frames of the room above
    worker -> main     READY, then the frames of the room above

Types below FIRST_FREE are reserved for this room.
"""

from __future__ import annotations

import struct

START = 1
READY = 2
STOP = 3
PREPARE = 4
FORK = 5
PROGRESS = 6
PREPARED = 7
FAILED = 8
FORKED = 9
OUTPUT = 10
FIRST_FREE = 16

PID = struct.Struct("<i")
MAX_ERROR = 32 << 10  # bytes; a message is one line, and must fit into a control packet


def encode_error(error: BaseException) -> bytes:
    """Encode class name and message of an error, for FAILED."""
    return f"{type(error).__name__}\0{error}".encode("utf-8", "surrogateescape")[:MAX_ERROR]


def decode_error(payload: bytes) -> tuple[str, str]:
    """Decode class name and message of an error."""
    name, _, message = payload.decode("utf-8", "surrogateescape").partition("\0")
    return name, message
