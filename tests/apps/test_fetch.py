"""`llmproc fetch` and names of models behind --model, as a user types them."""

from __future__ import annotations

import importlib
import io
import os
import random
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support.chatting import run as chat_run
from support.hub_fixtures import CHUNK
from support.hub_server import Hub
from support.paths import ROOT
from support.waiting import until

from llmproc.apps.fetch.app import catalogue_table, main
from llmproc.apps.fetch.options import FetchOptions, parse_options
from llmproc.cli import unknown
from llmproc.config import Environment
from llmproc.errors import UsageError
from llmproc.hub.catalogue import CATALOGUE
from llmproc.hub.hub_cache import cache_folder, snapshot_folder
from llmproc.hub.spelling import HubModel

BIG = random.Random(4).randbytes(40_000)
FOLDER = {"config.json": b"{}", "model.safetensors": BIG}
PROG = "python -m llmproc fetch"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments, PROG)
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, err


# -- the command line -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["smollm2-135m-instruct"], FetchOptions(HubModel("HuggingFaceTB/SmolLM2-135M-Instruct"), None, False)),
        (["o/n", "--to", "d"], FetchOptions(HubModel("o/n"), Path("d"), False)),
        (["o/n/q/f.gguf"], FetchOptions(HubModel("o/n", "q/f.gguf"), None, False)),
        (["HF://o/n"], FetchOptions(HubModel("o/n"), None, False)),
        (["https://huggingface.co/o/n/blob/main/f.gguf"], FetchOptions(HubModel("o/n", "f.gguf"), None, False)),
        (["course"], FetchOptions(None, None, False)),
        (["--list"], FetchOptions(None, None, True)),
    ],
)
def test_what_is_fetched(arguments: list[str], expected: FetchOptions) -> None:
    assert parse_options(PROG, arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "a name is missing: a short name of --list, course, owner/name or owner/name/FILE.gguf"),
        (["--list", "o/n"], "--list goes alone"),
        (["smollm2-135m-instrct"], "unknown model 'smollm2-135m-instrct'; did you mean smollm2-135m-instruct"),
        (["zzz"], "unknown model 'zzz' (--list shows all; owner/name takes any repository)"),
        (["a/"], "a/: must be a short name of --list, course, owner/name"),
        (["a//b"], "must be a short name of --list, course, owner/name"),
        (["HF://a"], "must be HF://owner/name"),
        (["ollama:llama3.2"], "use it with --model ollama:llama3.2"),
        (["o/n", "--frob"], "unrecognized arguments: --frob"),
    ],
)
def test_mistakes_are_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "") and words in err and err.count("\n") == 1


def test_the_list_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "--list")
    assert (code, err) == (0, "") and out == catalogue_table()
    lines = out.splitlines()
    assert lines[0].split() == ["name", "MB", "weights", "licence", "repository"]
    for entry, line in zip(CATALOGUE, lines[1:], strict=False):
        assert line.startswith(entry.name) and line.endswith(str(entry.model).removeprefix("HF://"))
    assert len({line.index("HuggingFaceTB/") for line in lines if "HuggingFaceTB/" in line}) == 1


def test_a_misspelt_command_finds_it() -> None:
    assert "did you mean 'fetch'" in unknown("fecth")
    for word in ("prepare", "wget", "download", "huggingface-cli"):
        assert "llmproc fetch" in unknown(word)
    assert "--model ollama:llama3.2" in unknown("pull")


# -- fetching ---------------------------------------------------------------------------------------------------------


def test_a_model_is_fetched_and_the_next_command_is_printed(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    """Behind a pipe: a line for each file, and no bar."""
    hub.add("me/folder", FOLDER)
    code, out, err = run(capsys, "me/folder")
    folder = snapshot_folder("me/folder", cache_folder())
    assert (code, out) == (0, f"{folder}: 2 files, 40,002 bytes\nrun: python -m llmproc chat --model HF://me/folder\n")
    assert err.splitlines() == [
        f"[INFO] fetching 2 files of HF://me/folder, 0.0 MB, into {folder.parent.parent}",
        "[INFO] config.json: 2 bytes, git's sha1 as stated",
        "[INFO] model.safetensors: 40,000 bytes, sha256 as stated",
    ]
    code, out, err = run(capsys, "me/folder")
    assert code == 0 and err.count("here already") == 2 and "fetching" not in err


class Screen(io.StringIO):
    """A terminal that remembers."""

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_a_bar_grows_and_is_wiped(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = BIG * 100
    hub.add("me/gguf", {"m.gguf": data})
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    assert main(["me/gguf", "--to", str(tmp_path)], PROG) == 0
    shown = screen.getvalue()
    assert re.search(r"\r\[#* +\] \d of 4 MB m\.gguf\x1b\[K", shown)
    assert shown.endswith("\r\x1b[K[INFO] m.gguf: 4,000,000 bytes, sha256 as stated\n\r\x1b[K")


def test_an_error_finds_an_empty_line(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hub.add("me/gguf", {"m.gguf": BIG * 10})
    hub.faults.break_after = [200_000, *[0] * 100]
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    assert main(["me/gguf", "--to", str(tmp_path)], PROG) == 4
    bar, _, error = screen.getvalue().rpartition("\r\x1b[K")
    assert "0 of 0 MB m.gguf" in bar and error.startswith("llmproc: m.gguf: the connection broke (")


def test_a_file_goes_into_a_folder(hub: Hub, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    hub.add("me/gguf", {"m.gguf": BIG})
    place = tmp_path / "my models"
    code, out, _ = run(capsys, "me/gguf/m.gguf", "--to", str(place))
    assert code == 0 and (place / "m.gguf").read_bytes() == BIG
    assert out.splitlines()[1] == f"run: python -m llmproc chat --model '{place}/m.gguf'"


def test_what_is_here_is_said_to_be_here_without_a_network(
    hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add("me/folder", FOLDER)
    run(capsys, "me/folder")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    code, out, err = run(capsys, "me/folder")
    assert (code, err) == (0, "") and "here already; no network" in out
    code, out, err = run(capsys, "me/other")
    assert (code, out, err.count("\n")) == (4, "", 1) and err.startswith("llmproc: HF://me/other: no way to the hub (")


def test_the_courses_files_and_the_command_that_uses_them(
    hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from llmproc.labs.course import files

    monkeypatch.setattr(files, "SIZES", {"model.bin": 40_000, "tokenizer.bin": 2})
    monkeypatch.chdir(tmp_path)
    hub.add("huangs0/smollm", {"model.bin": BIG, "tokenizer.bin": b"{}"})
    code, out, _ = run(capsys, "course")
    assert (code, out) == (0, "model.bin: 2 files, 40,002 bytes\nrun: python -m llmproc chat --course 42\n")
    assert sorted(os.listdir()) == ["model.bin", "tokenizer.bin"]
    code, out, _ = run(capsys, "course", "--to", "d")
    command = "python -m llmproc chat --course --model d/model.bin --tokenizer d/tokenizer.bin 42"
    assert code == 0 and out.splitlines()[1] == f"run: {command}"
    (tmp_path / "model.bin").write_bytes(b"mine")
    assert run(capsys, "course")[0] == 4 and (tmp_path / "model.bin").read_bytes() == b"mine"


def test_a_program_that_was_killed_goes_on_where_it_was(hub: Hub, tmp_path: Path) -> None:
    """A real program, kill -9 in the middle of a file; the next one asks for the rest."""
    size = 24 << 20  # the client keeps parts of 10 MB
    data = random.Random(5).randbytes(1 << 20) * (size >> 20)
    hub.add("me/gguf", {"m.gguf": data})
    hub.faults.hold = threading.Event()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_DISABLE_TELEMETRY": "1"}
    command = [sys.executable, "-m", "llmproc", "fetch", "me/gguf", "--to", str(tmp_path)]
    part = tmp_path / "m.gguf.incomplete"
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as first:
        until(lambda: part.exists() and part.stat().st_size > 0)
        first.send_signal(signal.SIGKILL)
    here = part.stat().st_size
    hub.faults.hold.set()
    assert 0 < here < size and not (tmp_path / "m.gguf").exists()
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and (tmp_path / "m.gguf").read_bytes() == data, done.stderr
    assert hub.ranges() == ["", f"bytes={here}-"] and here % CHUNK == 0
    assert done.stdout.endswith(f"run: python -m llmproc chat --model {tmp_path}/m.gguf\n")


# -- --model ----------------------------------------------------------------------------------------------------------


def model_files(quick: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in quick.parent.iterdir() if path.suffix == ".bin"}


def test_chat_fetches_a_model_once(hub: Hub, quick: Path, tmp_path: Path) -> None:
    """A checkpoint of llama2.c in a repository, with its tokenizer. The notice is no line of the log on stderr."""
    hub.add("me/tiny", {**{path.name: path.read_bytes() for path in quick.parent.iterdir()}, "README.md": b"x"})
    for fetched in (True, False):
        code, out, err = chat_run(tmp_path, "--model", "HF://me/tiny/model.bin", text="Hi\n")
        assert code == 0 and "Child exited with 0" in out
        assert ("[INFO] fetching 3 files of HF://me/tiny" in out) is fetched
        assert "fetching" not in err


@pytest.mark.parametrize("verb", ["chat", "batch", "threads", "compare_modes", "bench", "doctor"])
def test_every_command_takes_a_name_of_the_hub(
    hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    hub.add("me/gguf", {"m.gguf": BIG})
    parse = importlib.import_module(f"llmproc.apps.{verb}.options").parse_options
    more = {"batch": ["-"], "threads": ["1", "42", "Hi"]}.get(verb, [])
    options = parse("llmproc", [*more, "--model", "HF://me/gguf"], Environment())
    assert options.model == snapshot_folder("me/gguf", cache_folder()) / "m.gguf" and options.model.read_bytes() == BIG
    out, err = capsys.readouterr()
    stream = out if verb in ("chat", "threads") else err
    assert stream.startswith("[INFO] fetching m.gguf of HF://me/gguf, 0.0 MB, into ") and (out + err).count("\n") == 1
    named = Environment.read({"LLMPROC_MODEL": "HF://me/gguf/m.gguf"})
    assert parse("llmproc", more, named).model == options.model and "".join(capsys.readouterr()) == ""


def test_the_python_api_takes_one(hub: Hub, quick: Path, caplog: pytest.LogCaptureFixture) -> None:
    from llmproc import LLM

    hub.add("me/tiny", {path.name: path.read_bytes() for path in quick.parent.iterdir()})
    with LLM("HF://me/tiny/model.bin") as llm:
        assert llm.model == snapshot_folder("me/tiny", cache_folder()) / "model.bin"
    assert caplog.messages[0].startswith("fetching 3 files of HF://me/tiny, ")


@pytest.mark.parametrize("verb", ["chat", "batch", "threads", "compare-modes", "bench", "doctor"])
@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("HF://frob", 2, "HF://frob: must be HF://owner/name"),
        ("ollama:frob", 4, "ollama:frob:latest: model is not in Ollama's store"),
    ],
)
def test_mistakes_behind_model_are_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, verb: str, name: str,
    code: int, words: str,
) -> None:  # fmt: skip
    from llmproc.cli import main as llmproc

    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path))
    monkeypatch.setenv("LLMPROC_RUN_DIR", "none")
    more = {"batch": ["-"], "threads": ["1", "42", "Hi"]}.get(verb, [])
    assert llmproc([verb, *more, "--model", name]) == code
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"llmproc: {words}") and err.count("\n") == 1


def test_the_environment_may_name_one_too(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from llmproc.apps.chat.app import main as chat

    monkeypatch.setenv("LLMPROC_MODEL", "HF://frob")
    assert chat([], "chat") == UsageError.exit_code
    assert "must be HF://owner/name" in capsys.readouterr().err


def test_a_folder_compiled_for_mlc_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from llmproc.apps.chat.app import main as chat

    (tmp_path / "mlc-chat-config.json").write_text("{}")
    (tmp_path / "params_shard_0.bin").write_bytes(b"x")
    assert chat(["--model", str(tmp_path), "--run-dir", "none"], "chat") == 4
    err = capsys.readouterr().err
    assert "take the same model as safetensors or GGUF" in err and err.count("\n") == 1
