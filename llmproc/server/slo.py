"""A service level objective: the longest time to a first token and between tokens that the server promises.

Used by `admission`, which refuses what would miss it, and by the option `--slo`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from llmproc.errors import UsageError

_RULE = "must be like ttft=0.5,tpot=0.05 or ttft=500ms, in seconds unless they say ms, from 1 ms to 3600 s"
_PART = re.compile(r"(ttft|tpot)=([0-9]{1,10}(?:\.[0-9]{0,9})?)(s|ms)?")


@dataclass(frozen=True, slots=True)
class Slo:
    """HttpLimits in seconds; None: none. At least one is set."""

    ttft_s: float | None = None  # time to first token, from the moment a request is let in
    tpot_s: float | None = None  # mean time per output token, after the first

    @classmethod
    def parse(cls, text: str) -> Slo:
        """Return what `ttft=0.5,tpot=0.05` says. UsageError for anything else."""
        found: dict[str, float] = {}
        for part in text.replace(" ", "").split(","):
            match = _PART.fullmatch(part)
            if match is None or match[1] in found:
                raise UsageError(f"slo is {text[:80]!r}: {_RULE}")
            seconds = float(match[2]) / (1000 if match[3] == "ms" else 1)
            if not 0.001 <= seconds <= 3600:
                raise UsageError(f"slo is {text[:80]!r}: {_RULE}")
            found[match[1]] = seconds
        return cls(found.get("ttft"), found.get("tpot"))

    def kept(self, ttft_s: float, tpot_s: float) -> bool:
        """Return whether an answer with these times kept it."""
        return _within(ttft_s, self.ttft_s) and _within(tpot_s, self.tpot_s)


def _within(value: float, limit: float | None) -> bool:
    return limit is None or value <= limit
