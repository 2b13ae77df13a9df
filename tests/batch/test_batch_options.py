"""The options of a batch run, and what they become."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from llmproc.apps.batch.options import parse_options
from llmproc.batch.options import BatchOptions
from llmproc.batch.serving import limits, service_config
from llmproc.config import EngineOptions, Environment
from llmproc.errors import UsageError

# -- options ----------------------------------------------------------------------------------------------------------


def parsed(*arguments: str, environment: Environment | None = None) -> BatchOptions:
    return parse_options("llmproc batch", arguments, environment or Environment())


def test_defaults() -> None:
    found = parsed("prompts.jsonl")
    assert (found.input, found.format, found.output, found.rows_on_stdout) == ("prompts.jsonl", "jsonl", None, True)
    assert (found.mode, found.workers, found.engine) == ("ws", 1, EngineOptions(sequences=8))
    assert (found.sampling.seed, found.sampling.temperature, found.sampling.max_tokens) == (42, 0.6, 512)
    assert not (found.resume or found.force or found.stream or found.elapsed or found.json or found.raw)


def test_every_option_arrives() -> None:
    line = (
        "p.txt --format csv -o r.jsonl --resume --retry-failed --stream --mode sp --workers 3 --threads 2 "
        "--sequences 5 --weights q4 --kv-type f32 --context 99 --kv-memory 1M --batch-tokens 7 --model m.bin "
        "--tokenizer t.bin --temperature 0 --top-p 0.5 --max-tokens 9 --seed 7 --system s --policy batch --nice 3 "
        "--interval 1 --log l --run-dir d --otlp h:1 --otlp-content"
    )
    given_ = line.split()
    found = parsed(*given_)
    assert found.engine == EngineOptions(2, 5, "q4", "f32", 99, 1 << 20, 7)
    assert (found.input, found.format, found.output, found.rows_on_stdout) == ("p.txt", "csv", Path("r.jsonl"), False)
    assert (found.mode, found.workers, found.slots, found.system) == ("sp", 3, 15, "s")
    assert (found.sampling.temperature, found.sampling.top_p, found.sampling.max_tokens, found.sampling.seed) == (
        0,
        0.5,
        9,
        7,
    )
    assert (found.scheduling.policy, found.scheduling.nice, found.interval_s, found.log, found.run_dir) == (
        "batch",
        3,
        1,
        "l",
        "d",
    )
    assert found.resume and found.retry_failed and found.stream and found.arguments == tuple(given_)
    assert found.traces is not None and found.traces.endpoint == "http://h:1/v1/traces" and found.traces.content
    unset = [f.name for f in fields(found) if getattr(found, f.name) in (None, False) and f.name not in
             ("force", "elapsed", "json", "seed_drawn", "raw", "rows_on_stdout", "workload", "remote")]  # fmt: skip
    assert unset == []


def test_seq_is_one_worker_with_one_sequence() -> None:
    found = parsed("p.txt", "--mode", "seq", "--workers", "4", "--sequences", "8", "--threads", "1")
    assert (found.workers, found.engine.sequences, found.engine.threads, found.slots) == (1, 1, 1, 1)
    config = service_config(found, 7)
    assert (config.workers, config.engine.sequences, config.output_fd) == (1, 1, 7)


def test_what_is_under_way_is_bounded_by_what_can_run() -> None:
    few, many = limits(parsed("p", "--mode", "seq")), limits(parsed("p", "--workers", "4", "--sequences", "32"))
    assert few.in_flight == few.ahead < 32 and many.in_flight == 4 * 128 + 16
    assert limits(parsed("p", "--mode", "lpt")).in_flight >= 1024, "the longest of a handful is not the longest"
    assert all(bounds.in_flight < bounds.unwritten for bounds in (few, many))


@pytest.mark.parametrize(
    ("more", "stdout"),
    [
        ((), True),
        (("-o", "-"), True),
        (("-o", "r"), False),
        (("--stream",), False),
        (("--elapsed",), False),
        (("--json",), False),
    ],
)
def test_who_gets_stdout(more: tuple[str, ...], stdout: bool) -> None:
    assert parsed("p.txt", *more).rows_on_stdout == stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "no prompts: give a file"),
        (("",), "input is empty: must name a file"),
        (("p.json",), "--format says which"),
        (("p", "--format", "xml"), "invalid choice"),
        (("p", "--mode", "fast"), "invalid choice"),
        (("p", "--workers", "0"), "workers is 0: must be from 1 to 64"),
        (("p", "--workers", "65"), "workers is 65"),
        (("p", "--sequences", "0"), "sequences is 0"),
        (("p", "-o", "-", "--stream"), "--stream and -o - cannot be used together"),
        (("p", "--elapsed", "--json"), "--elapsed and --json cannot be used together"),
        (("p", "--resume"), "--resume needs -o FILE"),
        (("p", "-o", "-", "--force"), "--force needs -o FILE"),
        (("p", "-o", "r", "--force", "--resume"), "--resume cannot be used with --force"),
        (("p", "-o", "r", "--retry-failed"), "--retry-failed needs --resume"),
        (("p", "-o", ""), "a file name is missing"),
        (("p", "--raw", "--system", "s"), "--system cannot be used with --raw"),
        (("p", "--temperature", "-1"), "temperature is -1"),
        (("p", "--out", "r"), "unrecognized arguments"),
    ],
)
def test_refusals(arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parsed(*arguments)


def test_a_drawn_seed_is_noted() -> None:
    first, second = parsed("p", "--seed", "0"), parsed("p", "--seed", "-1")
    assert first.seed_drawn and second.seed_drawn and first.sampling.seed != second.sampling.seed
    assert not parsed("p", "--seed", "1").seed_drawn
