"""The requests of a run: prompts of a file, or the fixed set that ships; distinct ones, unless they are to repeat.

No two prompts of a run are the same by default: a server that remembers prompts would be measured at remembering. Where
there are more requests than prompts, each further use begins with its number. A shared prefix goes before all of them.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, replace

from llmproc.client.body import RemoteRequest
from llmproc.errors import UsageError
from llmproc.experiments.compare_modes.arm import Prompt
from llmproc.experiments.compare_modes.prompts import prompts_from, shipped_prompts
from llmproc.experiments.serve_load.options import ServeLoadOptions

SHIPPED = "system-b"  # of dispatch.workloads: 30 questions of 1 to 30 sentences
_MOST_PREFIX = 100_000
_WORDS = (
    "time", "year", "people", "way", "day", "man", "thing", "woman", "life", "child", "world", "school", "state",
    "family", "student", "group", "country", "problem", "hand", "part", "place", "case", "week", "company", "system",
    "program", "question", "work", "number", "night", "point", "home", "water", "room", "mother", "area", "money",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Prompts, and what a document says of them. `digest`: SHA-256 of all texts, to tell sets of one name apart."""

    name: str
    about: str
    prompts: tuple[Prompt, ...]
    prefix: str
    digest: str


def question_set(options: ServeLoadOptions) -> QuestionSet:
    """Return what is asked. UsageError for a file or prefix that breaks a rule."""
    named = shipped_prompts(SHIPPED) if options.prompts is None else prompts_from(options.prompts)
    prompts = named.prompts
    if options.prompts is None:  # their lengths are for comparing modes; here --max-tokens says it
        prompts = tuple(replace(prompt, tokens=None) for prompt in prompts)
    prefix = shared_prefix(options.shared_prefix, options.seed)
    digest = hashlib.sha256("\0".join([prefix, *(prompt.text for prompt in prompts)]).encode()).hexdigest()
    return QuestionSet(named.name, "ships" if options.prompts is None else "a file", prompts, prefix, digest)


def shared_prefix(given: str, seed: int) -> str:
    """Return a text as it is; for a number as many short English words, each a token in common vocabularies."""
    if not (given.isdecimal() and given.isascii()):
        return given
    if not 0 <= int(given[:9]) <= _MOST_PREFIX:
        raise UsageError(f"--shared-prefix is {given}: must be from 0 to {_MOST_PREFIX} tokens, or a text")
    return " ".join(random.Random(f"prefix {seed}").choices(_WORDS, k=int(given)))


def requests_for(found: QuestionSet, options: ServeLoadOptions, first: int = 0) -> list[RemoteRequest]:
    """Return the requests of one run. `first`: number of the first, so that later runs of an experiment ask others."""
    return [_request(found, options, number) for number in range(first, first + options.requests)]


def _request(found: QuestionSet, options: ServeLoadOptions, number: int) -> RemoteRequest:
    prompt = found.prompts[number % len(found.prompts)]
    text = prompt.text
    if number >= len(found.prompts) and not options.repeat_prompts:
        text = f"({number + 1}) {text}"
    return RemoteRequest(
        f"{found.prefix}\n\n{text}" if found.prefix else text,
        max_tokens=prompt.tokens or options.max_tokens,
        interface=options.interface,
        stream=options.stream,
        temperature=options.temperature,
        ignore_eos=options.ignore_eos,
        limit_fields=options.limit_fields,
    )
