"""bench's command line: what it means, and what it refuses by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from llmproc.apps.bench import app
from llmproc.apps.bench.options import build_parser, parse_batched, parse_options
from llmproc.config import Environment
from llmproc.errors import UsageError
from llmproc.experiments.bench.options import BenchOptions
from llmproc.experiments.bench.result import options_block
from llmproc.experiments.bench.work import planned_work
from llmproc.hardware.sharing import default_threads


def parsed(*arguments: str, environment: Environment | None = None) -> BenchOptions:
    return parse_options("bench", arguments, environment or Environment())


def test_defaults() -> None:
    found = parsed()
    assert (found.model, found.shape, found.weights, found.peer) == (None, "smollm-135m", None, None)
    assert (found.prompt, found.generate, found.batched) == ((512,), (128,), (1, 2, 4, 8, 16, 32))
    assert (found.repeat, found.format, found.output, found.kv_type) == (5, "md", None, "f16")
    assert found.threads == default_threads(1) and found.limits and not found.kernels and not found.phases
    assert found.sequences == 32 and found.batch_tokens == 128


def test_every_option_arrives() -> None:
    found = parsed(
        "--shape", "tiny", "--weights", "q4", "--threads", "3", "--kv-type", "f32", "-p", "64", "-n", "16", "--batched",
        "4,2,4", "--batched-steps", "8", "--repeat", "7", "--format", "csv", "-o", "x.csv", "--peer", "llama-cpp",
        "--kernels", "--no-limits", "--batch-tokens", "32", "--run-dir", "none", "--phases",
    )  # fmt: skip
    assert found == BenchOptions(
        model=None, shape="tiny", weights="q4", threads=3, kv_type="f32", batch_tokens=32, prompt=(64,), generate=(16,),
        batched=(2, 4), batched_steps=8, repeat=7, format="csv", output=Path("x.csv"), peer="llama-cpp", kernels=True,
        limits=False, run_dir="none", phases=True,
    )  # fmt: skip


def test_threads_can_be_fixed() -> None:
    assert parsed("--fixed-threads").fixed_threads and not parsed().fixed_threads
    assert parsed("--fixed-threads", "--threads", "2").threads == 2
    with pytest.raises(UsageError, match="fixed-threads is given: has no effect with threads 1"):
        parsed("--fixed-threads", "--threads", "1")


def test_the_environment_names_a_model_unless_the_command_line_does() -> None:
    environment = Environment(model=Path("theirs.bin"), run_dir="runs")
    assert parsed(environment=environment).model == Path("theirs.bin")
    assert parsed(environment=environment).run_dir == "runs"
    assert parsed("--model", "mine.bin", environment=environment).model == Path("mine.bin")
    assert parsed("--shape", "tiny", environment=environment).model is None
    assert parsed("--weights", "course", environment=environment).model is None


def test_numbers_of_sequences() -> None:
    assert parse_batched("16, 1,4,1") == (1, 4, 16) and parse_batched("none") == ()
    assert parsed("--batched", "none").sequences == 1
    for wrong in ("", "0", "1,,2", "1025", "-1", "a", "1;2", "²"):
        with pytest.raises(UsageError, match=r"^--batched is .*: must be none, or numbers from 1 to 1024"):
            parse_batched(wrong)


def test_several_sizes_as_llama_bench_takes_them() -> None:
    found = parsed("-p", "512,1024,512", "-n", "16, 32", "--batched", "none", "-o", "./json")
    assert (found.prompt, found.generate, found.output) == ((512, 1024), (16, 32), Path("json"))
    works = planned_work(found.prompt, found.generate, found.batched, found.batched_steps, kernels=True)
    assert [work.name for work in works] == ["pp512", "pp1024", "tg16", "tg32", "mm512", "mm1024", "mm1 b1"]
    assert options_block(found)["prompt"] == [512, 1024]
    assert options_block(parsed("-n", "none"))["generate"] == 0
    assert options_block(parsed())["prompt"] == 512


REFUSED = [
    (("--model", "m.bin", "--shape", "tiny"), "--shape cannot be used with --model"),
    (("--model", "m.bin", "--weights", "course"), "--weights course cannot be used with --model"),
    (("--peer", "llama-cpp", "--weights", "course"), "--peer llama-cpp cannot be used with --weights course"),
    (("--peer", "llama-cpp", "--batched", "257"), "--batched is 257: --peer llama-cpp takes 256 sequences at most"),
    (("--peer", "ollama"), "argument --peer: invalid choice"),
    (("--shape", "gpt-5"), "argument --shape: invalid choice"),
    (("--weights", "q2"), "argument --weights: invalid choice"),
    (("--kv-type", "q8"), "argument --kv-type: invalid choice"),
    (("--format", "html"), "argument --format: invalid choice"),
    (("--threads", "0"), "--threads is 0: must be from 1 to 256"),
    (("--threads", "257"), "--threads is 257: must be from 1 to 256"),
    (("--repeat", "0"), "--repeat is 0: must be from 1 to 1000"),
    (("-p", "-1"), "--prompt is -1: must be 0, or numbers from 1 to 1048576"),
    (("-n", "2000000"), "--generate is 2000000: must be 0, or numbers from 1"),
    (("--batched-steps", "0"), "--batched-steps is 0: must be from 1"),
    (("--batch-tokens", "5000"), "--batch-tokens is 5000: must be from 1 to 4096"),
    (("-p", "0", "-n", "0", "--batched", "none"), "nothing to measure"),
    (("-o", ""), "--output is : must name a file"),
    (("-o", "."), "--output is .: must name a file"),
    (("-o", "json"), "--output is json: it names a file; --format chooses md, csv or json"),
    (("-o", "md"), "--output is md: it names a file"),
    (("-o", "jsonl"), "--output is jsonl: it names a file"),
    (("-p", "512,"), "--prompt is 512,: must be 0"),
    (("-p", "x"), "--prompt is x: must be 0"),
    (("-p", ""), "--prompt is : must be 0"),
    (("--thread", "1"), "unrecognized arguments"),
    (("model.bin",), "unrecognized arguments"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "line"), REFUSED, ids=lambda value: " ".join(value)[:40])
def test_what_is_refused(arguments: tuple[str, ...], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"llmproc: {line}") and err.count("\n") == 1


def test_help_shows_every_option_and_examples() -> None:
    text = build_parser("python -m llmproc bench").format_help()
    for action in build_parser("bench")._actions:
        assert action.help and all(option in text for option in action.option_strings)
    assert text.startswith("usage: python -m llmproc bench") and "examples:" in text
    for line in text[text.index("examples:") :].splitlines()[1:]:
        arguments = line.split("  ", 2)[1].split()[4:] if line.strip() else []
        if arguments[:1] != ["serve"]:  # a command of its own
            parsed(*arguments)
