"""`llmproc doctor`: the command line and the report. The checks are in the other files.

Used by the table of verbs. Nothing that a broken installation may lack is imported before it is checked.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence

from llmproc.apps.doctor import machine, rights, software
from llmproc.apps.doctor.check import Check, attempt
from llmproc.apps.exits import exit_code_of, interruptible
from llmproc.apps.flags import add_files, files_of
from llmproc.apps.parser import OneLineParser
from llmproc.checkpoints.model_file import ModelFile
from llmproc.config import KV_TYPES, WEIGHT_TYPES, Environment
from llmproc.errors import UsageError
from llmproc.files.streams import print_result

UNUSABLE = 1
DIFFERENT = 1
_EXAMPLES = """examples:
  python -m llmproc doctor                          what works here, and what does not
  python -m llmproc doctor --json | python3 -m json.tool
  python -m llmproc doctor --exact                  are all answers the same in every mode
  python -m llmproc doctor --exact --threads 1,2,3,4 --kv-type f32
"""


def main(arguments: Sequence[str], prog: str = "python -m llmproc doctor") -> int:
    """Run the verb and return the exit code."""

    def examined() -> int:
        interruptible()
        given = _parser(prog).parse_args(arguments)
        _check_flags(given)
        if not given.exact:
            return _report(given)
        from llmproc.apps.doctor.exactness import compare_modes  # needs packages that may be what is missing

        return DIFFERENT if compare_modes(given) else 0

    return exit_code_of(examined)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog=prog,
        description="Check whether llmproc can run here: one line per check (ok, warn or fail), with a hint where "
        "something can be done. With --exact: run a set of prompts in every mode of the engine instead, and compare "
        "the token ids. Exit status 1 if a check fails, or if any ids differ.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
    add_files(parser)
    group = parser.add_argument_group("exactness")
    group.add_argument("--exact", action="store_true", help="compare the engine's modes with each other")
    group.add_argument("--threads", metavar="LIST", help="thread counts to compare (1,2)")
    group.add_argument("--tokens", type=int, metavar="N", help="tokens to generate for each prompt (32)")
    group.add_argument("--weights", choices=WEIGHT_TYPES, help="quantise an fp32 checkpoint to this type (as stored)")
    group.add_argument("--kv-type", choices=KV_TYPES, help="store keys and values in this type (f16)")
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


def examine(given: argparse.Namespace, environment: Environment) -> list[Check]:
    """Make every check, in the order of the report; none of them can end it."""
    model, tokenizer = files_of(given, environment)
    found: ModelFile | None = None

    def open_checkpoint() -> Check:
        nonlocal found
        check, found = software.checkpoint(model)
        return check

    checkpoint = attempt("checkpoint", open_checkpoint)  # first: others need what it says
    looks: dict[str, Callable[[], Check]] = {
        "system": machine.system,
        "instruction set": lambda: machine.instruction_set(environment.isa),
        "cpus": machine.cpus,
        "cpu quota": machine.quota,
        "memory": lambda: machine.memory(found.size if found else None),
        "versions": software.packages,
        "kernel cache": software.kernel_cache,
        "checkpoint": lambda: checkpoint,
        "tokenizer": lambda: software.tokenizer(tokenizer, found),
        "scheduling": rights.scheduling_rights,
        "/proc and kernel": machine.proc,
        "terminal extras": software.terminal,
    }
    return [attempt(name, look) for name, look in looks.items()]


def _report(given: argparse.Namespace) -> int:
    checks = examine(given, Environment.read())
    unusable = [check.name for check in checks if check.state == "fail"]
    if given.json:
        print_result(json.dumps({"ok": not unusable, "checks": [check.as_json() for check in checks]}) + "\n")
        return UNUSABLE if unusable else 0
    lines = [check.line() for check in checks]
    warnings = sum(check.state == "warn" for check in checks)
    verdict = f"llmproc cannot run: {', '.join(unusable)}" if unusable else "llmproc can run"
    lines.append(f"{verdict}{f'; {warnings} warning' + 's' * (warnings != 1) if warnings else ''}")
    print_result("".join(f"{line}\n" for line in lines))
    return UNUSABLE if unusable else 0
