"""The inference process: answers the prompts that come on stdin, and tells its parent when each answer is complete."""

import os
import signal
import sys

signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to end

from engine import ChatEngine  # noqa: E402


def main():
    seed, tell = int(sys.argv[1]), int(sys.argv[2])
    engine = ChatEngine("model.bin", "tokenizer.bin", seed)
    out = sys.stdout.buffer
    for prompt in sys.stdin.buffer:
        for piece in engine.answer(prompt.rstrip(b"\n").decode("utf-8", "surrogateescape")):
            out.write(piece)
            out.flush()
        out.write(f"\n[INFO] SEQ LEN: {engine.position}, Speed: {engine.speed:.4f} tok/s\n".encode())
        out.flush()
        os.write(tell, b".")


if __name__ == "__main__":
    main()
