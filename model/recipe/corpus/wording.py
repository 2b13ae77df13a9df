"""Helpers of the procedural modules: number words, the choice of wordings by split, and light typing noise."""

import random
import re
import zlib

DEV_PERCENT = 7
BARS = re.compile(r"[|\n]")
ONES = BARS.split(
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    "|seventeen|eighteen|nineteen"
)
TENS = BARS.split("zero|ten|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety")
BEFORE = BARS.split(
    "please|hey,|hi,|hello,|so|ok,|okay,|um,|well,|now|hmm,|quick question:|tell me,|i want to know:|say,"
    "|hi there,|excuse me,|sorry,|one question:|next question:|good morning,|hello again,|next:|llmproc,"
)
AFTER = BARS.split(", please| please|, thanks| thank you|, thank you| if you can| for me|, ok|, my friend| now")
LATER = re.compile(r"^(and|now|then|ok|so|good|next|also|what about|how about|please|could you|can you)\b", re.I)
QUESTION = re.compile(r"^(what|which|who|how|when|where|why|is|are|can|could|do|does|would|will|whats|and|or)\b", re.I)


def word(n: int) -> str:
    """A number from 0 to 100 in words."""
    if n < 20:
        return ONES[n]
    if n == 100:
        return "one hundred"
    return TENS[n // 10] + (" " + ONES[n % 10] if n % 10 else "")


def lines(text: str) -> list[str]:
    """The wordings of a block, divided by bars or line ends."""
    return [w.strip() for w in BARS.split(text) if w.strip()]


def pool(wordings: list[str], split: str) -> list[str]:
    """The wordings of one split; all of them where the split has none."""
    chosen = [w for w in wordings if (zlib.crc32(w.encode()) % 100 < DEV_PERCENT) == (split == "dev")]
    return chosen or wordings


def dress(text: str, rng: random.Random, typos: bool = True) -> str:
    """A plain wording as somebody may type it."""
    asking = bool(QUESTION.match(text))
    if typos and rng.random() < 0.05:
        spots = [m.start() + 1 for m in re.finditer(r"[a-z]{4,}", text)]
        if spots:
            i = rng.choice(spots)
            text = text[:i] + text[i + 1 :] if rng.random() < 0.5 else text[:i] + text[i + 1] + text[i] + text[i + 2 :]
    if rng.random() < 0.12 and not LATER.match(text):
        text = f"{rng.choice(BEFORE)} {text}"
    if rng.random() < 0.07 and text[-1].isalnum():
        text += rng.choice(AFTER)
    r = rng.random()
    if r < 0.4:
        text = text[:1].upper() + text[1:]
    elif r < 0.7:
        text = text.lower()
    elif r < 0.72:
        text = text.upper()
    r = rng.random()
    if text.endswith(("=", "?", "!", ".")):
        return text
    if asking:
        return text + ("?" if r < 0.55 else " ?" if r < 0.57 else "??" if r < 0.58 else "")
    return text + ("." if r < 0.3 else "!" if r < 0.36 else "?" if r < 0.42 else "")
