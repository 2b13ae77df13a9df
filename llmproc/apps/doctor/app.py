"""`llmproc doctor`: make the checks and print the report. The checks themselves are in the other files.

Used by the table of verbs. Nothing that a broken installation may lack is imported before it is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from llmproc.apps.doctor import machine, rights, software
from llmproc.apps.doctor.check import Check, attempt
from llmproc.apps.doctor.options import DoctorOptions, parse_options
from llmproc.apps.exits import exit_code_of, interruptible
from llmproc.checkpoints.model_file import ModelFile
from llmproc.config import Environment
from llmproc.files.escaping import to_json
from llmproc.files.streams import print_result

UNUSABLE = 1
DIFFERENT = 1


def main(arguments: Sequence[str], prog: str = "python -m llmproc doctor") -> int:
    """Run the verb and return the exit code."""

    def examined() -> int:
        interruptible()
        options = parse_options(prog, arguments, Environment.read())
        if not options.exact:
            return _report(options)
        from llmproc.apps.doctor.exactness import compare_modes  # needs packages that may be what is missing

        return DIFFERENT if compare_modes(options) else 0

    return exit_code_of(examined)


def examine(options: DoctorOptions, environment: Environment) -> list[Check]:
    """Make every check, in the order of the report; none of them can end it."""
    found: ModelFile | None = None

    def open_checkpoint() -> Check:
        nonlocal found
        check, found = software.checkpoint(options.model)
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
        "tokenizer": lambda: software.tokenizer(options.tokenizer, found),
        "scheduling": rights.scheduling_rights,
        "/proc and kernel": machine.proc,
        "terminal extras": software.terminal,
    }
    return [attempt(name, look) for name, look in looks.items()]


def _report(options: DoctorOptions) -> int:
    checks = examine(options, Environment.read())
    unusable = [check.name for check in checks if check.state == "fail"]
    if options.json:
        print_result(to_json({"ok": not unusable, "checks": [check.as_json() for check in checks]}) + "\n")
        return UNUSABLE if unusable else 0
    lines = [check.line() for check in checks]
    verdict = f"llmproc cannot run: {', '.join(unusable)}" if unusable else "llmproc can run"
    if warnings := sum(check.state == "warn" for check in checks):
        verdict += f"; {warnings} warning{'s' * (warnings != 1)}"
    print_result("".join(f"{line}\n" for line in [*lines, verdict]))
    return UNUSABLE if unusable else 0
