"""Make the small vocabularies of the tests: byte-level merges, and SentencePiece pieces with scores.

Trained on random texts without cutting them first, so that there are merges over every border at which some
pre-tokenizer cuts: a wrong cut shows. Needs the package tokenizers. Usage: make_vocabularies.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from random_texts import random_texts  # noqa: E402

SPECIAL = [
    "<unk>", "<s>", "</s>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<think>", "</think>", "<tool_response>", "</tool_response>",
]  # fmt: skip
WORDS = (
    "system user assistant Hello Hello, world. the The  and\n\nit's It'S don't a b 12 123 1234 \n \n\n What is a "
    "process? function name about tool Cutting Knowledge Date: Today INST Be brief.\n"
)


def texts() -> list[str]:
    return random_texts(3000, seed=99) + [WORDS] * 40


def byte_level() -> None:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(texts(), trainers.BpeTrainer(vocab_size=1500, initial_alphabet=sorted(alphabet)))
    model = json.loads(made.to_str())["model"]
    pieces = sorted(model["vocab"], key=model["vocab"].get)
    write("byte-level.json", {"pieces": pieces, "merges": [" ".join(pair) for pair in model["merges"]]})


def sentencepiece() -> None:
    made = Tokenizer(models.BPE())
    made.normalizer = normalizers.Replace(" ", "▁")
    made.pre_tokenizer = pre_tokenizers.Split("\n", "isolated")
    made.decoder = decoders.Replace("▁", " ")
    without_nul = [text.replace("\0", "") for text in texts()]  # llama.cpp reads pieces as C strings
    made.train_from_iterator(without_nul, trainers.BpeTrainer(vocab_size=1200, limit_alphabet=150))
    model = json.loads(made.to_str())["model"]
    pieces = sorted(model["vocab"], key=model["vocab"].get)
    write("sentencepiece.json", {"pieces": pieces, "merges": [" ".join(pair) for pair in model["merges"]]})


def write(name: str, value: object) -> None:
    (HERE / name).write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    byte_level()
    sentencepiece()
