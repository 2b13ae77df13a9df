"""The stages of a streamed token in our server's event loop, from outside in, and where the code of each is. A table.

What none of them holds is the event loop's own: waiting, waking tasks, reading sockets. Another thread takes frames
from the workers' pipes; its whole time is a stage. Named by strings: the code belongs to rooms above this one.
"""

from __future__ import annotations

from collections.abc import Mapping

FRAMES, LOOP, REST = "frames", "event loop", "other threads"
FRAMES_THREAD = "llmproc-io"

STAGES: Mapping[str, tuple[str, ...]] = {
    "responding": ("llmproc.server.responding:Endpoint.__call__",),  # and what is counted there for /metrics
    "decoding": ("llmproc.server.answering:Answers.next", "llmproc.server.answering:Choice.events"),
    "JSON": (
        "llmproc.server.openai.chunks:ChunkStream.event",
        "llmproc.server.openai.chunks:ChunkStream.end",
    ),
    "HTTP framing": ("uvicorn.protocols.http.h11_impl:RequestResponseCycle.send",),
    "socket": ("asyncio.selector_events:_SelectorSocketTransport.write",),
}
ALL = (FRAMES, *STAGES, LOOP, REST)
