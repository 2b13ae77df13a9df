"""Train the shipped tokenizer: byte-pair encoding on the corpus's own text, written in the course's format.

For whoever repeats the model: `python tokenizer/recipe/train_bpe.py`. Reads the corpus generator and words.txt (terms
that must not fall apart however rare), writes `tokenizer/tokenizer.bin` and its sidecar. Knows nothing of models;
standard library only.

The file (contract of the course's tokenizers): int32 longest piece, then per entry float32 score, int32 length, bytes.
Ids: 0 `<unk>`, 1 `<|im_start|>`, 2 `<|im_end|>`, 3..258 the bytes 0..255, then merged pieces in the order they were
found; score = -id, so an earlier piece is merged first. Text is cut into words beforehand (letters with one leading
space, runs of one kind of punctuation, single digits), so no piece joins two of these. Each word is encoded by the very
algorithm that readers of the file use (merge the adjacent pair whose *concatenation* is an entry with the highest
score, leftmost first), and pairs are counted on that: what is trained is what will be encoded.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import struct
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SPECIAL = (b"<unk>", b"<|im_start|>", b"<|im_end|>")
META = {"bos": 1, "eos": [2], "unk": 0, "template": "chatml"}
# What one piece may consist of: letters behind at most one space, or a run of one punctuation mark behind one space.
WORD = re.compile(r" ?[A-Za-z]+| ?([^\sA-Za-z0-9])\1*|[0-9]|\s", re.ASCII)
WORDS = Path(__file__).with_name("words.txt")  # terms of the syllabus, counted beside the corpus
WORD_WEIGHT = 30
TEMPLATE_WORDS = ("user", "assistant")


def words(text: str) -> list[str]:
    """The words of a text in order; joined they are the text again."""
    return [match.group() for match in WORD.finditer(text)]


def encode_word(word: bytes, rank: dict[bytes, int]) -> list[bytes]:
    """The pieces of one ASCII word: lowest-ranked concatenation first, leftmost on ties."""
    pieces = [word[i : i + 1] for i in range(len(word))]
    while len(pieces) > 1:
        best = min((rank.get(a + b, 1 << 60), i) for i, (a, b) in enumerate(itertools.pairwise(pieces)))
        if best[0] == 1 << 60:
            break
        at = best[1]
        pieces[at : at + 2] = [pieces[at] + pieces[at + 1]]
    return pieces


def train(counts: dict[str, int], merges: int) -> list[bytes]:
    """At most `merges` merged pieces in order, from word counts; the most frequent concatenation is taken each time."""
    rank: dict[bytes, int] = {}
    found: list[bytes] = []
    cut = {word.encode(): [bytes([b]) for b in word.encode()] for word in counts}
    count = {word.encode(): n for word, n in counts.items()}
    pairs: Counter[bytes] = Counter()
    where: dict[bytes, set[bytes]] = defaultdict(set)
    for word, pieces in cut.items():
        for a, b in itertools.pairwise(pieces):
            pairs[a + b] += count[word]
            where[a + b].add(word)
    while len(found) < merges and pairs:
        best, frequency = max(pairs.items(), key=lambda item: (item[1], item[0]))
        if frequency < 2:
            break
        rank[best] = len(found)
        found.append(best)
        for word in sorted(where[best]):
            for a, b in itertools.pairwise(cut[word]):
                pairs[a + b] -= count[word]
                where[a + b].discard(word)
            cut[word] = encode_word(word, rank)
            for a, b in itertools.pairwise(cut[word]):
                pairs[a + b] += count[word]
                where[a + b].add(word)
        del pairs[best]
    return found


def write(path: Path, merged: Iterable[bytes]) -> int:
    """Write tokenizer.bin and `<stem>.meta.json` beside it; returns the number of entries."""
    entries = [*SPECIAL, *(bytes([b]) for b in range(256)), *merged]
    body = b"".join(struct.pack("<fi", -float(i), len(piece)) + piece for i, piece in enumerate(entries))
    path.write_bytes(struct.pack("<i", max(map(len, entries))) + body)
    path.with_suffix(".meta.json").write_text(json.dumps(META) + "\n")
    return len(entries)


def corpus_words(conversations: int, seed: int) -> Counter[str]:
    """Word counts of a sample of the corpus, answers and questions alike, with the template's role words."""
    sys.path.insert(0, str(ROOT / "model" / "recipe" / "corpus"))
    import build  # the corpus generator is a script folder, not a package

    counts: Counter[str] = Counter()
    for conversation in itertools.islice(build.conversations(seed, "train"), conversations):
        for question, answer in conversation:
            counts.update(words(question))
            counts.update(words(answer))
        counts.update(TEMPLATE_WORDS)
    return counts


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "tokenizer" / "tokenizer.bin")
    parser.add_argument("--entries", type=int, default=2048)
    parser.add_argument("--conversations", type=int, default=60000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    counts = corpus_words(args.conversations, args.seed)
    for word in WORDS.read_text().split():
        for form in (word, f" {word}"):
            counts[form] += WORD_WEIGHT
    ascii_only = {word: n for word, n in counts.items() if word.isascii()}
    merged = train(ascii_only, args.entries - len(SPECIAL) - 256)
    total = write(args.out, merged)
    print(f"{args.out}: {total} entries from {len(ascii_only)} different words, {sum(ascii_only.values())} in all")


if __name__ == "__main__":
    main()
