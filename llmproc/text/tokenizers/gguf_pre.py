"""The pre-tokenizers of byte-level GGUF vocabularies: where text is cut before merging, by the name in the file.

Each name stands for the rules that llama.cpp applies: one or more patterns, each of which cuts what the one before it
left. Matches and what lies between them are words of their own. Used by the reader of GGUF vocabularies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

GPT2_CUT = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"
SHORT_FORMS = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"  # of English verbs
_WORD = r"[^\r\n\p{L}\p{N}]?\p{L}+"
_REST = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_UPPER, _LOWER = r"(?:(?=\p{L})[^a-z])", r"(?:(?=\p{L})[^A-Z])"
_CASED_WORD = rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*"


@dataclass(frozen=True, slots=True)
class PreTokenizer:
    """Cuts of a text, and two habits that go with the name."""

    patterns: tuple[str, ...]
    adds_bos: bool = False  # unless the file says
    whole_words: bool = False  # a word that is in the vocabulary is one token, whatever the merges say

    def as_json(self) -> dict[str, Any]:
        """Return it in the form of tokenizer.json."""
        cuts = [
            {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
            for pattern in self.patterns
        ]
        alphabet = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
        return {"type": "Sequence", "pretokenizers": [*cuts, alphabet]}


_DEFAULT = PreTokenizer((r"[\p{P}\$\+<=>\^~\|]+", GPT2_CUT, r"\p{N}+", "[0-9][0-9][0-9]"))
_GPT_2 = PreTokenizer((GPT2_CUT,))
_DIGITS = PreTokenizer((r"\p{N}", GPT2_CUT))
_LLAMA3 = PreTokenizer((rf"{SHORT_FORMS}|{_WORD}|\p{{N}}{{1,3}}|{_REST}",), adds_bos=True, whole_words=True)
_TRIPLES = PreTokenizer(_LLAMA3.patterns)
_QWEN2 = PreTokenizer((rf"{SHORT_FORMS}|{_WORD}|\p{{N}}|{_REST}",))
_TEKKEN = PreTokenizer(
    (rf"{_CASED_WORD}|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",),
    adds_bos=True,
    whole_words=True,
)

PRE_TOKENIZERS: dict[str, PreTokenizer] = {
    **dict.fromkeys(("default", ""), _DEFAULT),
    **dict.fromkeys(("llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral", "lfm2"), _LLAMA3),
    **dict.fromkeys(("qwen2", "deepseek-r1-qwen", "stablelm2", "megrez", "hunyuan", "solar-open"), _QWEN2),
    **dict.fromkeys(("smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"), _DIGITS),
    **dict.fromkeys(("gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling"), _GPT_2),
    **dict.fromkeys(("dbrx", "smaug-bpe"), _TRIPLES),
    "tekken": _TEKKEN,
}


def named_pre_tokenizer(patterns: tuple[str, ...], whole_words: bool) -> str | None:
    """Return the first name that stands for these cuts and habits, None if there is none."""
    for name, known in PRE_TOKENIZERS.items():
        if name and _as_one_form(known.patterns) == _as_one_form(patterns) and known.whole_words == whole_words:
            return name
    return None


def _as_one_form(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Return patterns without what makes no difference: white space at the end is a word of its own anyway."""
    return tuple(pattern.removesuffix(r"|\s+") for pattern in patterns)
