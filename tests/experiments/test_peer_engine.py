"""llama.cpp's engine alone: its command, its output, and what is told when it fails."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from llmproc.errors import StartError
from llmproc.experiments.against_llama_server import peer_engine
from llmproc.experiments.against_llama_server.options import CompareServersOptions

LINE = '{"n_kv_max": 4096, "pp": 64, "tg": 63, "pl": 16, "t_pp": 1.500000, "t_tg": 2.250000, "t": 3.750000}'


@pytest.fixture
def options(tmp_path: Path) -> CompareServersOptions:
    (tmp_path / "llama-server").touch()
    return CompareServersOptions(tmp_path / "llama-server", clients=16, prompt_tokens=64, new_tokens=64, threads=2)


def test_it_lies_beside_the_server(tmp_path: Path, options: CompareServersOptions) -> None:
    assert peer_engine.beside(options.llama_server) is None
    (tmp_path / peer_engine.NAME).touch()
    assert peer_engine.beside(options.llama_server) == tmp_path / peer_engine.NAME


def test_it_makes_the_steps_that_answers_take(options: CompareServersOptions) -> None:
    """The first id of an answer comes of reading the prompt."""
    words = peer_engine.command_of(Path("/bin/x"), options, Path("/m.gguf"))
    said = dict(zip(words[1::2], words[2::2], strict=True))
    assert (said["-npp"], said["-ntg"], said["-npl"], said["-t"], said["-c"]) == ("64", "63", "16", "2", "4096")


def test_its_time_is_found_among_lines_of_its_log() -> None:
    assert peer_engine.seconds_in(f"main: n_kv_max = 4096\n\n{LINE}\n\nllama_perf: 1\n") == 3.75
    with pytest.raises(ValueError, match="tells no time"):
        peer_engine.seconds_in("nothing\n{}\n")


def program(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_it_is_run(tmp_path: Path) -> None:
    assert peer_engine.run(program(f"print('log'); print({LINE!r})")) == 3.75
    assert peer_engine.run(program(f"import sys; print({LINE!r}, file=sys.stderr)")) == 3.75


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; sys.exit('cannot load')", "llama-batched-bench ended with status 1: cannot load"),
        ("raise SystemExit(3)", "llama-batched-bench ended with status 3: it said nothing"),
        ("print('hello')", "llama-batched-bench answered something else: it tells no time"),
        ('print(\'{"t": "soon"}\')', "llama-batched-bench answered something else: could not convert"),
        ("print('{\"t\": ')", "llama-batched-bench answered something else: Expecting value"),
    ],
)
def test_what_fails_is_one_line(code: str, said: str) -> None:
    with pytest.raises(StartError) as caught:
        peer_engine.run(program(code))
    assert str(caught.value).startswith(said) and "\n" not in str(caught.value)
