"""compare-modes' command line and prompts: what they mean, and what is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from llmproc.apps.compare_modes import app as compare_modes
from llmproc.apps.compare_modes.options import build_parser, parse_modes, parse_options, parse_workers
from llmproc.config import EngineOptions, Environment, SamplingParams, shipped_file
from llmproc.errors import LlmprocError, UsageError
from llmproc.experiments.compare_modes import comparison
from llmproc.experiments.compare_modes.arm import Prompt
from llmproc.experiments.compare_modes.options import CompareOptions
from llmproc.experiments.compare_modes.prompts import MOST_PROMPTS, prompts_from, shipped_prompts


def parsed(*arguments: str, environment: Environment | None = None) -> CompareOptions:
    return parse_options("compare-modes", arguments, environment or Environment())


def test_defaults() -> None:
    found = parsed()
    assert (found.prompts, found.workload, found.source) == (None, "system-b", None)
    assert (found.modes, found.workers, found.repeat) == (("seq", "sp", "ws"), (1, 2, 4), 5)
    assert (found.work, found.unit_s, found.threads) == ("generate", 0.02, 1)
    assert found.engine == EngineOptions(threads=1, sequences=1) and found.sampling == SamplingParams()
    assert found.model == shipped_file("model", "model.bin") and not found.json
    assert (found.out, found.chart, found.run_dir) == (None, None, None)


def test_every_option_arrives() -> None:
    found = parsed(
        "prompts.txt", "--modes", "ws, lpt,ws", "--workers", "4,2,4", "--repeat", "7", "--threads", "2", "--sequences",
        "3", "--work", "wait", "--unit", "0.5", "--seed", "9", "--model", "m.bin", "--tokenizer", "t.bin",
        "--temperature", "0", "--top-p", "0.5", "--max-tokens", "20", "--system", "Be brief.", "--kv-type", "f32",
        "--json", "--out", "folder", "--chart", "x.png", "--run-dir", "none",
    )  # fmt: skip
    assert found == CompareOptions(
        prompts=Path("prompts.txt"), workload="system-b", source=None, modes=("ws", "lpt"), workers=(2, 4), repeat=7,
        work="wait", unit_s=0.5, model=Path("m.bin"), tokenizer=Path("t.bin"),
        engine=EngineOptions(threads=2, sequences=3, kv_type="f32"), sampling=SamplingParams(0, 0.5, 20, 9),
        system="Be brief.", json=True, out=Path("folder"), chart=Path("x.png"), run_dir="none",
    )  # fmt: skip


def test_the_environment() -> None:
    environment = Environment(model=Path("theirs.bin"), run_dir="runs")
    assert parsed(environment=environment).model == Path("theirs.bin")
    assert parsed(environment=environment).run_dir == "runs"
    assert parsed("--run-dir", "mine", environment=environment).run_dir == "mine"
    assert parsed("--seed", "0").sampling.seed != parsed("--seed", "-1").sampling.seed, "drawn"


def test_lists() -> None:
    assert parse_modes("sp") == ("sp",) and parse_modes(" ws ,sp,ws") == ("ws", "sp")
    assert parse_workers("12, 2,2") == (2, 12) and parse_workers("64") == (64,)
    for wrong in ("", "fast", "sp,,ws", "sp;ws", "SP"):
        with pytest.raises(UsageError, match=r"^--modes is .*: must be modes of seq, sp, ws, lpt"):
            parse_modes(wrong)
    for wrong in ("", "0", "65", "1,,2", "-1", "two", "²", "9" * 5000):
        with pytest.raises(UsageError, match=r"^--workers is .*: must be numbers from 1 to 64"):
            parse_workers(wrong)


REFUSED = [
    (("--modes", "fast"), "--modes is fast: must be modes of seq, sp, ws, lpt"),
    (("--workers", "0"), "--workers is 0: must be numbers from 1 to 64"),
    (("--repeat", "0"), "--repeat is 0: must be from 1 to 1000"),
    (("--repeat", "many"), "--repeat is many: must be a whole number"),
    (("--threads", "0"), "--threads is 0: must be from 1 to 256"),
    (("--sequences", "0"), "sequences is 0: must be from 1 to 1024"),
    (("--unit", "0"), "--unit is 0.0: must be from 0.0001 to 60 seconds"),
    (("--unit", "long"), "--unit is long: must be a number"),
    (("--unit", "nan"), "--unit is nan: must be from"),
    (("--work", "sleep"), "argument --work: invalid choice"),
    (("--workload", "system-c"), "argument --workload: invalid choice"),
    (("prompts.txt", "--workload", "system-b"), "a file of prompts cannot be used with --workload"),
    (("prompts.txt", "--from", "x.json"), "a file of prompts cannot be used with --from"),
    (("--workload", "system-b", "--from", "x.json"), "--workload cannot be used with --from"),
    (("one.txt", "two.txt"), "unrecognized arguments: two.txt"),
    (("--mode", "sp"), "unrecognized arguments"),
    (("--temperature", "-1"), "temperature is -1.0"),
    (("--out", ""), "--out is .: must have a name"),
    (("--chart", "nowhere/x.png"), "--chart is nowhere/x.png: must lie in a folder that exists"),
    (("--out", "nowhere/deep"), "--out is nowhere/deep: must lie in a folder that exists"),
    (("--out", "file"), "--out is file: must be a folder"),
    (("--chart", "folder"), "--chart is folder: must be a file"),
    (("missing.txt",), "missing.txt: no such file"),
    (("folder",), "folder: is a directory, not a file"),
    (("empty.txt",), "empty.txt: holds 0 prompts"),
    (("file", "--work", "wait"), "--work is wait: file must be JSONL with a cost in every row, or use --workload"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "line"), REFUSED, ids=lambda value: " ".join(value)[:40])
def test_what_is_refused_before_an_arm_is_opened(
    arguments: tuple[str, ...], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("A prompt\n")
    (tmp_path / "empty.txt").write_text("\n \n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(comparison, "ARM", "no.such.module:open_arm")
    assert compare_modes.main(arguments) in (1, 2)
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"llmproc: {line}") and err.count("\n") == 1
    assert len(list(tmp_path.iterdir())) == 3


def test_help_shows_every_option_and_examples_that_parse() -> None:
    text = build_parser("python -m llmproc compare-modes").format_help()
    for action in build_parser("compare-modes")._actions:
        assert action.help and all(option in text for option in action.option_strings)
    assert text.startswith("usage: python -m llmproc compare-modes")
    lines = [line.split() for line in text[text.index("examples:") :].splitlines() if line.startswith("  python")]
    assert len(lines) == 6
    for words in lines:
        parsed(*words[4:])


def test_shipped_prompts_have_costs_and_exact_lengths() -> None:
    found = shipped_prompts("alternating")
    assert (found.name, len(found.prompts)) == ("alternating", 30)
    assert [(prompt.cost, prompt.tokens) for prompt in found.prompts[:2]] == [(16, 256), (1, 16)]
    assert found.prompts[1].text.startswith("Write 1 sentence about ")


def test_prompts_of_a_text_file(tmp_path: Path) -> None:
    file = tmp_path / "prompts.txt"
    file.write_text("What is a process?\n\n  And a thread?  \r\nÜber \x0b Pipes\n")
    found = prompts_from(file)
    assert found.name == "prompts.txt"
    assert found.prompts == (Prompt("What is a process?"), Prompt("And a thread?"), Prompt("Über \x0b Pipes"))


def test_prompts_of_a_jsonl_file(tmp_path: Path) -> None:
    file = tmp_path / "prompts.jsonl"
    file.write_text('{"prompt": "a\u2028b", "cost": 2.5}\n\n{"prompt": "c", "tokens": 9, "id": "x"}\n')
    assert prompts_from(file).prompts == (Prompt("a\u2028b", 2.5), Prompt("c", None, 9))


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('{"prompt": "a"}\n{"prompt": 3}', r"line 2 must be an object of prompt \(text\)"),
        ("{'prompt'}", "line 1 is not JSON at column 2"),
        ('{"prompt": "a", "price": 2}', "line 1 must be an object of prompt"),
        ('{"cost": 2}', "line 1 must be an object of prompt"),
        ('{"prompt": " "}', "line 1: prompt is empty"),
        ('\n{"prompt": "a", "cost": 0}', "line 2: cost is 0.0: must be above 0"),
        ('{"prompt": "a", "cost": -1}', "line 1: cost is -1.0"),
        ('{"prompt": "a", "cost": 1e300}', "line 1: cost is 1e\\+300"),
        ('{"prompt": "a", "tokens": 0}', "line 1: tokens is 0: must be from 1"),
        ("", "holds 0 prompts: must be from 1 to 10000"),
        ('{"prompt": "a"}\n' * (MOST_PROMPTS + 1), "holds 10001 prompts"),
    ],
    ids=range(11),
)
def test_rows_that_are_refused(tmp_path: Path, content: str, line: str) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text(content)
    with pytest.raises(UsageError, match=f"p.jsonl: {line}"):
        prompts_from(file)


def test_files_that_are_no_text(tmp_path: Path) -> None:
    file = tmp_path / "p.txt"
    file.write_bytes(b"caf\xe9\n")
    with pytest.raises(UsageError, match=r"p\.txt: must be UTF-8 text"):
        prompts_from(file)
    with pytest.raises(LlmprocError, match="is a directory, not a file"):
        prompts_from(tmp_path)


@pytest.mark.parametrize("name", ["p.txt", "p.jsonl"])
def test_utf16_is_named_and_a_byte_order_mark_is_dropped(tmp_path: Path, name: str) -> None:
    row = '{"prompt": "Hello"}' if name.endswith("jsonl") else "Hello"
    file = tmp_path / name
    file.write_text(row, encoding="utf-8-sig")
    assert prompts_from(file).prompts[0].text == "Hello"
    file.write_text(row, encoding="utf-16")
    with pytest.raises(UsageError, match="is not UTF-8, looks like UTF-16"):
        prompts_from(file)
