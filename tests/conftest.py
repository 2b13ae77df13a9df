"""Fixtures every room shares: the shared test data and the check that a test leaves nothing behind."""

from __future__ import annotations

import faulthandler
import os
import signal
import tempfile
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from support.hub_fixtures import heard, hub, hub_server  # noqa: F401  # fixtures
from support.models import write_quick, write_slow
from support.paths import DATA
from support.processes import children

SOAK_S = 3600
LEAVING_S = 10.0  # what a busy machine may take to end a thread or to close a descriptor

# Tests never touch the user's home. Compiled kernels are kept from run to run; everything else is a test's own, or at
# least its process's: with pytest-xdist two run side by side.
_PLACE = Path(tempfile.gettempdir()) / f"llmproc-tests-{os.geteuid()}"
_OWN = _PLACE / os.environ.get("PYTEST_XDIST_WORKER", "main")
os.environ.update(XDG_CACHE_HOME=str(_PLACE), XDG_STATE_HOME=str(_OWN / "state"))
for _name in [name for name in os.environ if name.startswith(("LLMPROC_", "HF_", "HUGGINGFACE_", "OLLAMA_"))]:
    del os.environ[_name]
os.environ["XDG_RUNTIME_DIR"] = str(_OWN / "runtime")  # nor announce themselves to the user's `llmproc top`
for _name in ("COLUMNS", "LINES"):  # pytest-xdist's processes have them, and they would win over a terminal's size
    os.environ.pop(_name, None)
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of programs are started: a third of a second for each
(_OWN / "runtime").mkdir(parents=True, exist_ok=True)

# A shell ignores these for what a script starts in the background, and every child of ours would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # `nohup` ignores it


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of shared test data (a real tokenizer, tiny checkpoints); skips where it is absent."""
    if not DATA.is_dir():
        pytest.skip("shared test data is not beside this checkout")
    return DATA


@pytest.fixture(scope="session")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model of 44 MB, 3 to 10 ms a token, with a tokenizer beside it."""
    return write_slow(tmp_path_factory.mktemp("slow"))


@pytest.fixture(scope="session")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model that takes well under a millisecond a token, with a tokenizer beside it."""
    return write_quick(tmp_path_factory.mktemp("quick"))


def _fds() -> dict[int, str]:
    found = {}
    for fd in os.listdir("/proc/self/fd"):
        try:
            found[int(fd)] = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            continue
    return found


def _shared_memory() -> set[str]:
    """Named shared memory of the whole machine, less what other programs' multiprocessing comes and goes with."""
    return {name for name in os.listdir("/dev/shm") if not name.startswith(("sem.mp-", "torch_", "psm_"))}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Escape lone surrogates in what a test printed or logged: pytest-xdist ends the whole run where one is sent."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture(autouse=True)
def time_for_soak(request: pytest.FixtureRequest) -> None:
    """A test of the default tier that takes two minutes hangs (see pyproject.toml); the big counts may take an hour."""
    if request.node.get_closest_marker("soak"):
        faulthandler.cancel_dump_traceback_later()
        faulthandler.dump_traceback_later(SOAK_S, exit=True)


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """After each test: no extra children, file descriptors, threads or /dev/shm entries."""
    before, fds, threads, shm = set(children()), _fds(), set(threading.enumerate()), _shared_memory()
    yield
    extra_threads = [t for t in threading.enumerate() if t not in threads]
    for thread in extra_threads:
        thread.join(LEAVING_S)
    assert not [t for t in extra_threads if t.is_alive()], "threads left"
    assert not set(children()) - before, "child processes left"
    end = time.monotonic() + LEAVING_S
    while (left := {fd: name for fd, name in _fds().items() if fd not in fds}) and time.monotonic() < end:
        time.sleep(0.01)  # a service that serves several tests may be looking at its worker just now
    assert not left, f"file descriptors left: {left}"
    while (named := _shared_memory() - shm) and time.monotonic() < end:
        time.sleep(0.01)  # the folder is the machine's: a test beside this one may hold something for a moment
    assert not named, f"shared memory left: {named}"
