"""Flags that several verbs share, and what they mean: the files, token sampling, scheduling of the worker, logs.

Used by every verb that answers prompts. Never in it: a flag of one verb alone, or anything that starts a process.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, TextIO

from llmproc.config import POLICIES, Environment, SamplingParams, Scheduling, parse_cpus, shipped_file
from llmproc.errors import UsageError
from llmproc.hub.spelling import parse_spelling
from llmproc.session.option_texts import biases_of
from llmproc.session.rules import ORDINARY, ChatRules

MODEL_NAMES = "HF://owner/name, HF://owner/name/FILE.gguf: from Hugging Face; ollama:name:tag: from Ollama's store"


_MOST_SCHEMA = 1 << 20
_MORE_SAMPLING: dict[str, dict[str, Any]] = {
    "top_k": {"type": int, "metavar": "N", "help": "choose among the N likeliest tokens (default: 0, all)"},
    "min_p": {
        "type": float,
        "metavar": "P",
        "help": "choose among tokens with at least P times the probability of the likeliest one (default: 0)",
    },
    "presence_penalty": {
        "type": float,
        "metavar": "X",
        "help": "subtract X from the logits of tokens that the answer has, -2 to 2 (default: 0)",
    },
    "frequency_penalty": {
        "type": float,
        "metavar": "X",
        "help": "the same, once for every time the answer has them (default: 0)",
    },
    "repetition_penalty": {
        "type": float,
        "metavar": "X",
        "help": "divide the logits of tokens that prompt or answer have by X (default: 1)",
    },
    "logit_bias": {"metavar": "LIST", "help": "add to the logits of tokens, such as 15=-100,7=2.5"},
    "stop": {"action": "append", "metavar": "TEXT", "help": "end an answer before this text; may be repeated"},
    "ignore_eos": {"action": "store_const", "const": True, "help": "go on to --max-tokens"},
    "min_tokens": {"type": int, "metavar": "N", "help": "minimum length of an answer (default: 0)"},
    "logprobs": {
        "type": int,
        "metavar": "N",
        "help": "tell how likely each token was, and the N likeliest there, 0 to 20 (default: do not)",
    },
    "json_schema": {
        "metavar": "JSON|FILE",
        "help": "make answers keep this JSON schema: its text, or a file that has it (default: any text)",
    },
    "n": {"type": int, "metavar": "N", "help": "answers to each prompt, with seeds one after the other (default: 1)"},
}


def add_files(parser: argparse.ArgumentParser) -> None:
    """Add --model and --tokenizer."""
    add = parser.add_argument_group("files").add_argument
    add(
        "--model",
        type=Path,
        metavar="FILE",
        help=f"GGUF file, Hugging Face folder, or checkpoint of llama2.c; {MODEL_NAMES} (default: the shipped model)",
    )
    add(
        "--tokenizer",
        type=Path,
        metavar="FILE",
        help="tokenizer.bin, tokenizer.json, or a folder or GGUF file that has one (default: the model's own, else the "
        "tokenizer.bin beside it, else the shipped one)",
    )


def add_sampling(parser: argparse.ArgumentParser, without: Collection[str] = ()) -> None:
    """Add the options of token sampling, and --system; `without`: names of options that the verb cannot do."""
    add = parser.add_argument_group("token sampling").add_argument
    add("--temperature", type=float, default=0.6, metavar="X", help="0: always the likeliest token (default: 0.6)")
    add(
        "--top-p",
        type=float,
        default=0.9,
        metavar="P",
        help="choose among the likeliest tokens whose probabilities add up to P (default: 0.9)",
    )
    add("--max-tokens", type=int, default=512, metavar="N", help="maximum length of an answer (default: 512)")
    for name, settings in _MORE_SAMPLING.items():
        if name not in without:
            add(f"--{name.replace('_', '-')}", dest=_dest(name), **settings)
    add("--system", metavar="TEXT", help="system message at the start of each conversation")


def add_template_options(parser: argparse.ArgumentParser) -> None:
    """Add --template-option."""
    parser.add_argument(
        "--template-option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="variable for the model's own chat template, such as enable_thinking=false; may be repeated",
    )


def add_scheduling(parser: argparse.ArgumentParser) -> None:
    """Add --policy, --nice, --rt-priority and --cpus."""
    add = parser.add_argument_group("scheduling of the workers").add_argument
    add("--policy", choices=POLICIES, help="scheduling policy (default: unchanged)")
    add("--nice", type=int, metavar="N", help="nice value, -20 to 19 (default: unchanged)")
    add("--rt-priority", type=int, default=1, metavar="N", help="priority for fifo and rr, 1 to 99 (default: 1)")
    add("--cpus", metavar="LIST", help="cores the workers may use, such as 0,2-3 (default: all)")


def add_logs(parser: argparse.ArgumentParser) -> None:
    """Add --interval, --log and --run-dir."""
    add = parser.add_argument_group("logs").add_argument
    add("--interval", type=float, default=0.3, metavar="SECONDS", help="time between two samples (default: 0.3)")
    add("--log", metavar="FILE", help="write samples to FILE instead of stderr; -: to stderr, even to a terminal")
    add_run_dir(add)


def add_run_dir(add: Callable[..., object]) -> None:
    """Add --run-dir by the `add_argument` of a parser or a group."""
    add("--run-dir", metavar="DIR", help="keep run folders in DIR; none: keep none (default: logs/ of a checkout)")


def files_of(
    given: argparse.Namespace, environment: Environment, course: bool = False, notices: TextIO | None = None
) -> tuple[Path, Path | None]:
    """Return (model, tokenizer): the flag's, else the environment's, else the shipped model and None, the model's own.

    `course`: ./model.bin and ./tokenizer.bin go before the shipped ones when they are present. `notices`: where it is
    said that a model is fetched (stderr unless given). Raises as `find_model`.
    """
    named = model_path(given.model or environment.model, notices)
    model = named or _local("model.bin", course) or shipped_file("model", "model.bin")
    return model, given.tokenizer or environment.tokenizer or _local("tokenizer.bin", course)


def model_path(name: Path | None, notices: TextIO | None = None) -> Path | None:
    """Return the path of the model that a flag names, fetched if need be; None for none. Raises as `find_model`."""
    if name is None or os.path.lexists(name) or parse_spelling(str(name)) is None:
        return name
    from llmproc.apps.fetch_display import FetchDisplay  # here: most starts fetch nothing
    from llmproc.hub.finding import find_model

    with FetchDisplay(notices) as display:
        return find_model(name, display)


def answer_notices() -> TextIO:
    """Return where a verb that prints answers puts notices: stderr may be the log that programs read."""
    return sys.stderr if sys.stderr.isatty() else sys.stdout


def unused_model(model: Path) -> str | None:
    """Return a line about a ./model.bin that is there and is not the model in use; None if there is none."""
    here = Path("model.bin")
    if not here.is_file() or (model.exists() and here.samefile(model)):
        return None
    return "./model.bin is not used: add --model model.bin to use it, or --course for the exercise"


def sampling_of(given: argparse.Namespace, seed: int) -> tuple[SamplingParams, bool]:
    """Return the options of token sampling, and whether the seed was chosen at random (when 0 or less was given)."""
    drawn = seed <= 0
    if drawn:
        seed = int.from_bytes(os.urandom(4), "little") + 1
    more = {name: value for name in _MORE_SAMPLING if (value := getattr(given, _dest(name), None)) is not None}
    if "logit_bias" in more:
        more["logit_bias"] = biases_of(more["logit_bias"])
    if "json_schema" in more:
        more["json_schema"] = _schema_of(more["json_schema"])
    return SamplingParams(given.temperature, given.top_p, given.max_tokens, seed, **more), drawn


def _schema_of(given: str) -> str:
    """Return the text of a JSON schema. UsageError for a file that cannot be read."""
    if given.lstrip().startswith("{"):
        return given
    from llmproc.files.reading import UnreadableFileError, read_bounded

    try:
        return read_bounded(Path(given), _MOST_SCHEMA).decode("utf-8", "replace")
    except UnreadableFileError as error:
        raise UsageError(f"--json-schema is {given}: {error}") from None


def template_options_of(given: argparse.Namespace) -> dict[str, Any]:
    """Return the variables for the chat template. UsageError for a pair that is none."""
    if not given.template_option:
        return {}
    from llmproc.text.templates.template_options import template_options  # here: it needs msgspec, a start does not

    return template_options(given.template_option)


def scheduling_of(given: argparse.Namespace) -> Scheduling:
    """Return what the worker's tasks are set to. UsageError for flags that do not go together."""
    if given.rt_priority != 1 and given.policy not in ("fifo", "rr"):
        raise UsageError("--rt-priority needs --policy fifo or rr")
    cpus = None if given.cpus is None else parse_cpus(given.cpus)
    return Scheduling(given.policy, given.nice, given.rt_priority, cpus)


def rules_of(given: argparse.Namespace) -> ChatRules:
    """Return how the prompt loop behaves: as the course's exercise under --course. UsageError for what it has not."""
    if not given.course:
        return ORDINARY
    for name in ("stop", "ignore_eos", "min_tokens", "logprobs", "json_schema", "n"):
        if getattr(given, _dest(name), None) is not None:
            flag = name.replace("_", "-")
            raise UsageError(f"--{flag} cannot be used with --course: answers of the exercise have one fixed length")
    from llmproc.labs.course.rules import COURSE  # here: it imports the tokenizer, and few runs want it

    return COURSE


def interval_of(given: argparse.Namespace) -> float:
    """Return the seconds between two samples. UsageError beyond its limits."""
    if not 0.01 <= given.interval <= 3600:
        raise UsageError(f"--interval is {given.interval}: must be from 0.01 to 3600 seconds")
    return float(given.interval)


def _dest(name: str) -> str:
    """Return where a parsed option is: a verb may have an argument of the option's name, as `threads` has n."""
    return f"sampling_{name}"


def _local(name: str, course: bool) -> Path | None:
    path = Path(name)
    return path if course and os.path.lexists(path) else None  # a link to nothing is an error, not another file
