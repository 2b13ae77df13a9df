"""The prompts of a comparison: a workload that ships, or a user's file, text or JSONL."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

import msgspec

from llmproc.dispatch.workloads import TOKENS_PER_SENTENCE, workload
from llmproc.errors import UsageError
from llmproc.experiments.compare_modes.arm import Prompt
from llmproc.files.encoding import check_utf8
from llmproc.files.json_text import JsonError, read_json
from llmproc.session.saving import read_file

_FIELDS = "prompt (text), and if wanted cost, tokens (numbers) and id"
MOST_PROMPTS = 10_000  # every one has a row for each run


@dataclass(frozen=True, slots=True)
class NamedPrompts:
    """Prompts, and their name in the report."""

    name: str
    about: str
    prompts: tuple[Prompt, ...]


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a JSONL file."""

    prompt: str
    cost: float | None = None
    tokens: int | None = None
    id: str | int | None = None  # taken, so that batch's files can be compared too


def shipped_prompts(name: str) -> NamedPrompts:
    """Return the prompts of a shipped workload; the length of each answer follows from its number of sentences."""
    found = workload(name)
    prompts = tuple(
        Prompt(text, float(cost), cost * TOKENS_PER_SENTENCE)
        for text, cost in zip(found.prompts, found.costs, strict=True)
    )
    return NamedPrompts(name, found.about, prompts)


def prompts_from(path: Path) -> NamedPrompts:
    """Read a file: one prompt per line or, if its name ends in .jsonl, one object per line. Empty lines are skipped.

    LlmprocError (UsageError when a line breaks a rule) that names the file and the line.
    """
    try:
        data = read_file(path).removeprefix(codecs.BOM_UTF8)
        check_utf8(str(path), data)
        lines = data.decode().split("\n")  # JSON strings may hold other ends of lines
    except UnicodeDecodeError:
        raise UsageError(f"{path}: must be UTF-8 text") from None
    as_json = path.suffix.lower() == ".jsonl"
    prompts = tuple(
        _row(path, number, line) if as_json else Prompt(line.strip())
        for number, line in enumerate(lines, 1)
        if line.strip()
    )
    if not 1 <= len(prompts) <= MOST_PROMPTS:
        raise UsageError(f"{path}: holds {len(prompts)} prompts: must be from 1 to {MOST_PROMPTS}")
    return NamedPrompts(path.name, "a file", prompts)


def _row(path: Path, number: int, line: str) -> Prompt:
    try:
        row = msgspec.convert(read_json(line), _Row)
    except JsonError as error:
        raise UsageError(f"{path}: line {number} is {error}") from None
    except msgspec.ValidationError:
        raise UsageError(f"{path}: line {number} must be an object of {_FIELDS}") from None
    if not row.prompt.strip():
        raise UsageError(f"{path}: line {number}: prompt is empty")
    if row.cost is not None and not 0 < row.cost < 1e9:
        raise UsageError(f"{path}: line {number}: cost is {row.cost}: must be above 0")
    if row.tokens is not None and not 1 <= row.tokens <= 1 << 20:
        raise UsageError(f"{path}: line {number}: tokens is {row.tokens}: must be from 1 to {1 << 20}")
    return Prompt(row.prompt, row.cost, row.tokens)
