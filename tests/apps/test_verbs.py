"""`python -m llmproc`: verbs, help, and `synth`."""

from __future__ import annotations

import contextlib
import json
import os
from importlib import metadata
from pathlib import Path

import pytest
from support.chatting import SPEED, Chat, run
from support.paths import ROOT

import llmproc
from llmproc.apps.coming_from import hint
from llmproc.checkpoints.model_file import open_model
from llmproc.cli import VERBS, main


def call(folder: Path, *arguments: object, text: str = "") -> tuple[int, str, str]:
    (folder / "log.txt").unlink(missing_ok=True)
    return run(folder, *arguments, module="llmproc", text=text)


def test_help(tmp_path: Path) -> None:
    for arguments, code in (((), 2), (("--help",), 0), (("-h",), 0), (("help",), 0)):
        found, out, err = call(tmp_path, *arguments)
        assert (found, err) == (code, "")
        assert all(f"  {verb} " in out for verb in VERBS) and "examples:" in out


def test_help_begins_with_what_most_people_want(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    commands, scripts = capsys.readouterr().out.split("scripts in a checkout:\n")
    rows = [line.split()[0] for line in commands.splitlines() if line.startswith("  ")]
    assert rows[:5] == ["chat", "batch", "threads", "record", "top"]
    assert set(rows) == set(VERBS)
    names = ("avg_cpu_use", "plot_cpu", "plot_timing", "compare_llama_cpp", "compare_llama_server", "measure_serving")
    tools = [f"tools/{name}.py" for name in names]
    assert [line.split()[0] for line in scripts.split("\n\n")[0].splitlines()] == tools
    assert all((ROOT / tool).is_file() for tool in tools)


def test_verbs_of_a_group_stand_together() -> None:
    groups = [verb.group for verb in VERBS.values()]
    assert len([group for group, before in zip(groups, [None, *groups], strict=False) if group != before]) == len(
        set(groups)
    )


@pytest.mark.parametrize("word", ["-V", "--version", "version"])
def test_version(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word]) == 0
    assert capsys.readouterr().out == f"llmproc {llmproc.__version__}\n"


def test_the_version_is_the_installed_one() -> None:
    try:
        assert metadata.version("llmproc-cpu") == llmproc.__version__
    except metadata.PackageNotFoundError:
        pytest.skip("llmproc is not installed in this environment")


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb(tmp_path: Path, verb: str) -> None:
    code, out, err = call(tmp_path, verb, "--help")
    assert (code, err) == (0, "") and out.startswith(f"usage: python -m llmproc {verb}") and "examples:" in out


def test_help_of_main(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, "--help")
    assert code == 0 and out.startswith("usage: python -m llmproc.main")
    for option in ("--model", "--tokenizer", "--system", "--course", "--policy", "--nice", "--cpus", "--interval",
                   "--log", "--run-dir", "--temperature", "--top-p", "--max-tokens", "--rt-priority"):  # fmt: skip
        assert option in out


def test_unknown_verb(tmp_path: Path) -> None:
    code, out, err = call(tmp_path, "btach")
    assert (code, out, err) == (2, "", "llmproc: unknown command 'btach'; did you mean 'batch'?\n")


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("chta", "unknown command 'chta'; did you mean 'chat'?"),
        ("compare", None),  # a word of another system
        ("comparemodes", "unknown command 'comparemodes'; did you mean 'compare-modes'?"),
        ("Doctor", "unknown command 'Doctor'; did you mean 'doctor'?"),
        ("frob", f"unknown command 'frob'; commands are {', '.join(VERBS)}"),
        ("", f"unknown command ''; commands are {', '.join(VERBS)}"),
        ("--model", "unknown option '--model': a command comes first; --help lists the commands"),
        ("seq", None),
    ],
)
def test_a_word_that_is_not_a_command(word: str, line: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err == f"llmproc: {line or hint(word)}\n" and err.count("\n") == 1


def test_help_on_a_full_disk_is_one_line(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/full", "w") as full:
        monkeypatch.setattr("sys.stdout", full)
        monkeypatch.setattr("llmproc.apps.exits.forget_stdout", lambda: None)
        assert main(["--help"]) == 1
        with contextlib.suppress(OSError):
            full.close()
    assert capfd.readouterr().err == "llmproc: stdout: cannot be written: No space left on device\n"


def test_chat_is_the_prompt_loop(tmp_path: Path, quick: Path) -> None:
    code, out, _ = call(tmp_path, "chat", "--model", quick, "--max-tokens", 3, text="Hello\n")
    assert code == 0 and SPEED.search(out) and "Child exited with 0" in out


def test_synth_writes_a_model_that_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "tiny.bin"
    code, out, err = call(tmp_path, "synth", "--shape", "tiny", "-o", path, "--json")
    assert (code, err) == (0, "") and json.loads(out)["bytes"] == path.stat().st_size == open_model(path).size
    again = tmp_path / "again.bin"
    code, out, _ = call(tmp_path, "synth", "--shape", "tiny", "-o", again)
    assert code == 0 and "random weights" in out and again.read_bytes() == path.read_bytes()
    code, out, _ = call(tmp_path, "synth", "--shape", "tiny", "--layout", "version 1", "-o", again)
    assert code == 0 and "version 1" in out and open_model(again).description.weight_type == "f32"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--shape", "huge", "-o", "x"), 2),
        (("--shape", "tiny"), 2),
        (("-o", "x"), 2),
        (("--shape", "tiny", "-o", "x", "--seed", "-1"), 2),
        (("--shape", "tiny", "-o", "x", "--seed", "a"), 2),
        (("--shape", "tiny", "-o", "x", "--layout", "version 3"), 2),
        (("--shape", "tiny", "-o", ""), 2),
        (("--shape", "tiny", "-o", "/"), 2),
        (("--shape", "tiny", "-o", "."), 2),
        (("--shape", "tiny", "-o", "/does/not/exist"), 4),
        (("--shape", "tiny", "-o", "folder"), 4),
        (("--shape", "tiny", "-o", "fifo"), 4),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_synth_refuses_in_one_line(
    arguments: tuple[str, ...], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    from llmproc.apps.synth.app import main as synth

    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    monkeypatch.chdir(tmp_path)
    assert synth(arguments) == code
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("llmproc: ") and err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fifo", "folder"]


def test_an_interrupted_synth_leaves_nothing(tmp_path: Path) -> None:
    arguments = ("synth", "--shape", "smollm-135m", "-o", tmp_path / "big.bin")
    with Chat(tmp_path, *arguments, module="llmproc") as synth:
        synth.until(lambda: list(tmp_path.glob(".big.bin.*")))
        synth.interrupt()
        assert synth.wait() == 130
        assert synth.logged() == "" and [p.name for p in tmp_path.iterdir()] == ["log.txt"]


def test_synth_writes_gguf(tmp_path: Path) -> None:
    path = tmp_path / "tiny.gguf"
    code, out, err = call(tmp_path, "synth", "--shape", "tiny", "--format", "gguf", "-o", path, "--json")
    facts = json.loads(out)
    assert (code, err) == (0, "") and facts["bytes"] == path.stat().st_size and facts["types"] == "q4_k_m"
    code, out, _ = call(
        tmp_path, "synth", "--shape", "tiny", "--format", "gguf", "--architecture", "qwen3", "--weights", "q6_k",
        "-o", path,
    )  # fmt: skip
    assert code == 0 and "tiny, gguf q6_k, 4 layers, random weights" in out
    assert open_model(path).description.features.query_key_norm


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--shape", "qwen3-8b"), "--shape is qwen3-8b: must be one of smollm-135m, llama-3.2-1b-like, "),
        (("--shape", "tiny", "--weights", "q8_0"), "--weights needs --format gguf or hf"),
        (("--shape", "tiny", "--architecture", "qwen3"), "--architecture needs --format gguf or hf"),
        (("--shape", "tiny", "--format", "gguf", "--layout", "legacy"), "--layout needs --format llama2c"),
        (("--shape", "tiny", "--format", "gguf", "--weights", "q9"), "--weights is q9: must be one of f32, f16, "),
        (("--shape", "llama-3.2-1b-like", "--format", "gguf"), "--shape is llama-3.2-1b-like: must be one of tiny, "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_synth_refuses_options_of_another_format(
    arguments: tuple[str, ...], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from llmproc.apps.synth.app import main as synth

    assert synth((*arguments, "-o", str(tmp_path / "x"))) == 2
    assert message in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_synth_writes_folders(tmp_path: Path) -> None:
    path = tmp_path / "tiny"
    code, out, err = call(
        tmp_path, "synth", "--shape", "tiny", "--format", "hf", "--architecture", "smollm3", "-o", path, "--json"
    )
    facts = json.loads(out)
    assert (code, err) == (0, "") and facts["bytes"] == sum(file.stat().st_size for file in path.iterdir())
    assert facts["types"] == "bf16" and open_model(path).description.features.no_rope_layers == (3,)
    code, _, err = call(tmp_path, "synth", "--shape", "tiny", "--format", "hf", "-o", path)
    assert code == 4 and "must be absent or an empty folder" in err
    code, _, err = call(tmp_path, "synth", "--shape", "tiny", "--format", "hf", "--weights", "q8_0", "-o", path)
    assert code == 2 and "must be one of f32, f16, bf16 with --format hf" in err
