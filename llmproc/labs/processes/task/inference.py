"""The inference process: main.py starts it, gives it prompts, and is told when an answer is complete.

It owns the engine, and with it the conversation: each prompt continues what was said before.
"""

from __future__ import annotations

import sys
from typing import NoReturn

from engine import ChatEngine

MODEL, TOKENIZER = "model.bin", "tokenizer.bin"


def gap(number: int, what: str) -> NoReturn:
    """Stand where your code will stand."""
    raise SystemExit(f"inference.py: gap {number} is still open: {what}")


def next_prompt() -> str | None:
    """Return the next prompt from main.py, without its newline; None when there will be no more."""
    gap(7, "receive a prompt")


def tell_complete() -> None:
    """Let main.py know that the answer is complete, in whatever way the two of you have agreed on."""
    gap(8, "tell the parent that the answer is complete")


def write_answer(engine: ChatEngine, prompt: str) -> None:
    """Write the answer and its speed line to stdout, each piece at once (given)."""
    out = sys.stdout.buffer
    for piece in engine.answer(prompt):
        out.write(piece)
        out.flush()
    out.write(f"\n[INFO] SEQ LEN: {engine.position}, Speed: {engine.speed:.4f} tok/s\n".encode())
    out.flush()


def main() -> None:
    """Answer prompts until there are no more. Which signals reach this process, and what should they do to it?"""
    engine = ChatEngine(MODEL, TOKENIZER, seed=int(sys.argv[1]))
    while (prompt := next_prompt()) is not None:
        write_answer(engine, prompt)
        tell_complete()


if __name__ == "__main__":
    main()
