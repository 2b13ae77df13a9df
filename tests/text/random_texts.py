"""Random Unicode texts, the same on every Python: only `random.Random.random` is asked, whose stream is fixed.

Made of runs that cutting rules care about: letters of several scripts and cases, marks, digits and other numbers, all
kinds of white space and line ends, apostrophes with short forms, punctuation, symbols, emoji, controls.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

_POOLS: tuple[Sequence[str], ...] = (
    "abcdefghijklmnopqrstuvwxyz",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "0123456789",
    " ",
    ("  ", "   ", "\n", "\n\n", "\r\n", "\t", " \n", "\n ", "\u00a0", "\u2003", "\u3000", "\u0085", "\x0b", "\u2028"),
    ("'s", "'T", "'re", "'VE", "'m", "'Ll", "'d", "'", "’s", "'ſ"),
    '.,;:!?-_()[]{}"#%&*/\\@',
    "$+<=>^~|`€£©°±×÷",
    "éüñçøßÀÉŁžšǅʰªº",
    "абвгдежзАБВГΩλσΣאבגשلمنه",
    "我你他們語漢字あいうカタナ한국어",
    "हिन्दीไทยதமிழ்",
    "\u0301\u0300\u0308\u0951\u20dd",
    "½¼²³Ⅷⅻ①٣४༣〇一三",
    ("👻", "👩‍👧", "🇩🇪", "👍🏽", "❤️", "☂"),
    "…“”‘’—–¿¡«»、。！",
    "\x00\x01\x07\x1b\x1f\x7f\x80\u200b\u200d\ufeff\ufffd\ue000",
)


def random_text(rng: random.Random) -> str:
    """Return a text of up to about sixty characters."""

    def below(count: int) -> int:
        return int(rng.random() * count)

    parts = []
    for _ in range(1 + below(12)):
        pool = _POOLS[below(len(_POOLS))] if rng.random() < 0.8 else _POOLS[below(4)]
        parts += [pool[below(len(pool))] for _ in range(1 + below(5))]
    return "".join(parts)


def random_texts(count: int, seed: int = 12) -> list[str]:
    """Return `count` texts; a longer list begins with a shorter one."""
    rng = random.Random(seed)
    return [random_text(rng) for _ in range(count)]
