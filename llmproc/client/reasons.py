"""Why a connection failed, in words: the system's own behind what libraries wrap around it. Pure."""

from __future__ import annotations

import os
import re

_NUMBER = re.compile(r"^\[Errno -?\d+\] ")


def reason_of(error: BaseException, otherwise: str) -> str:
    """Return one line: of the innermost OSError with a number (`Connection refused`), else the error's own words."""
    cause: BaseException | None = error
    for _ in range(20):  # a chain may be a circle
        cause = cause.__cause__ or cause.__context__ if cause is not None else None
        inner = cause.exceptions[0] if isinstance(cause, BaseExceptionGroup) else cause
        if isinstance(inner, OSError) and (inner.errno or 0) > 0:
            return os.strerror(inner.errno or 0)  # asyncio's own text has the address in the place of the reason
    return _NUMBER.sub("", " ".join(str(error).split()))[:200] or otherwise
