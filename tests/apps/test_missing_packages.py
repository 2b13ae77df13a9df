"""A package that is not installed is one line with the command that installs it, wherever the program is entered."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.own_models import write_own_gguf
from support.paths import ROOT

from llmproc.errors import MissingPackageError, missing_package

# As if the package of this name were not installed, in this process and in its children.
_BLOCK = """import os, sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] == os.environ['MISSING']:
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)
sys.meta_path.insert(0, Block())
"""


@pytest.fixture(scope="module")
def block(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("block")
    (folder / "sitecustomize.py").write_text(_BLOCK)
    return folder


def run(block: Path, missing: str, *command: str, text: str = "Hi\n") -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LLMPROC_", "PYTHON"))}
    environment = {**kept, "PYTHONPATH": f"{block}:{ROOT}", "MISSING": missing, "LLMPROC_RUN_DIR": "none"}
    return subprocess.run(
        [sys.executable, *command], cwd=block, env=environment, input=text, capture_output=True, text=True, timeout=60
    )


def line(package: str) -> str:
    return f"{package} is not installed; install it with: {sys.executable} -m pip install {package}"


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "llmproc.main"),
        ("-m", "llmproc", "chat"),
        ("-m", "llmproc", "batch", "-"),
        ("-m", "llmproc", "threads", "1", "42", "Hi"),
        ("-m", "llmproc", "compare-modes"),
        ("-m", "llmproc", "top", "--once"),
        ("-P", "-c", "from llmproc.__main__ import run; run()", "chat"),
    ],
    ids=lambda command: " ".join(command[1:3]),
)
def test_without_msgspec(block: Path, command: tuple[str, ...]) -> None:
    done = run(block, "msgspec", *command)
    assert (done.returncode, done.stdout, done.stderr) == (3, "", f"llmproc: {line('msgspec')}\n")


@pytest.mark.parametrize(
    "command", [("-m", "llmproc.main"), ("-m", "llmproc", "batch", "-"), ("-m", "llmproc", "doctor")]
)
@pytest.mark.parametrize("missing", ["tokenizers", "jinja2"])
def test_what_only_models_with_their_own_text_need(block: Path, missing: str, command: tuple[str, ...]) -> None:
    model = block / "own.gguf"
    if not model.exists():
        write_own_gguf(model)
    done = run(block, missing, *command, "--model", str(model))
    if command[-1] == "doctor":
        assert done.returncode == 1 and f"fail  tokenizer        {model}: cannot be read" in done.stdout
        assert f"                       {line(missing)}\n" in done.stdout
    else:
        assert (done.returncode, done.stdout, done.stderr) == (3, "", f"llmproc: {line(missing)}\n")


@pytest.mark.parametrize("command", [("fetch", "o/n"), ("fetch", "course"), ("chat", "--model", "HF://o/n")])
def test_without_huggingface_hub(block: Path, command: tuple[str, ...]) -> None:
    done = run(block, "huggingface_hub", "-m", "llmproc", *command)
    assert (done.returncode, done.stdout, done.stderr) == (3, "", f"llmproc: {line('huggingface_hub')}\n")
    assert run(block, "huggingface_hub", "-m", "llmproc", "fetch", "--list").returncode == 0


def test_bench_serve_without_httpx(block: Path) -> None:
    done = run(block, "httpx", "-m", "llmproc", "bench", "serve", "--url", "http://127.0.0.1:9")
    assert (done.returncode, done.stdout, done.stderr) == (3, "", f"llmproc: {line('httpx')}\n")


def test_help_needs_no_package(block: Path) -> None:
    done = run(block, "msgspec", "-m", "llmproc", "--help")
    assert (done.returncode, done.stderr) == (0, "")


def test_what_only_the_template_needs(block: Path) -> None:
    done = run(block, "numpy", "-m", "llmproc.main")
    assert done.returncode == 3 and line("numpy") in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["LLM", "SamplingParams"])
def test_the_api(block: Path, name: str) -> None:
    code = f"try:\n    from llmproc import {name}\nexcept ImportError as error:\n    print(error, '|', error.name)"
    done = run(block, "msgspec", "-c", code)
    wanted = f"llmproc.{name} cannot be imported: {line('msgspec')} | msgspec\n" if name == "LLM" else ""
    assert (done.returncode, done.stdout) == (0, wanted), done.stderr


@pytest.mark.parametrize("tool", ["plot_cpu.py", "plot_timing.py"])
@pytest.mark.parametrize("missing", ["msgspec", "matplotlib", "pandas"])
def test_tools(block: Path, tool: str, missing: str) -> None:
    done = run(block, missing, str(ROOT / "tools" / tool), str(ROOT / "logs" / "example"), "-o", str(block / "x.png"))
    if done.returncode:
        assert missing in done.stderr and "pip install" in done.stderr and done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_only_packages_that_we_ask_for_are_ours() -> None:
    found = missing_package(ModuleNotFoundError("No module named 'numpy.linalg'", name="numpy.linalg"))
    assert isinstance(found, MissingPackageError) and str(found) == line("numpy")
    assert missing_package(ModuleNotFoundError("No module named 'llmproc.x'", name="llmproc.x")) is None
    assert missing_package(ModuleNotFoundError("odd")) is None
    assert missing_package(ImportError("cannot import name", name="numpy")) is None


def test_the_compiler_without_numba(block: Path, quick: Path, tmp_path: Path) -> None:
    code = "from llmproc.__main__ import run; import os; os.environ['XDG_CACHE_HOME'] = os.environ['EMPTY']; run()"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LLMPROC_", "PYTHON"))}
    environment = {**kept, "PYTHONPATH": f"{block}:{ROOT}", "MISSING": "numba", "EMPTY": str(tmp_path)}
    command = [sys.executable, "-P", "-c", code, "batch", "-", "--model", str(quick), "--run-dir", "none"]
    done = subprocess.run(command, env=environment, input="Hi\n", capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (3, "") and done.stderr == f"llmproc: {line('numba')}\n"


@pytest.mark.parametrize("package", ["numpy", "llvmlite"])
def test_benchs_arm(block: Path, package: str) -> None:
    asked = ("--shape", "tiny", "-p", "4", "-n", "2", "--repeat", "1")
    done = run(block, package, "-m", "llmproc", "bench", *asked)
    assert (done.returncode, done.stdout) == (3, "") and done.stderr.splitlines()[-1] == f"llmproc: {line(package)}"


def test_a_tool_names_the_package_behind_another_one(block: Path) -> None:
    log = ROOT / "tests" / "report" / "example" / "proc.log"
    done = run(block, "numpy", str(ROOT / "tools" / "plot_cpu.py"), str(log))
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "numpy is missing: python3 -m pip install -e . in the checkout"
