"""aiperf against an OpenAI-compatible server: `aiperf_program.py BASE_URL`.

Tokens are counted by the server (else its own tokenizer would count them), and yet it loads a tokenizer: one of single
words, made here. $REQUESTS: how many requests, 8 if it is not set.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cases import named, serve

COUNT = int(os.environ.get("REQUESTS", "8"))
TOKENS = 8
PROMPTS = [{"text": f"Say {i} words."} for i in range(COUNT)]


def write_tokenizer(folder: Path) -> None:
    """A tokenizer as transformers loads it from a folder."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(WordLevel({"<unk>": 0, "<eos>": 1, "Say": 2, "words": 3, ".": 4}, unk_token="<unk>"))
    words.pre_tokenizer = Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="<unk>", eos_token="<eos>", pad_token="<eos>")
    fast.save_pretrained(folder)


def report(folder: Path, *options: str) -> dict[str, Any]:
    """Run a benchmark in a folder; return its summary and how it ended."""
    write_tokenizer(folder / "tokenizer")
    (folder / "prompts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in PROMPTS))
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("aiperf")), "profile", "--model-names", "llama3.2",
            "--url", sys.argv[1], "--tokenizer", str(folder / "tokenizer"), "--use-server-token-count",
            "--input-file", str(folder / "prompts.jsonl"), "--custom-dataset-type", "single_turn",
            "--request-count", str(COUNT), "--concurrency", "4", "--random-seed", "1", "--ui-type", "none",
            "--output-artifact-dir", str(folder / "artifacts"), *options,
        ],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=folder,
        env={**os.environ, "HF_HOME": str(folder / "huggingface")},
    )  # fmt: skip
    found = list((folder / "artifacts").rglob("profile_export_aiperf.json"))
    if len(found) != 1:
        raise RuntimeError(f"exit {done.returncode}, {len(found)} reports: {done.stdout[-1500:]}{done.stderr[-1500:]}")
    summary: dict[str, Any] = json.loads(found[0].read_text())
    return {**summary, "code": done.returncode}


def benchmark(*options: str) -> Any:
    """What the report says: requests and those that failed, and the tokens of both sides."""
    with tempfile.TemporaryDirectory() as folder:
        told = report(Path(folder), *options)
    return {
        "code": told["code"],
        "requests": told["request_count"]["avg"],
        "failed": (told.get("error_request_count") or {"avg": 0})["avg"],
        "errors": told.get("error_summary"),
        "cancelled": told.get("was_cancelled"),
        "output_tokens": told["total_osl"]["avg"],
        "input_tokens": told["total_isl"]["avg"],
    }


def chat_stream() -> Any:
    extra = ["--extra-inputs", json.dumps({"ignore_eos": True, "min_tokens": TOKENS})]
    return benchmark("--endpoint-type", "chat", "--streaming", "--osl", str(TOKENS), *extra)


def chat() -> Any:
    return benchmark("--endpoint-type", "chat", "--osl", str(TOKENS))


def completions() -> Any:
    return benchmark("--endpoint-type", "completions", "--osl", str(TOKENS))


serve("aiperf", named(chat_stream, chat, completions))
