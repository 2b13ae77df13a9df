"""What comes out of an engine: the ids that joined a request, and its end.

Used by `engine` and `service`, where they cross a pipe as they are: declared types that encode themselves, so that a
step over many sequences makes one object per event. Imports neither NumPy nor kernels, for main reads these too.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from llmproc.engine.shaping import Likely

# stop: nothing may follow by the request's grammar, or, which main sees (session.stops), a text of its `stop` was
# written; the others are the engine's own
Reason = Literal["end", "stop", "length", "context", "cancelled", "failed"]


class Token(msgspec.Struct, frozen=True, array_like=True, tag="t", gc=False):
    """One id joined a request: `sampled`, or put there by the closing rule."""

    request_id: int
    token: int
    sampled: bool
    likely: Likely | None = None  # if the request asks for it


class Finish(msgspec.Struct, frozen=True, array_like=True, tag="f", gc=False, kw_only=True):
    """The last event of a request. Seconds are wall time, unless said otherwise.

    What was computed by a worker that died stands in none of its costs, for a dead worker says nothing.
    """

    request_id: int
    reason: Reason
    message: str = ""  # for "failed" and "context": one line for the user, else empty
    prompt_tokens: int
    cached_tokens: int = 0  # of the prompt, found in the prefix cache when it was first admitted
    new_tokens: int  # Token events of this request, the closing one included
    draws: int  # drawn from the stream so far, those before this request included
    discarded: int | None = None  # the id drawn after the closing one, which joins nothing
    positions: int  # of the sequence: prompt_tokens + new_tokens
    prefill_s: float = 0.0  # from the first forward pass until the prompt was read
    decode_s: float = 0.0  # after the first forward pass
    user_s: float = 0.0  # its share of the worker's CPU time (`costs`): of each step by the ids computed for it
    system_s: float = 0.0
    wait_s: float = 0.0  # its share of the time in which the worker's threads were ready and had no CPU
    kv_bytes: int = 0  # of the pages it held at most, those that others held too included

    @classmethod
    def plain(
        cls,
        request_id: int,
        reason: Reason,
        *,
        prompt_tokens: int,
        new_tokens: int = 0,
        draws: int,
        message: str = "",
        decode_s: float = 0.0,
    ) -> Finish:
        """Make one without cached or discarded tokens: of a request that never began, or that no engine ran."""
        return cls(
            request_id=request_id,
            reason=reason,
            message=message,
            prompt_tokens=prompt_tokens,
            new_tokens=new_tokens,
            draws=draws,
            positions=prompt_tokens + new_tokens,
            decode_s=decode_s,
        )
