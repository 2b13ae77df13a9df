#!/usr/bin/env python3
"""The shipped model as GGUF in llama.cpp and node-llama-cpp: the same tokens, the same ids at temperature 0.

The model is converted to an F32 GGUF. llmproc answers some questions from that file; llama.cpp is given the same ids,
and at every position of an answer whose two likeliest tokens are more than 0.05 apart its likeliest one must be ours.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a checkout runs without being installed

GAP = 0.05  # of two logits: keys and values are kept as halves on both sides
MISSING = 3
QUESTIONS = (
    "What is a pipe?", "What is a zombie process?", "How much is 6+6?", "Hi there, how are you?",
    "What is the difference between a process and a thread?",
)  # fmt: skip
LETTERS = "abcdefghijklmnop ,.'-!?0123456789\n\tABC é漢🙂<|>_/"
WORDS = ["the", "process", "pipe", "what", "is", "a", "zombie", "parent", "signal", "memory", "im_start", "<unk>"]


@dataclass(frozen=True)
class Answered:
    """A question as ids, and the ids that llmproc answered at temperature 0."""

    prompt: list[int]
    answer: list[int]
    text: str


def random_strings(count: int, seed: int = 1) -> list[str]:
    """Return texts of letters of many kinds, and of words that the vocabulary knows."""
    chance = random.Random(seed)
    letters = ["".join(chance.choices(LETTERS, k=chance.randrange(60))) for _ in range(count // 2)]
    words = [" ".join(chance.choices(WORDS, k=chance.randrange(12))) for _ in range(count - len(letters))]
    return letters + words


def answered(gguf: Path, tokenizer: Path) -> list[Answered]:
    """Return what llmproc answers from the GGUF file."""
    from llmproc import LLM, SamplingParams
    from llmproc.checkpoints.model_file import open_model
    from llmproc.text.templates.messages import ChatMessage
    from llmproc.text.templates.registry import template_for
    from llmproc.text.tokenizers.tokenizer import load_tokenizer

    words = load_tokenizer(tokenizer, open_model(gguf).description.vocab_size)
    template = template_for(words)
    options = SamplingParams(temperature=0, max_tokens=64)
    with LLM(model=gguf, tokenizer=tokenizer) as llm:
        results = llm.generate(list(QUESTIONS), options)
    prompts = [template.render(words, [ChatMessage("user", question)]) for question in QUESTIONS]
    return [Answered(p, list(r.token_ids), r.text) for p, r in zip(prompts, results, strict=True)]


def disagreements(likeliest: list[tuple[int, float]], answer: list[int]) -> list[int]:
    """Return the places of an answer where another token is likeliest by more than GAP. ValueError: other lengths."""
    pairs = zip(likeliest, answer, strict=True)
    return [place for place, ((token, gap), ours) in enumerate(pairs) if token != ours and gap > GAP]


def by_llama_cpp(gguf: Path, strings: list[str], cases: list[Answered]) -> dict[str, Any]:
    """Return what llama-cpp-python makes of the file, in the form of the .mjs beside this script."""
    import llama_cpp
    import numpy as np

    model = llama_cpp.Llama(
        model_path=str(gguf), n_ctx=512, logits_all=True, verbose=False, n_threads=1, n_threads_batch=1
    )
    tokens = [model.tokenize(string.encode(), add_bos=True, special=False) for string in strings]
    greedy = []
    for case in cases:
        model.reset()
        model.eval([*case.prompt, *case.answer])
        logits = np.array(model.scores[len(case.prompt) - 1 : len(case.prompt) + len(case.answer) - 1])
        order = np.argsort(-logits, axis=1)[:, :2]
        gaps = np.take_along_axis(logits, order, axis=1)
        greedy.append([(int(first), float(a - b)) for (first, _), (a, b) in zip(order, gaps, strict=True)])
    chat = [
        model.create_chat_completion([{"role": "user", "content": question}], temperature=0, max_tokens=64)
        for question in QUESTIONS
    ]
    return {"tokens": tokens, "answers": [c["choices"][0]["message"]["content"] for c in chat], "greedy": greedy}


def by_node(folder: Path, gguf: Path, strings: list[str], cases: list[Answered]) -> dict[str, Any]:
    """Return what node-llama-cpp makes of the file; it is installed in `folder`."""
    forced = [{"ids": case.prompt, "answer": case.answer} for case in cases]
    asked = {"model": str(gguf), "strings": strings, "prompts": list(QUESTIONS), "forced": forced}
    script = Path(__file__).with_suffix(".mjs").resolve()
    done = subprocess.run(
        ["node", str(script)], input=json.dumps(asked), cwd=folder, capture_output=True, text=True, timeout=600
    )
    if done.returncode:
        raise SystemExit(f"llama_cpp_agreement: node-llama-cpp failed: {done.stderr.strip()[-400:]}")
    try:
        return json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise SystemExit(f"llama_cpp_agreement: node-llama-cpp wrote no JSON: {done.stdout[-100:]!r}") from None


def report(name: str, found: dict[str, Any], ours: list[list[int]], cases: list[Answered]) -> bool:
    """Print how one of the others agrees; return whether it does."""
    other = sum(theirs != mine for theirs, mine in zip(found["tokens"], ours, strict=True))
    places = [disagreements(likeliest, case.answer) for likeliest, case in zip(found["greedy"], cases, strict=True)]
    positions = sum(len(case.answer) for case in cases)
    close = sum(gap <= GAP for likeliest in found["greedy"] for _, gap in likeliest)
    wrong = sum(map(len, places))
    texts = sum(text.strip() == case.text.strip() for text, case in zip(found["answers"], cases, strict=True))
    print(f"{name}: {len(ours) - other} of {len(ours)} texts have the same tokens")
    print(f"{name}: {positions - close - wrong} of {positions - close} positions have the same likeliest token "
          f"({close} more are within {GAP})")  # fmt: skip
    print(f"{name}: {texts} of {len(cases)} answers of its own chat are the same text")
    return not other and not wrong


def main(arguments: list[str] | None = None) -> int:
    """Compare; return 0 when all agree, 1 when something differs, 3 when there is nothing to compare with."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--model", type=Path, help="a model of llama2.c (default: the shipped one)")
    parser.add_argument("--tokenizer", type=Path, help="its tokenizer.bin (default: the shipped one)")
    parser.add_argument("--node", type=Path, metavar="FOLDER", help="a folder where node-llama-cpp is installed by npm")
    parser.add_argument("--strings", type=int, default=1000, help="how many texts to tokenize (1000)")
    given = parser.parse_args(arguments)
    python = importlib.util.find_spec("llama_cpp") is not None
    if not python and given.node is None:
        print("llama-cpp-python is not installed, and no --node FOLDER is given", file=sys.stderr)
        return MISSING
    return 0 if _compared(given, python) else 1


def _compared(given: argparse.Namespace, python: bool) -> bool:
    from llmproc.checkpoints.conversion.gguf_target import write_as_gguf
    from llmproc.checkpoints.model_file import open_model
    from llmproc.config import shipped_file
    from llmproc.text.tokenizers.tokenizer import load_tokenizer

    path = given.model or shipped_file("model", "model.bin")
    tokenizer = given.tokenizer or shipped_file("tokenizer", "tokenizer.bin")
    model = open_model(path)
    strings = random_strings(given.strings)
    words = load_tokenizer(tokenizer, model.description.vocab_size)
    ours = [words.encode(string) for string in strings]
    with tempfile.TemporaryDirectory() as folder:
        gguf = Path(folder) / "model.gguf"
        write_as_gguf(model, gguf, "f32", tokenizer)
        cases = answered(gguf, tokenizer)
        agreed = []
        if python:
            agreed.append(report("llama.cpp", by_llama_cpp(gguf, strings, cases), ours, cases))
        if given.node is not None:
            agreed.append(report("node-llama-cpp", by_node(given.node, gguf, strings, cases), ours, cases))
    return all(agreed)


if __name__ == "__main__":
    raise SystemExit(main())
