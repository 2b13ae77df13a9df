"""Rows for training: conversations of the corpus packed one after the other, as a long chat would have them.

Serves train.py. A row starts with the beginning of a conversation and holds whole ones until it is full (the last is
cut), so no position is padding. Learnt are nearly all ids of answers, and enough of the others to make their number the
same in every batch (compiled code wants fixed shapes).
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from encoding import Turns, WordTokenizer, conversation_ids
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parent / "corpus"))

SYSTEM_TEXTS = (
    "You are a helpful assistant.",
    "You are llmproc, a small chat program.",
    "Answer in one or two short sentences.",
    "Be friendly and brief.",
    "You are a teaching assistant for an operating systems course.",
    "Be concise.",
    "Help the student.",
)
SYSTEM_SHARE = 0.05  # rows that start with a system text
COURSE_SHARE = 0.07  # rows in the course's template
# Share of the positions whose next id is learnt. Answers take up 0.54. The shipped run began with 0.625, which teaches
# the language of questions too; as questions cannot be foretold, that is mostly noise later on.
LEARNT = 0.53


def conversations(seed: int, split: str) -> Iterator[Turns]:
    """The corpus; imported late, so that a resumed run picks up what was added."""
    import build  # a script folder, not a package

    return build.conversations(seed, split)


class Rows:
    """Endless batches of packed rows."""

    def __init__(self, tokenizer: WordTokenizer, seed: int, split: str) -> None:
        self.tokenizer = tokenizer
        self.random = random.Random(f"rows {seed} {split}")
        self.torch_random = torch.Generator().manual_seed(seed)
        self.stream = conversations(seed, split)
        self.seen = 0  # conversations used

    def row(self, length: int) -> tuple[list[int], list[bool]]:
        """One row of `length` ids and their spoken flags."""
        draw = self.random.random()
        course = draw < COURSE_SHARE
        system = self.random.choice(SYSTEM_TEXTS) if draw > 1 - SYSTEM_SHARE else None
        ids: list[int] = []
        spoken: list[bool] = []
        while len(ids) < length:
            more, said = conversation_ids(self.tokenizer, next(self.stream), not ids, system, course)
            ids += more
            spoken += said
            system = None
            self.seen += 1
        return ids[:length], spoken[:length]

    def batch(self, rows: int, length: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(ids, targets), each (rows, length); the flat positions to learn; the flat positions of answers alone."""
        pairs = [self.row(length + 1) for _ in range(rows)]
        ids = torch.tensor([pair[0] for pair in pairs])
        spoken = torch.tensor([pair[1][1:] for pair in pairs]).flatten()
        answers, others = torch.nonzero(spoken).flatten(), torch.nonzero(~spoken).flatten()
        shuffled = [part[torch.randperm(len(part), generator=self.torch_random)] for part in (answers, others)]
        chosen = torch.cat(shuffled)[: int(LEARNT * rows * length)]
        return ids[:, :-1].contiguous(), ids[:, 1:].contiguous(), chosen.sort().values, answers
