"""Noise for the questions of the corpus, so that the model meets the many ways in which people type.

dress() turns a plain wording into a typed one: capitals, end marks, polite words, contractions, synonyms, typing
errors. Answers are never touched. Words of the subject itself are protected from synonyms and mostly from errors.
"""

import random
import re

QUESTION_START = re.compile(
    r"(?i)^(and |so |ok,? |but |then |in short, |briefly, )*"
    r"(what|whats|what's|why|how|when|where|who|whose|which|is|are|am|was|were|do|does|did|can|could|would|will"
    r"|should|shall|has|have|had|isn't|aren't|doesn't|don't you|any|may|must|might|wtf)\b"
)
QUESTION_END = re.compile(
    r"(?i)[,:;.-] (and |so |but )*"
    r"(what|why|how|when|where|who|which|is|are|was|do|does|did|can|could|would|will"
    r"|should|any|right|is it|true)\b[^,:;.]*$"
)
BEFORE = [
    "please",
    "hey",
    "hi",
    "hello",
    "so",
    "um",
    "well",
    "ok",
    "okay",
    "right",
    "now",
    "sorry",
    "excuse me",
    "hmm",
    "oh",
    "hey there",
    "hello there",
    "quick question",
    "one question",
    "a question",
    "just wondering",
    "I was wondering",
    "tell me",
    "say",
    "dear model",
    "hi there",
    "good morning",
    "good evening",
    "llmproc",
    "I have a question",
    "yo",
    "next question",
    "another question",
]
BEFORE_LATER = [
    "ok",
    "okay",
    "ok thanks",
    "thanks",
    "thank you",
    "I see",
    "great",
    "good",
    "cool",
    "hmm",
    "and",
    "so",
    "now",
    "alright",
    "got it",
    "nice",
    "next question",
    "another question",
    "one more question",
    "understood",
    "interesting",
    "right",
]
WRAP = [
    "can you tell me {}",
    "could you tell me {}",
    "do you know {}",
    "please tell me {}",
    "tell me {}",
    "I want to know {}",
    "I would like to know {}",
    "I wonder {}",
    "could you explain {}",
    "can you explain {}",
    "can you say {}",
    "let me know {}",
    "I need to know {}",
    "I am not sure {}",
    "I'd like to know {}",
    "explain to me {}",
    "any idea {}",
    "remind me {}",
]
AFTER = [
    "please",
    "please",
    "please",
    "thanks",
    "thank you",
    "again",
    "exactly",
    "really",
    "then",
    "for me",
    "in simple words",
    "in short",
    "in one sentence",
    "briefly",
    "simply",
    "do you know",
    "can you tell me",
    "I forgot",
    "I am new to this",
    "in Linux",
    "on Linux",
    "in a few words",
    "for a beginner",
    "if you know",
]
CONTRACTIONS = [
    (r"\bwhat is\b", "what's"),
    (r"\bwhat is\b", "whats"),
    (r"\bdo not\b", "don't"),
    (r"\bdo not\b", "dont"),
    (r"\bdoes not\b", "doesn't"),
    (r"\bcan not\b", "can't"),
    (r"\bcannot\b", "can't"),
    (r"\bis not\b", "isn't"),
    (r"\bwill not\b", "won't"),
    (r"\bit is\b", "it's"),
    (r"\bthat is\b", "that's"),
    (r"\bI am\b", "I'm"),
    (r"\bI have\b", "I've"),
    (r"\bwould like\b", "'d like"),
    (r"\bdid not\b", "didn't"),
    (r"\bare not\b", "aren't"),
    (r"\bhow is\b", "how's"),
    (r"\bwhere is\b", "where's"),
    (r"\bwho is\b", "who's"),
    (r"\byou are\b", "you're"),
    (r"\bhas not\b", "hasn't"),
    (r"\bthere is\b", "there's"),
    (r"\bI would\b", "I'd"),
]
EXPANSIONS = [
    (r"\bwhat's\b", "what is"),
    (r"\bdon't\b", "do not"),
    (r"\bdoesn't\b", "does not"),
    (r"\bcan't\b", "cannot"),
    (r"\bisn't\b", "is not"),
    (r"\bI'm\b", "I am"),
    (r"\bit's\b", "it is"),
    (r"\bwon't\b", "will not"),
]
TEXTING = [
    (r"\byou\b", "u"),
    (r"\bplease\b", "pls"),
    (r"\bare\b", "r"),
    (r"\bbecause\b", "cuz"),
    (r"\bwhat\b", "wat"),
    (r"\bthanks\b", "thx"),
    (r"\band\b", "&"),
    (r"\bdifference\b", "diff"),
    (r"\bpeople\b", "ppl"),
    (r"\bbetween\b", "btw"),
]
SYNONYMS = [
    ["explain", "describe", "clarify"],
    ["kill", "stop", "end", "terminate"],
    ["fast", "quick"],
    ["quickly", "fast"],
    ["purpose", "point", "use"],
    ["computer", "machine", "PC"],
    ["folder", "directory"],
    ["big", "large"],
    ["little", "small"],
    ["happens", "occurs"],
    ["happen", "occur"],
    ["make", "create"],
    ["start", "launch"],
    ["get rid of", "remove"],
    ["show me", "give me"],
    ["see", "view"],
    ["find", "locate"],
    ["tell me about", "talk about", "speak about"],
    ["useful", "helpful", "handy"],
    ["need", "want"],
    ["called", "named"],
    ["allowed to", "able to"],
    ["difference", "distinction"],
    ["differ", "vary"],
    ["the term", "the word", "the expression"],
    ["in simple words", "in plain words", "simply"],
    ["good for", "useful for"],
    ["avoid", "prevent"],
    ["fix", "solve", "repair"],
    ["many", "lots of"],
    ["job", "work"],
    ["at once", "at the same time"],
    ["mean", "stand for"],
    ["several", "multiple", "a few"],
    ["name of", "word for"],
    ["begin", "start"],
    ["finished", "ended", "done"],
    ["my program", "my app", "my code", "my script"],
    ["program", "app"],
    ["teacher", "professor", "tutor"],
    ["friend", "colleague", "classmate"],
    ["kid", "child", "beginner"],
    ["freezes", "hangs"],
    ["crashes", "dies"],
    ["crashed", "died"],
]
FILLERS = {"the", "a", "an", "exactly", "actually", "me", "please", "really", "just", "of", "is", "do", "it"}
NEAR = {
    "a": "sq",
    "b": "vn",
    "c": "xv",
    "d": "sf",
    "e": "wr",
    "f": "dg",
    "g": "fh",
    "h": "gj",
    "i": "uo",
    "j": "hk",
    "k": "jl",
    "l": "k",
    "m": "n",
    "n": "bm",
    "o": "ip",
    "p": "o",
    "q": "wa",
    "r": "et",
    "s": "ad",
    "t": "ry",
    "u": "yi",
    "v": "cb",
    "w": "qe",
    "x": "zc",
    "y": "tu",
    "z": "x",
}
PROPER = re.compile(r"[A-Z0-9/_|<>$&'()-]")


def typo(word: str, rng: random.Random) -> str:
    """The word with one typing error: two letters swapped, one lost, doubled or hit beside."""
    if len(word) < 4 or not word.isalpha():
        return word
    i = rng.randrange(1, len(word) - 1)
    kind = rng.random()
    if kind < 0.35:
        return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    if kind < 0.65:
        return word[:i] + word[i + 1 :]
    if kind < 0.8:
        return word[:i] + word[i] + word[i:]
    return word[:i] + rng.choice(NEAR.get(word[i].lower(), "e")) + word[i + 1 :]


def _sub_one(text: str, pairs: list[tuple[str, str]], rng: random.Random) -> str:
    """One of the replacements that fit, made once."""
    fit = [(p, r) for p, r in pairs if re.search(p, text)]
    if not fit:
        return text
    pattern, new = rng.choice(fit)
    if new.startswith("'"):
        new, pattern = r"\1" + new, r"(\w) " + pattern.lstrip(r"\b")
    return re.sub(pattern, new, text, count=1)


def synonym(text: str, rng: random.Random, protect: frozenset[str]) -> str:
    """The text with one word changed for another of like meaning, unless it belongs to the subject."""
    fit = []
    for group in SYNONYMS:
        for word in group:
            if not (set(word.lower().split()) & protect) and re.search(rf"\b{word}\b", text):
                fit.append((word, group))
    if not fit:
        return text
    word, group = rng.choice(fit)
    new = rng.choice([w for w in group if w != word])
    if set(new.lower().split()) & protect:
        return text
    text = re.sub(rf"\b{word}\b", new, text, count=1)
    return re.sub(rf"\b(a|an) (?={new}\b)", "an " if new[0] in "aeiou" else "a ", text)


def is_question(text: str) -> bool:
    """Whether a wording wants a question mark."""
    return bool(QUESTION_START.search(text) or QUESTION_END.search(text))


INDIRECT = re.compile(
    r"^(what|how|why|when|where) (is|are|does|do|can) ((?:a|an|the) )?([\w/<> -]+?)"
    r"( work| mean| do| happen| exist)?$"
)
NOT_NOUNS = {"it", "that", "they", "the", "meant", "going", "I", "you", "we", "people", "there"}


def indirect(text: str, rng: random.Random) -> str:
    """A direct question asked politely: "what is a pipe" -> "can you tell me what a pipe is"."""
    m = INDIRECT.match(text)
    if (
        not m
        or (m.group(2) in ("does", "do", "can") and not m.group(5))
        or (m.group(2) in ("is", "are") and m.group(5))
    ):
        return text
    word, verb, art, noun, tail = m.groups()
    if word != "what" and verb in ("is", "are"):
        return text
    if len(noun.split()) > 3 or noun.split()[0] in NOT_NOUNS:
        return text
    art = art or ""
    if verb in ("is", "are"):
        clause = f"{word} {art}{noun} {verb}"
    else:
        verb2 = (tail or "").strip()
        if verb == "does":
            verb2 = {"do": "does"}.get(verb2, verb2 + "s")
        if verb == "can":
            verb2 = "can " + verb2
        clause = f"{word} {art}{noun} {verb2}"
    return rng.choice(WRAP).format(clause)


def dress(
    text: str, rng: random.Random, protect: frozenset[str] = frozenset(), later: bool = False, strength: float = 1.0
) -> str:
    """The wording as somebody would type it; strength 0 leaves a clean sentence, 1 is the usual mix."""
    text = text.strip()
    mark = ""
    while text and text[-1] in "?!.":
        mark = text[-1]
        text = text[:-1]
    short = len(text.split()) <= 2
    if rng.random() < 0.06 * strength:
        text = indirect(text, rng)
    if rng.random() < 0.12 * strength:
        text = synonym(text, rng, protect)
    r = rng.random()
    if r < 0.10 * strength:
        text = _sub_one(text, CONTRACTIONS, rng)
    elif r < 0.13 * strength:
        text = _sub_one(text, EXPANSIONS, rng)
    elif r < 0.15 * strength:
        text = _sub_one(text, TEXTING, rng)
    question = mark == "?" or (not mark and is_question(text))
    if rng.random() < (0.05 if short else 0.09) * strength:
        text += rng.choice([" ", ", "]) + rng.choice(AFTER[:6] if short or not protect else AFTER)
    if rng.random() < (0.06 if short else 0.10) * strength:
        first = rng.choice(BEFORE_LATER if later and rng.random() < 0.7 else BEFORE)
        text = first + rng.choice([", ", ", ", " ", "... "]) + text
    words = text.split(" ")
    if len(words) > 5 and rng.random() < 0.03 * strength:
        drop = [i for i, w in enumerate(words) if w in FILLERS and i]
        if drop:
            del words[rng.choice(drop)]
    if rng.random() < 0.20 * strength:
        for i, word in enumerate(words):
            rate = 0.05 if word.lower() in protect or PROPER.search(word) else 0.17
            if rng.random() < rate:
                words[i] = typo(word, rng)
    text = " ".join(words)
    return _style(text, mark, question, rng, strength)


def _style(text: str, mark: str, question: bool, rng: random.Random, strength: float) -> str:
    """Capitals and the mark at the end."""
    proper_end = "?" if question else (mark if mark in ("!",) else ".")
    r = rng.random()
    if strength == 0 or r < 0.52:
        text = text[:1].upper() + text[1:]
        if not question and rng.random() < 0.35:
            return text
        return text + proper_end
    if r < 0.66:
        return text[:1].upper() + text[1:]
    if r < 0.78:
        return text + ("?" if question else "")
    if r < 0.90:
        return text.lower()
    if r < 0.95:
        return text.lower() + ("?" if question else "")
    if r < 0.965:
        odd = ["??", "???", " ?", "?!"] if question else ["!", "..", " ."]
        return text[:1].upper() + text[1:] + rng.choice(odd)
    if r < 0.975:
        return text.upper() + ("?" if question else "")
    if r < 0.985:
        return text.lower() + " " + proper_end
    return text + proper_end
