"""`llmproc doctor --exact`: every mode run in turn, and what is printed of it. The comparison itself is in exact.py."""

from __future__ import annotations

import argparse
import json

from llmproc.apps.doctor import exact
from llmproc.apps.doctor.prompts import questions
from llmproc.apps.flags import files_of
from llmproc.checkpoints.model_file import open_model
from llmproc.config import EngineOptions, Environment
from llmproc.files.streams import print_result
from llmproc.text.templates.registry import built_in_template


def compare_modes(given: argparse.Namespace) -> bool:
    """Run every mode and print the table or, with --json, the document; return whether any answer differs."""
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
    return bool(different)
