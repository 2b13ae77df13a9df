"""The command line of `llmproc batch`: flags in, one frozen BatchOptions out. No I/O but argparse's own."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from llmproc.apps.engine_options import add_engine_options, engine_options
from llmproc.apps.flags import (
    add_files,
    add_logs,
    add_sampling,
    add_scheduling,
    add_template_options,
    files_of,
    interval_of,
    sampling_of,
    scheduling_of,
    template_options_of,
)
from llmproc.apps.parser import OneLineParser
from llmproc.apps.remote_flags import add_remote, remote_of
from llmproc.apps.telemetry_options import add_telemetry, telemetry_of
from llmproc.batch.formats import FORMATS, format_of
from llmproc.batch.options import BatchOptions
from llmproc.batch.source import STDIN
from llmproc.config import EngineOptions, Environment, check_workers
from llmproc.dispatch import CLIENT_POLICIES
from llmproc.dispatch.workloads import WORKLOADS
from llmproc.errors import UsageError
from llmproc.session.saving import user_path

_DESCRIPTION = """\
Answer a file of prompts and write one result row for each. The file may be larger than memory: reading, generating and
writing run side by side. A malformed row, or a request that fails, gives a result row with an error. Each answer
depends on its own row alone: every mode, and every number of workers, gives the same text.

  text        one prompt per line; blank lines are skipped
  jsonl       {"prompt": "..."} or {"messages": [{"role": "user", "content": "..."}]} per line; also id, system,
              temperature, top_p, max_tokens, seed, top_k, min_p, presence_penalty, frequency_penalty,
              repetition_penalty, logit_bias, stop, ignore_eos, min_tokens, logprobs, n; other fields are copied into
              the result
  csv, tsv    the same names as a header; an empty field counts as missing

With -o FILE, results go to FILE.part as they come and are put into input order in FILE at the end. After an
interruption, the same command with --resume does the rest. The fields of a result are described in logs/README.md.
With --url, servers answer in place of workers: --workload and every mode work there too, and `queue`.
"""
_CONNECTIONS = 4
_EXAMPLES = """examples:
  python -m llmproc batch prompts.txt -o results.jsonl
  python -m llmproc batch prompts.jsonl -o results.jsonl --mode ws --workers 2 --threads 1 --sequences 8
  python -m llmproc batch prompts.jsonl -o results.jsonl --resume
  printf 'What is a pipe?\\nAnd a thread?\\n' | python -m llmproc batch - --max-tokens 40
  python -m llmproc batch prompts.txt --mode seq --elapsed
  python -m llmproc batch prompts.txt -o results.jsonl --url http://127.0.0.1:8000/v1 --url http://gpu:8000/v1
  python -m llmproc batch --workload alternating --mode ws --workers 2 --threads 1 --elapsed
"""


def build_parser(prog: str) -> argparse.ArgumentParser:
    """Return the parser; `prog` as the user typed it."""
    parser = OneLineParser(
        prog=prog,
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("input", nargs="?", help="file of prompts; -: stdin")
    parser.add_argument("--workload", choices=WORKLOADS, help="shipped prompts in place of a file")
    parser.add_argument("--format", choices=FORMATS, help="format of the input (default: by its suffix, else text)")
    _add_output(parser)
    _add_dispatch(parser)
    add_engine_options(parser, sequences=True)
    add_files(parser)
    add_sampling(parser)
    add_template_options(parser)
    text = parser.add_argument_group("more about the text")
    text.add_argument(
        "--seed",
        type=int,
        default=42,
        metavar="N",
        help="default seed for rows without one (42); 0 or less: chosen at random and printed",
    )
    text.add_argument("--raw", action="store_true", help="continue the prompts as plain text, without chat template")
    add_remote(parser)
    add_scheduling(parser)
    add_logs(parser)
    add_telemetry(parser)
    return parser


def _add_output(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("output").add_argument
    add("-o", "--output", metavar="FILE", help="file for the results; -: stdout (default: stdout, in input order)")
    add("--resume", action="store_true", help="continue FILE.part: answer only rows that have no result yet")
    add("--retry-failed", action="store_true", help="with --resume: answer failed rows again, too")
    add("--force", action="store_true", help="start over and replace FILE, whatever is there")
    add("--stream", action="store_true", help="show the answers on stdout while they are generated")
    add("--elapsed", action="store_true", help="print only the seconds the work took, on stdout")
    add("--json", action="store_true", help="print a summary as one JSON object on stdout")


def _add_dispatch(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("dispatch").add_argument
    add(
        "--mode",
        choices=tuple(CLIENT_POLICIES),
        default="ws",
        help="seq: one worker, one request at a time; sp: requests dealt to the workers in turn; ws: dealt, and idle "
        "workers steal from others; lpt: longest request first; queue: one for all, with --url only (default: ws)",
    )
    add("--workers", type=int, default=1, metavar="N", help="worker processes (default: 1)")


def parse_options(prog: str, arguments: Sequence[str], environment: Environment) -> BatchOptions:
    """Return the options from the command line. Raises UsageError; --help prints and exits."""
    given = build_parser(prog).parse_args(arguments)
    output = None if given.output in (None, STDIN) else user_path(given.output)
    _refuse(given, output)
    source = given.input if given.workload is None else f"workload {given.workload}"
    check_workers(given.workers)
    sampling, drawn = sampling_of(given, given.seed)
    return BatchOptions(
        input=source,
        workload=given.workload,
        format=given.format or ("jsonl" if given.workload else format_of(source)),
        output=output,
        rows_on_stdout=given.output == STDIN or (output is None and not (given.stream or given.elapsed or given.json)),
        force=given.force,
        resume=given.resume,
        retry_failed=given.retry_failed,
        stream=given.stream,
        elapsed=given.elapsed,
        json=given.json,
        template_options=template_options_of(given),
        sampling=sampling,
        seed_drawn=drawn,
        system=given.system,
        raw=given.raw,
        scheduling=scheduling_of(given),
        interval_s=interval_of(given),
        log=given.log,
        run_dir=given.run_dir or environment.run_dir,
        traces=telemetry_of(given, os.environ),
        arguments=tuple(arguments),
        **_what_answers(given, arguments, environment),
    )


def _what_answers(given: argparse.Namespace, arguments: Sequence[str], environment: Environment) -> dict[str, Any]:
    """Return the fields of BatchOptions that say what answers: workers and their model, or servers. UsageError."""
    remote = remote_of(given, arguments, _CONNECTIONS if given.connections is None else given.connections)
    if remote is None:
        model, tokenizer = files_of(given, environment)
        engine, workers = engine_options(given), given.workers
    else:  # as many lanes as servers
        model, tokenizer = Path(), None
        engine, workers = EngineOptions(sequences=remote.connections), len(remote.urls)
    sequential = given.mode == "seq"
    return {
        "mode": given.mode,
        "workers": 1 if sequential else workers,
        "engine": replace(engine, sequences=1) if sequential else engine,
        "model": model,
        "tokenizer": tokenizer,
        "remote": remote,
    }


def _refuse(given: argparse.Namespace, output: Path | None) -> None:
    """Refuse flags that do not go together."""
    if given.workload is not None:
        if given.input is not None:
            raise UsageError("--workload cannot be used with a file of prompts: prompts come from one place")
        if given.format is not None:
            raise UsageError("--format cannot be used with --workload: it is for a file of prompts")
    elif given.input is None:
        raise UsageError("no prompts: give a file of prompts, - for stdin, or --workload NAME")
    if given.mode == "queue" and not given.url:
        raise UsageError("--mode queue needs --url: workers have rings of their own, and steal from others with ws")
    if given.input == "":
        raise UsageError("input is empty: must name a file, or - for stdin")
    on_stdout = [f"--{name}" for name in ("stream", "elapsed", "json") if getattr(given, name)]
    if given.output == STDIN:
        on_stdout.append("-o -")
    if len(on_stdout) > 1:
        raise UsageError(f"{' and '.join(on_stdout)} cannot be used together: each needs stdout for itself")
    if output is None and (given.resume or given.force):
        raise UsageError(f"--{'resume' if given.resume else 'force'} needs -o FILE")
    if given.resume and given.force:
        raise UsageError("--resume cannot be used with --force: one continues, the other starts over")
    if given.retry_failed and not given.resume:
        raise UsageError("--retry-failed needs --resume")
    if given.raw and given.system is not None:
        raise UsageError("--system cannot be used with --raw: raw prompts have no chat template to put it in")
    if given.raw and given.template_option:
        raise UsageError("--template-option cannot be used with --raw: raw prompts have no chat template")
