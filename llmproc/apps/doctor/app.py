"""`llmproc doctor`: the command line, and what is printed. What is looked at is the other files'."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from llmproc.apps.doctor import exact, machine, rights, software
from llmproc.apps.doctor.check import Check
from llmproc.apps.doctor.prompts import questions
from llmproc.apps.exits import exit_code_of, interruptible
from llmproc.apps.flags import add_files, files_of
from llmproc.apps.parser import OneLineParser
from llmproc.checkpoints.model_file import open_model
from llmproc.config import KV_TYPES, WEIGHT_TYPES, EngineOptions, Environment
from llmproc.errors import UsageError
from llmproc.files.streams import print_result
from llmproc.hardware.cpus import usable_cpus
from llmproc.text.templates.registry import built_in_template

UNUSABLE = 1
DIFFERENT = 1
_EXAMPLES = """examples:
  python -m llmproc doctor                          what is here, and what is missing
  python -m llmproc doctor --json | python3 -m json.tool
  python -m llmproc doctor --exact                  are the answers the same in every mode
  python -m llmproc doctor --exact --threads 1,2,3,4 --kv-type f32
"""


def main(arguments: Sequence[str], prog: str = "python -m llmproc doctor") -> int:
    """Returns the exit code."""

    def examined() -> int:
        interruptible()
        given = _parser(prog).parse_args(arguments)
        _check_flags(given)
        return _exact(given) if given.exact else _report(given)

    return exit_code_of(examined)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog=prog,
        description="Look at this machine as llmproc sees it: a line for everything that matters, ok or warn, with a "
        "hint. Exit status 1 when something makes llmproc unusable. With --exact instead: run a set of prompts in "
        "every mode of the engine and compare the token ids; exit status 1 when any differs.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    add_files(parser)
    group = parser.add_argument_group("exactness")
    group.add_argument("--exact", action="store_true", help="compare the engine's modes with each other")
    group.add_argument("--threads", metavar="LIST", help="numbers of threads to compare (1,2)")
    group.add_argument("--tokens", type=int, metavar="N", help="of each answer (32)")
    group.add_argument("--weights", choices=WEIGHT_TYPES, help="quantise an fp32 checkpoint to this type (its own)")
    group.add_argument("--kv-type", choices=KV_TYPES, help="type of the KV cache (f16)")
    return parser


def _check_flags(given: argparse.Namespace) -> None:
    for name in ("threads", "tokens", "weights", "kv_type"):
        if not given.exact and getattr(given, name) is not None:
            raise UsageError(f"--{name.replace('_', '-')} goes with --exact")
    given.threads = _threads("1,2" if given.threads is None else given.threads)
    given.tokens = 32 if given.tokens is None else given.tokens
    if not 1 <= given.tokens <= 4096:
        raise UsageError(f"--tokens is {given.tokens}: must be from 1 to 4096")


def _threads(text: str) -> list[int]:
    found = []
    for word in text.split(","):
        if not (word.isascii() and word.isdecimal() and len(word) < 4 and 0 <= int(word) <= 256):
            raise UsageError(f"--threads is {text}: must look like 1,2, each from 0 to 256")
        found.append(int(word))
    return list(dict.fromkeys(found))


# -- the report -------------------------------------------------------------------------------------------------------


def examine(given: argparse.Namespace, environment: Environment) -> list[Check]:
    """Every check, in the order of the report."""
    model, tokenizer = files_of(given, environment)
    checkpoint, opened = software.checkpoint(model)
    budget = usable_cpus()
    return [
        machine.system(),
        machine.instruction_set(environment.isa),
        machine.cpus(budget),
        machine.quota(budget),
        machine.memory(opened.size if opened else None),
        software.packages(),
        software.kernel_cache(),
        checkpoint,
        software.tokenizer(tokenizer, opened),
        rights.scheduling_rights(),
        machine.proc_features(),
        software.terminal(),
    ]


def _report(given: argparse.Namespace) -> int:
    checks = examine(given, Environment.read())
    unusable = [check.name for check in checks if check.state == "fail"]
    if given.json:
        print_result(json.dumps({"ok": not unusable, "checks": [check.as_json() for check in checks]}) + "\n")
        return UNUSABLE if unusable else 0
    lines = [check.line() for check in checks]
    warnings = sum(check.state == "warn" for check in checks)
    verdict = f"llmproc cannot run: {', '.join(unusable)}" if unusable else "llmproc can run"
    lines.append(f"{verdict}{f'; {warnings} warnings' if warnings else ''}")
    print_result("".join(f"{line}\n" for line in lines))
    return UNUSABLE if unusable else 0


# -- exactness --------------------------------------------------------------------------------------------------------


def _exact(given: argparse.Namespace) -> int:
    path, tokenizer_file = files_of(given, Environment.read())
    model = open_model(path)
    description, tokenizer = model.description, model.load_tokenizer(tokenizer_file)
    tokens = min(given.tokens, max(1, description.seq_len // 2))
    asked = questions(tokenizer, built_in_template(tokenizer.template_name), description.seq_len, tokens)
    options = EngineOptions(weights=given.weights, kv_type=given.kv_type or "f16")
    shown = not given.json
    if shown:
        lengths = [len(question.ids) for question in asked]
        prompts = f"{len(asked)} requests, prompts of {min(lengths)} to {max(lengths)} ids, {tokens} tokens each"
        print_result(f"{path}: {prompts}, KV cache {options.kv_type}\n{exact.HEAD}\n")
    outcomes: list[exact.Outcome] = []
    for outcome in exact.compare(path, options, asked, tokens, given.threads):
        outcomes.append(outcome)
        if shown:
            print_result(outcome.row(reference=len(outcomes) == 1) + "\n")
    different = sum(bool(outcome.difference) for outcome in outcomes)
    if given.json:
        print_result(json.dumps({"checkpoint": str(path), **exact.as_json(asked, tokens, outcomes)}) + "\n")
    else:
        verdict = (
            f"{different} of {len(outcomes)} settings DIFFER" if different else f"all {len(outcomes)} settings equal"
        )
        print_result(f"{verdict}\n")
    return DIFFERENT if different else 0
