"""The program a user starts: it reads prompts, has them answered by inference.py, and logs what that costs.

    python3 main.py [SEED] [--policy other|batch|idle] [--nice N]

Six gaps in this file are yours, two more are in inference.py; README.md says what each must do. You may change
names and given parts: the check looks at what the program does, not at how it is written.
"""

from __future__ import annotations

import argparse
from typing import NoReturn

MOST_PROMPTS = 4
INTERVAL_S = 0.3


def gap(number: int, what: str) -> NoReturn:
    """Stand where your code will stand."""
    raise SystemExit(f"main.py: gap {number} is still open: {what}")


def parse_arguments() -> argparse.Namespace:
    """Read the command line (given)."""
    parser = argparse.ArgumentParser(description="A prompt loop with an inference process of its own.")
    parser.add_argument("seed", type=int, nargs="?", default=42)
    parser.add_argument("--policy", choices=("other", "batch", "idle"), help="of the inference process")
    parser.add_argument("--nice", type=int, help="of the inference process")
    return parser.parse_args()


def start_inference(seed: int) -> object:
    """Start inference.py as a child process, with a pipe for prompts; it writes answers to the stdout you share.

    Return whatever the rest of your program needs to know about it.
    """
    gap(1, "start the inference process")


def set_scheduling(pid: int, policy: str | None, nice: int | None) -> None:
    """Give the process the policy and the nice value that were asked for, before it answers anything."""
    gap(2, "set policy and nice value")


def course_line(pid: int) -> str:
    """Sample /proc/<pid>/stat and make the log line of README.md from it and from the sample before."""
    gap(3, "make a line of the log")


def answer(inference: object, prompt: str) -> None:
    """Hand over one prompt and return when its answer is complete.

    Meanwhile a line goes to stderr every INTERVAL_S seconds, and one more when the answer is complete.
    """
    gap(4, "have a prompt answered, and log meanwhile")


def finish(inference: object) -> None:
    """Make the inference process end, wait for it, and print how it ended."""
    gap(5, "end the inference process and print its status")


def main() -> None:
    """Run the prompt loop. Decide also where SIGINT (Ctrl-C) and a child that has died come into it."""
    given = parse_arguments()
    inference = start_inference(given.seed)
    gap(6, f"print `>>> `, read, answer; {MOST_PROMPTS} prompts at most; then finish: {inference}")


if __name__ == "__main__":
    main()
