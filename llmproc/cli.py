"""The command line: a table of verbs, no logic. Each verb is imported only when it is called."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from llmproc.apps.exits import prepare_process

PROG = "python -m llmproc"


@dataclass(frozen=True, slots=True)
class Verb:
    """`module:main(arguments, prog) -> exit code`."""

    target: str
    help: str


VERBS = {
    "chat": Verb("llmproc.apps.chat.app:main", "chat with a model; the same as python -m llmproc.main"),
    "batch": Verb(
        "llmproc.apps.batch.app:main", "answer a file of prompts: text, JSONL or CSV; resumable, larger than memory"
    ),
    "threads": Verb("llmproc.apps.threads.app:main", "the threads exercise: n threads, and what each cost"),
    "doctor": Verb("llmproc.apps.doctor.app:main", "what llmproc finds here; --exact: are all modes bit-equal"),
    "bench": Verb("llmproc.apps.bench.app:main", "measure speed, next to the machine's limits and to llama.cpp"),
    "compare-modes": Verb("llmproc.apps.compare_modes.app:main", "dispatch modes and numbers of workers compared"),
    "top": Verb("llmproc.apps.top.app:main", "every process of every running instance, live"),
    "record": Verb("llmproc.apps.record.app:main", "follow any program and its children: course log and run folder"),
    "lab": Verb("llmproc.apps.lab.app:main", "course exercises: start from a skeleton, check a program from outside"),
    "synth": Verb("llmproc.apps.synth.app:main", "write a checkpoint of a real model's shape with random weights"),
}


def _usage() -> str:
    verbs = "\n".join(f"  {name:<13} {verb.help}" for name, verb in VERBS.items())
    return (
        f"usage: {PROG} <verb> [options]\n\n"
        "Runs Llama-family language models on the CPU and shows what the operating system sees of them.\n\n"
        f"verbs:\n{verbs}\n\n"
        "examples:\n"
        f"  {PROG} chat 42 2>log.txt        answers on stdout, /proc samples in log.txt\n"
        "  tools/avg_cpu_use.py log.txt               what it cost\n"
        f"  {PROG} batch prompts.txt -o results.jsonl --workers 2 --threads 1\n"
        f"  {PROG} bench --weights q4 --peer llama-cpp\n"
        f"  {PROG} synth --shape smollm-135m -o model.bin\n"
        f"  {PROG} <verb> --help            the options of a verb\n"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb; returns the exit code."""
    prepare_process()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("-h", "--help", "help"):
        print(_usage(), end="")
        return 0 if given else 2
    verb = VERBS.get(given[0])
    if verb is None:
        print(f"llmproc: {given[0]} is no verb: must be one of {', '.join(VERBS)}", file=sys.stderr)
        return 2
    module, _, function = verb.target.partition(":")
    result: int = getattr(importlib.import_module(module), function)(given[1:], f"{PROG} {given[0]}")
    return result
