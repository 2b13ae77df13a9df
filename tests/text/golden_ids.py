"""What the golden files of tokenizers are made of and compared by: short digests of ids, and a few chosen texts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

BLOCK = 100  # texts a digest
RENDERED = (
    "<s>[INST] Hello [/INST]",
    "a</s>b",
    "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
    "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nWhat is a process?<|eot_id|>",
    "<|endoftext|> <|endoftext|>  x <unk>y",
    "abba abba xabba", " a", "a  12", "  Hello", "Hello", "", " ",
)  # fmt: skip
END_ROWS = (
    *([text] for text in (
        "<|eot_id|>", "<|im_end|>", "<end_of_turn>", "<|endoftext|>", "<|eom_id|>", "<EOT>", "_<EOT>",
        "<|end_of_text|>", "</s>", "<eos>", "[EOS]", "[EOT]", "<turn|>", "<｜end▁of▁sentence｜>", "<|end|>",
        "<end_of_utterance>",
        "<|eot|>", "<|END_OF_TURN_TOKEN|>", "<|return|>", "<|call|>", "<|flush|>",
    )),
    ["<|end|>", "<|return|>", "<|call|>"],
    ["<|end|>", "<|call|>", "<|flush|>"],
    ["<|end|>", "<|return|>"],
    ["<|end|>", "<|return|>", "<|call|>", "<|flush|>"],
)  # fmt: skip


def digest(ids: Sequence[Sequence[int]]) -> str:
    """Return a short digest of the ids of a block of texts."""
    return hashlib.sha256(json.dumps(list(map(list, ids))).encode()).hexdigest()[:12]


def digests(ids: Sequence[Sequence[int]]) -> list[str]:
    """Return one digest for every block."""
    return [digest(ids[start : start + BLOCK]) for start in range(0, len(ids), BLOCK)]
