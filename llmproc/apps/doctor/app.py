"""`llmproc doctor`: run the checks and print them. What is checked is the other files' work."""

from __future__ import annotations

import json
from collections.abc import Sequence

from llmproc.apps.doctor import exact, machine, rights, software
from llmproc.apps.doctor.check import Check
from llmproc.apps.doctor.options import DoctorOptions, parse_options
from llmproc.apps.doctor.prompts import questions
from llmproc.apps.exits import exit_code_of, interruptible
from llmproc.checkpoints.model_file import open_model
from llmproc.config import Environment
from llmproc.files.streams import print_result
from llmproc.hardware.cpus import usable_cpus
from llmproc.text.templates.registry import built_in_template

UNUSABLE = 1
DIFFERENT = 1


def main(arguments: Sequence[str], prog: str = "python -m llmproc doctor") -> int:
    """Returns the exit code."""

    def examined() -> int:
        interruptible()
        options = parse_options(prog, arguments, Environment.read())
        return _exact(options) if options.exact else _report(options)

    return exit_code_of(examined)


# -- the report -------------------------------------------------------------------------------------------------------


def examine(options: DoctorOptions, environment: Environment) -> list[Check]:
    """Every check, in the order of the report."""
    checkpoint, opened = software.checkpoint(options.model)
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
        software.tokenizer(options.tokenizer, opened),
        rights.scheduling_rights(),
        machine.proc_features(),
        software.terminal(),
    ]


def _report(options: DoctorOptions) -> int:
    checks = examine(options, Environment.read())
    unusable = [check.name for check in checks if check.state == "fail"]
    if options.json:
        print_result(json.dumps({"ok": not unusable, "checks": [check.as_json() for check in checks]}) + "\n")
        return UNUSABLE if unusable else 0
    lines = [check.line() for check in checks]
    warnings = sum(check.state == "warn" for check in checks)
    verdict = f"llmproc cannot run: {', '.join(unusable)}" if unusable else "llmproc can run"
    lines.append(f"{verdict}{f'; {warnings} warnings' if warnings else ''}")
    print_result("".join(f"{line}\n" for line in lines))
    return UNUSABLE if unusable else 0


# -- exactness --------------------------------------------------------------------------------------------------------


def _exact(options: DoctorOptions) -> int:
    model = open_model(options.model)
    description, tokenizer = model.description, model.load_tokenizer(options.tokenizer)
    tokens = min(options.tokens, max(1, description.seq_len // 2))
    asked = questions(tokenizer, built_in_template(tokenizer.template_name), description.seq_len, tokens)
    if not options.json:
        lengths = [len(question.ids) for question in asked]
        prompts = f"{len(asked)} requests, prompts of {min(lengths)} to {max(lengths)} ids, {tokens} tokens each"
        print_result(f"{options.model}: {prompts}, KV cache {options.engine.kv_type}\n{exact.HEAD}\n")
    outcomes: list[exact.Outcome] = []
    for outcome in exact.compare(options.model, options.engine, asked, tokens, options.threads):
        outcomes.append(outcome)
        if not options.json:
            print_result(outcome.row(reference=len(outcomes) == 1) + "\n")
    different = sum(bool(outcome.difference) for outcome in outcomes)
    if options.json:
        print_result(json.dumps({"checkpoint": str(options.model), **exact.as_json(asked, tokens, outcomes)}) + "\n")
    else:
        count = len(outcomes)
        print_result(f"{different} of {count} settings DIFFER\n" if different else f"all {count} settings equal\n")
    return DIFFERENT if different else 0
