"""Limits that an answer has to keep in order to count as good, and goodput: good answers per second. Pure.

`ttft=0.5,tpot=50ms,e2e=10`, in seconds unless `ms` stands behind. Source of the term: DistServe (OSDI 2024); of the
form: vLLM's benchmark, which takes milliseconds only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from llmproc.client.answer import RemoteAnswer
from llmproc.errors import UsageError

_PART = re.compile(r"(ttft|tpot|e2e)[=:](\d+(?:\.\d+)?|\.\d+)(s|ms)?")
_RULE = "must be like ttft=0.5,tpot=0.05,e2e=10 in seconds, or with ms; each of ttft, tpot, e2e once at most"


@dataclass(frozen=True, slots=True)
class GoodputGoals:
    """Limits in seconds; None: none."""

    ttft_s: float | None = None
    tpot_s: float | None = None
    e2e_s: float | None = None

    @classmethod
    def parse(cls, text: str) -> GoodputGoals:
        """Return what the option says. UsageError for anything else."""
        found: dict[str, float] = {}
        for part in text.replace(" ", "").split(","):
            match = _PART.fullmatch(part)
            if match is None or match[1] in found:
                raise UsageError(f"--goodput is {text[:80]!r}: {_RULE}")
            found[match[1]] = float(match[2]) / (1000 if match[3] == "ms" else 1)
        return cls(found.get("ttft"), found.get("tpot"), found.get("e2e"))

    @property
    def given(self) -> bool:
        """Return whether there is any limit."""
        return any(limit is not None for limit in (self.ttft_s, self.tpot_s, self.e2e_s))

    def kept(self, answer: RemoteAnswer) -> bool:
        """Return whether an answer succeeded within the limits. A time that could not be taken keeps no limit.

        Except TPOT of an answer with one token, which has no second one to wait for.
        """
        if answer.failure is not None:
            return False
        tpot_s = 0.0 if answer.streamed and answer.tokens.completion == 1 else answer.tpot_s
        pairs = ((answer.ttft_s, self.ttft_s), (tpot_s, self.tpot_s), (answer.total_s, self.e2e_s))
        return all(limit is None or (value is not None and value <= limit) for value, limit in pairs)
