"""What differs between two answers to the same question: their ids, their times, and a seed where none was asked for.

Used by the dialects; tests pass in values of their own. The one place of this folder that reads a clock.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

SEED_BITS = 31  # any reader of JSON can hold such a number, and so can a signed int of C


@dataclass(frozen=True, slots=True)
class Fresh:
    """Sources of all three."""

    word: Callable[[], str] = lambda: secrets.token_hex(12)  # makes an id unique
    now: Callable[[], float] = time.time  # seconds since 1970
    seed: Callable[[], int] = lambda: secrets.randbits(SEED_BITS)


FRESH = Fresh()
