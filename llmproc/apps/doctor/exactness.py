"""`llmproc doctor --exact`: run every mode in turn and print the table. The comparison itself is in exact.py."""

from __future__ import annotations

from llmproc.apps.doctor import exact
from llmproc.apps.doctor.options import DoctorOptions
from llmproc.apps.doctor.prompts import questions
from llmproc.files.escaping import to_json
from llmproc.files.streams import print_result
from llmproc.session.model_files import read_model_files


def compare_modes(options: DoctorOptions) -> bool:
    """Run every mode and print the table or, with --json, the document; return whether any answer differs."""
    files = read_model_files(options.model, options.tokenizer)
    seq_len = files.model.description.seq_len
    tokens = min(options.tokens, max(1, seq_len // 2))
    asked = questions(files.tokenizer, files.template, seq_len, tokens)
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
        print_result(to_json({"checkpoint": str(options.model), **exact.as_json(asked, tokens, outcomes)}) + "\n")
    else:
        count = len(outcomes)
        print_result(f"{different} of {count} settings DIFFER\n" if different else f"all {count} settings equal\n")
    return bool(different)
