"""Score the shipped checkpoint on the held-out questions, through the project's own engine.

    python model/recipe/score.py

For whoever repeats the model. Asks every conversation of heldout.jsonl (the model's own answers stand before a second
turn), greedy and with three seeds, judges the last answer by judging.py and writes scores.json. It shows shares by
topic only: questions and answers must not find their way back into the corpus.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE), str(HERE / "corpus")]

from judging import MAX_TOKENS, overlap, passes, wilson  # noqa: E402

from llmproc.config import EngineOptions  # noqa: E402
from llmproc.engine.engine import Engine  # noqa: E402
from llmproc.engine.loading import open_forward  # noqa: E402
from llmproc.engine.sequence import Finish, SequenceRequest, Token  # noqa: E402
from llmproc.text.templates.registry import built_in_template  # noqa: E402
from llmproc.text.tokenizers.tokenizer import Tokenizer, load_tokenizer  # noqa: E402

MODES = (("greedy", 0.0, 1), ("seed 1", 0.6, 1), ("seed 2", 0.6, 2), ("seed 3", 0.6, 3))  # name, temperature, seed
TOP_P = 0.9
CORPUS_QUESTIONS = 200_000


class Chat:
    """Conversations with one checkpoint, one at a time."""

    def __init__(self, model: Path, tokenizer: Path) -> None:
        options = EngineOptions(threads=1)
        forward = open_forward(model, options)
        self.engine = Engine(forward, options)
        self.tokenizer: Tokenizer = load_tokenizer(tokenizer, forward.vocab_size)
        self.template = built_in_template(self.tokenizer.template_name)

    def converse(self, questions: list[str], temperature: float, seed: int) -> Iterator[tuple[str, bool]]:
        """(answer, ended by itself) for each question, one session with one random stream."""
        ids: list[int] = []
        coins = 0
        ends = self.template.end_tokens(self.tokenizer)
        for question in questions:
            ids += self.template.open(self.tokenizer, question, first=not ids)
            request = SequenceRequest(0, tuple(ids), MAX_TOKENS, ends, temperature, TOP_P, seed, coins)
            self.engine.add(request)
            said: list[int] = []
            finish: Finish | None = None
            while finish is None:
                for event in self.engine.step():
                    if isinstance(event, Token):
                        said.append(event.token)
                    else:
                        finish = event
            ids += said
            coins = finish.coins
            ended = finish.reason == "end"
            if not ended:
                ids += self.template.close(self.tokenizer)
            yield self.tokenizer.decode(said[:-1] if ended else said).decode("utf-8", "replace"), ended


def score(chat: Chat, heldout: list[dict[str, Any]]) -> dict[str, Any]:
    """Right answers by mode and topic."""
    asked = Counter(item["topic"] for item in heldout)
    second = sum(len(item["turns"]) > 1 for item in heldout)
    found: dict[str, Any] = {"questions": len(heldout), "second_turns": second, "asked": dict(asked), "modes": {}}
    for name, temperature, seed in MODES:
        right: Counter[str] = Counter()
        right_second = 0
        for item in heldout:
            answer, ended = list(chat.converse(item["turns"], temperature, seed))[-1]
            good = passes(answer, ended, item["require"], item["forbid"])
            right[item["topic"]] += good
            right_second += good and len(item["turns"]) > 1
        total = sum(right.values())
        found["modes"][name] = {
            "right": total,
            "share": round(total / len(heldout), 4),
            "wilson95": [round(bound, 4) for bound in wilson(total, len(heldout))],
            "second_turns_right": right_second,
            "by_topic": {topic: right[topic] for topic in asked},
        }
        print(
            f"{name}: {total} of {len(heldout)} ({total / len(heldout):.1%}), second turns {right_second} of {second}"
        )
    return found


def corpus_questions(count: int, seed: int = 11) -> Iterator[str]:
    """Questions of the training split."""
    import build  # the corpus generator is a script folder, not a package

    questions = (question for turns in build.conversations(seed, "train") for question, _ in turns)
    return itertools.islice(questions, count)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=ROOT / "model" / "model.bin")
    parser.add_argument("--tokenizer", type=Path, default=ROOT / "tokenizer" / "tokenizer.bin")
    parser.add_argument("--heldout", type=Path, default=HERE / "heldout.jsonl")
    parser.add_argument("--out", type=Path, default=HERE / "scores.json")
    args = parser.parse_args()
    heldout = [json.loads(line) for line in args.heldout.read_text().splitlines() if line.strip()]
    found = score(Chat(args.model, args.tokenizer), heldout)
    for topic, asked in sorted(found["asked"].items(), key=lambda item: -item[1]):
        shares = "  ".join(f"{mode['by_topic'][topic] / asked:6.0%}" for mode in found["modes"].values())
        print(f"{topic:20}{asked:4}  {shares}")
    corpus = list(corpus_questions(CORPUS_QUESTIONS))
    found["overlap"] = {}
    for name, second in (("first questions", False), ("second turns", True)):
        asked_last = [item["turns"][-1] for item in heldout if (len(item["turns"]) > 1) is second]
        found["overlap"][name] = {key: round(value, 4) for key, value in overlap(asked_last, corpus).items()}
        print(f"overlap of {name} with {len(corpus)} questions of the corpus: {found['overlap'][name]}")
    args.out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
