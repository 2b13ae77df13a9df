"""The command line: a table of commands, no logic. Each is imported only when it is called."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import llmproc
from llmproc.apps.exits import call_verb, exit_code_of, prepare_process
from llmproc.errors import UsageError
from llmproc.files.streams import print_result

MODULE_PROG, SCRIPT_PROG = "python -m llmproc", "llmproc"
_HELP, _VERSION = ("-h", "--help", "help"), ("-V", "--version", "version")


@dataclass(frozen=True, slots=True)
class Verb:
    """One command: `module:main(arguments, prog) -> exit code`, and the heading of --help under which it stands."""

    target: str
    help: str
    group: str


_ANSWER, _WATCH, _SERVE = "answer prompts", "watch processes", "answer other programs"
_COMPARE, _PREPARE = "measure and compare", "prepare and check"
VERBS = {
    "chat": Verb("llmproc.apps.chat.app:main", "chat with a model; the same as python -m llmproc.main", _ANSWER),
    "batch": Verb("llmproc.apps.batch.app:main", "answer a file of prompts: text, JSONL or CSV, of any size", _ANSWER),
    "threads": Verb("llmproc.apps.threads.app:main", "answer with n threads and show what each one cost", _ANSWER),
    "record": Verb(
        "llmproc.apps.record.app:main",
        "run any program and record its CPU time, memory and scheduling, from /proc",
        _WATCH,
    ),
    "top": Verb("llmproc.apps.top.app:main", "show every process of every running llmproc, live", _WATCH),
    "serve": Verb("llmproc.apps.serve.app:main", "answer OpenAI's and Ollama's clients over HTTP", _SERVE),
    "bench": Verb("llmproc.apps.bench.app:main", "measure speed, beside the machine's limits and llama.cpp", _COMPARE),
    "compare-modes": Verb(
        "llmproc.apps.compare_modes.app:main", "compare ways to distribute requests among workers", _COMPARE
    ),
    "experiment": Verb(
        "llmproc.apps.experiment.app:main",
        "measure one thing with warm-up, repeats and intervals: experiment list",
        _COMPARE,
    ),
    "perplexity": Verb(
        "llmproc.apps.perplexity.app:main", "measure how well a model predicts a text, in each weight type", _COMPARE
    ),
    "doctor": Verb(
        "llmproc.apps.doctor.app:main",
        "check this machine; --exact: check that all modes give the same tokens",
        _PREPARE,
    ),
    "fetch": Verb(
        "llmproc.apps.fetch.app:main", "fetch a model by a short name or from Hugging Face, or the course's", _PREPARE
    ),
    "lab": Verb("llmproc.apps.lab.app:main", "start a course exercise, and check a program from outside", _PREPARE),
    "show": Verb("llmproc.apps.show.app:main", "say what is in a model file, and what it needs to run", _PREPARE),
    "convert": Verb("llmproc.apps.convert.app:main", "write a model in another format, with its tokenizer", _PREPARE),
    "synth": Verb(
        "llmproc.apps.synth.app:main", "write a model file of a real model's size, with random weights", _PREPARE
    ),
}
_TOOLS = {  # under a heading of their own in --help: only a checkout has them
    "tools/avg_cpu_use.py": "average CPU use of a log",
    "tools/plot_cpu.py": "CPU use over time, as a picture",
    "tools/plot_timing.py": "loading, reading the prompt, writing the answer: each turn as a picture",
    "tools/compare_llama_cpp.py": "how exact logits are beside llama.cpp's, in every type of GGUF tensor",
    "tools/compare_llama_server.py": "our server beside llama.cpp's, on the same file and load",
    "tools/measure_serving.py": "what the server takes beside the engine, for each token",
}


def _usage(prog: str) -> str:
    lines = [
        f"usage: {prog} <command> [options]",
        "",
        "Run Llama-family language models on the CPU, and see what the operating system sees of them.",
    ]
    for group, names in groupby(VERBS, key=lambda name: VERBS[name].group):
        lines += ["", f"{group}:", *(f"  {name:<21} {VERBS[name].help}" for name in names)]
    lines += ["", "scripts in a checkout:", *(f"  {name:<29} {text}" for name, text in _TOOLS.items())]
    examples = (
        f"{prog} chat 42 2>log.txt        answers on stdout, /proc samples in log.txt",
        "tools/avg_cpu_use.py log.txt               average CPU use while it answered",
        f"{prog} batch prompts.txt -o results.jsonl --workers 2 --threads 1",
        f"{prog} bench --weights q4 --peer llama-cpp",
        f"{prog} synth --shape smollm-135m -o model.bin",
        f"{prog} <command> --help         the options of a command",
    )
    return "\n".join([*lines, "", "examples:", *(f"  {example}" for example in examples), ""])


def unknown(word: str) -> str:
    """Return the line that answers a word which is not a command: another system's word, a misspelling, or neither."""
    from llmproc.apps.coming_from import hint, nearest

    if found := hint(word):
        return found
    if word.startswith("-"):
        return f"unknown option '{word}': a command comes first; --help lists the commands"
    guess = nearest(word, VERBS)
    return f"unknown command '{word}'; " + (f"did you mean '{guess}'?" if guess else f"commands are {', '.join(VERBS)}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    prepare_process()
    given = list(sys.argv[1:] if arguments is None else arguments)
    prog = SCRIPT_PROG if os.path.basename(sys.argv[0]) == SCRIPT_PROG else MODULE_PROG
    if given and (verb := VERBS.get(given[0])):
        return call_verb(verb.target, given[1:], f"{prog} {given[0]}")
    return exit_code_of(lambda: _without_verb(given, prog))


def _without_verb(given: Sequence[str], prog: str) -> int:
    """Print the help or the version; no command is a mistake. UsageError for a word that is not a command."""
    if not given or given[0] in _HELP:
        print_result(_usage(prog))
        return 0 if given else UsageError.exit_code
    if given[0] in _VERSION:
        print_result(f"llmproc {llmproc.__version__}\n")
        return 0
    raise UsageError(unknown(given[0]))
