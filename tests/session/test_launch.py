"""One launch, with real processes: the end of a service, and the reason of a start that failed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from support.paths import ROOT

from llmproc.config import EngineOptions, shipped_file
from llmproc.errors import CheckpointError, StartError, TokenizerError, UsageError
from llmproc.monitor.stderr_tail import stderr_tail
from llmproc.service.config import ServiceConfig
from llmproc.session.launch import Launch
from llmproc.session.model_files import read_model_files
from llmproc.text.templates.registry import built_in_template

MODEL, TOKENIZER = shipped_file("model", "model.bin"), shipped_file("tokenizer", "tokenizer.bin")


@pytest.fixture
def launching() -> Callable[..., Launch]:
    """Launches of workers that only wait."""

    def launch(output: int, **environment: str) -> Launch:
        variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
        config = ServiceConfig(Path("unused"), work="wait", environment=variables, output_fd=output)
        return Launch(config, None, lambda: stderr_tail(output))

    return launch


@pytest.fixture
def output() -> object:
    fd = os.memfd_create("test-stderr")
    yield fd
    os.close(fd)


def test_the_workers_have_ended_and_are_told_of(launching: Callable[..., Launch], output: int) -> None:
    with launching(output) as launch:
        launch.service.start()
        assert launch.service.wait_ready(60)
        pids = [worker.pid for worker in launch.service.workers()]
        assert launch.exits == []
    assert [ended.pid for ended in launch.exits] == pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_failed_start_gets_the_last_line_that_the_children_wrote(
    launching: Callable[..., Launch], output: int, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os\nos.write(2, b'reading\\nthis machine has no room\\n')\nos._exit(1)\n"
    )
    with (
        pytest.raises(StartError, match=r"before it was ready \(exit status 1\): this machine has no room$"),
        launching(output, PYTHONPATH=f"{tmp_path}:{ROOT}") as launch,
    ):
        launch.service.start()
        launch.service.wait_ready(60)
    assert launch.exits == []


def test_a_failed_start_without_a_word_stays_as_it_is(
    launching: Callable[..., Launch], output: int, tmp_path: Path
) -> None:
    kill = f"import os\nos.kill(os.getpid(), {int(signal.SIGKILL)})\n"
    (tmp_path / "sitecustomize.py").write_text(kill)
    with (
        pytest.raises(StartError, match=r"^the template died before it was ready \(signal 9[^:]*\)$"),
        launching(output, PYTHONPATH=f"{tmp_path}:{ROOT}") as launch,
    ):
        launch.service.start()
        launch.service.wait_ready(60)


def test_an_error_of_the_caller_passes_and_ends_the_service(launching: Callable[..., Launch], output: int) -> None:
    with pytest.raises(KeyboardInterrupt), launching(output) as launch:
        launch.service.start()
        assert launch.service.wait_ready(60)
        raise KeyboardInterrupt
    assert [ended.was_ready for ended in launch.exits] == [True]


def test_model_files_fit_together(tmp_path: Path) -> None:
    files = read_model_files(MODEL, TOKENIZER)
    assert files.model.description.vocab_size == files.tokenizer.vocab_size
    assert files.template.name == files.tokenizer.template_name
    files.check_system("Be brief.")
    with pytest.raises(CheckpointError):
        read_model_files(tmp_path / "none.bin", TOKENIZER)
    with pytest.raises(TokenizerError):
        read_model_files(MODEL, tmp_path / "none.bin")


def test_a_template_without_a_place_refuses_a_system_message() -> None:
    files = read_model_files(MODEL, TOKENIZER, built_in_template("plain"))
    files.check_system(None)
    files.check_system("")
    with pytest.raises(UsageError, match=r"^--system cannot be used: the template plain has no place for a system me"):
        files.check_system("Be brief.")
    with pytest.raises(UsageError, match=r"^system cannot be used"):
        files.check_system("Be brief.", "system")


@pytest.mark.parametrize(("asked", "used"), [(None, 2048), (2, 2), (2048, 2048), (2049, 2048), (1 << 20, 2048)])
def test_a_context_beyond_the_checkpoint_is_cut_and_said(asked: int | None, used: int) -> None:
    files, options = read_model_files(MODEL, TOKENIZER), EngineOptions(context=asked)
    assert files.model.description.seq_len == 2048 and files.context(options) == used
    notice = f"--context is {asked}: {MODEL} has 2048 positions, so 2048 are used"
    assert files.cut_context(options) == (notice if used != (asked or used) else "")
