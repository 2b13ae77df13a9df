"""The Python API's beginning and end: whatever goes wrong or is forgotten, one typed line, and no process left."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from api.opening import LONG, SHORT, busy, open_model
from support.paths import ROOT
from support.processes import children
from support.programs import program
from support.waiting import until

from llmproc import LLM
from llmproc.errors import (
    CheckpointError,
    LlmprocError,
    ServiceClosedError,
    StartError,
    TokenizerError,
    UsageError,
)

# -- the package ----------------------------------------------------------------------------------------------------


def test_the_package_shows_what_it_exports_and_imports_it_when_asked() -> None:
    code = (
        "import sys, llmproc; assert 'llmproc.config' not in sys.modules;"
        "assert {'LLM', 'SamplingParams'} <= set(dir(llmproc));"
        "from llmproc import *; import llmproc.api as api;"
        "assert LLM is llmproc.LLM is api.LLM and SamplingParams is api.SamplingParams;"
        "print([name for name in ('numba', 'numpy', 'pandas', 'llmproc.kernels') if name in sys.modules]);"
        "llmproc.nothing"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]" and "has no attribute 'nothing'" in done.stderr


def test_type_checkers_see_the_exports(tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text(
        "from llmproc import LLM, SamplingParams\n"
        "def ask(llm: LLM) -> str:\n    return llm.generate('a', SamplingParams(seed=1))[0].text\n"
        "def wrong(llm: LLM) -> int:\n    return llm.generate('a')[0].text\n"
    )
    command = [sys.executable, "-m", "mypy", "--follow-imports=silent", "--cache-dir", str(tmp_path), "user.py"]
    environment = {**os.environ, "MYPYPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stdout.startswith("user.py:5: error: Incompatible return value"), done.stdout + done.stderr
    assert "Found 1 error in 1 file" in done.stdout


# -- the beginning --------------------------------------------------------------------------------------------------


def test_what_cannot_start_says_why_in_one_line(tmp_path: Path, quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "text.bin").write_text("not a model at all")
    cases: list[tuple[type[LlmprocError], str, dict[str, object]]] = [
        (CheckpointError, "nothing.bin", {"model": tmp_path / "nothing.bin"}),
        (CheckpointError, "text.bin", {"model": tmp_path / "text.bin"}),
        (TokenizerError, "text.bin", {"tokenizer": tmp_path / "text.bin"}),
        (UsageError, "workers is 65", {"workers": 65}),
        (UsageError, "workers is 0", {"workers": 0}),
        (UsageError, "threads is -1", {"threads": -1}),
        (UsageError, "sequences is 0", {"sequences": 0}),
        (UsageError, "kv-type is q8", {"kv_type": "q8"}),
        (UsageError, "weights is int3", {"weights": "int3"}),
        (UsageError, "context is 1", {"context": 1}),
        (UsageError, "a file name is missing", {"model": ""}),
    ]
    for kind, words, options in cases:
        with pytest.raises(kind) as caught:
            LLM(**options)  # type: ignore[arg-type]
        assert words in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(TypeError, match="temprature"):
        LLM(temprature=1)  # type: ignore[call-arg]


def test_a_template_that_dies_at_once_is_a_start_error_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho first >&2\necho the interpreter is broken >&2\nexit 7\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(StartError, match=r"exit status 7.*the interpreter is broken$"):
        LLM()


def test_files_come_from_the_environment_and_the_argument_wins(quick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMPROC_MODEL", str(quick))
    monkeypatch.setenv("LLMPROC_TOKENIZER", str(quick.with_name("tokenizer.bin")))
    with LLM(context=100) as llm:
        assert (llm.model, llm.tokenizer, llm.context) == (quick, quick.with_name("tokenizer.bin"), 100)
        assert llm.generate("go on", SHORT)[0].new_tokens == 5
    monkeypatch.setenv("LLMPROC_MODEL", "/does/not/exist")
    for model, name in ((None, "/does/not/exist"), ("/nor/this", "/nor/this")):
        with pytest.raises(CheckpointError, match=name):
            LLM(model)


def test_it_works_from_anywhere_beside_any_module(tmp_path: Path) -> None:
    """Found through sys.path alone, in a folder whose modules have the names of the standard library's."""
    for name in ("queue.py", "socket.py", "numpy.py"):
        (tmp_path / name).write_text("raise SystemExit('the wrong module')\n")
    code = f"""
    import sys
    sys.path[:] = [path for path in sys.path if path] + [{str(ROOT)!r}]
    from llmproc import LLM, SamplingParams
    with LLM() as llm:
        print(llm.generate("What is the capital of France?", SamplingParams(temperature=0))[0].text)
    """
    ended = program(code, tmp_path, place=False)
    assert (ended.code, ended.out, ended.err) == (0, "The capital of France is Paris.\n", "") and not ended.left


# -- the end --------------------------------------------------------------------------------------------------------


def test_after_close_everything_says_so(quick: Path) -> None:
    llm = open_model(quick)
    session = llm.session(params=SHORT)
    assert session.ask("go on").ok
    llm.close()
    llm.close()
    for late in (lambda: llm.generate("a"), lambda: llm.stream("a"), llm.session, lambda: session.ask("a")):
        with pytest.raises(ServiceClosedError):
            late()
    assert not llm.generate([])


def test_closing_from_another_thread_ends_what_is_under_way(slow: Path) -> None:
    llm = open_model(slow, sequences=2)
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(llm.generate, ["go on"] * 4, LONG)
        until(lambda: busy(llm))
        list(pool.map(lambda _: llm.close(), range(2)))
        results = waiting.result(20)
    assert [(r.finish_reason, r.error, r.ok) for r in results] == [("cancelled", "the service was closed", False)] * 4
    assert any(result.text for result in results), "what was written stays"


def test_a_forgotten_model_ends_with_its_last_reference(quick: Path) -> None:
    before = set(children())
    llm = open_model(quick)
    cycle = [llm]
    cycle.append(cycle)  # type: ignore[arg-type]  # only the garbage collector can find it
    session = llm.session(params=SHORT)
    del llm, cycle
    gc.collect()
    assert session.ask("go on").ok, "a session keeps it"
    assert set(children()) > before
    del session
    gc.collect()
    until(lambda: set(children()) == before)
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith("llmproc")])


@pytest.mark.parametrize("ending", ["1 / 0", "stream = llm.stream('a'); next(stream)"])
def test_a_program_that_never_closes_leaves_nothing(tmp_path: Path, ending: str) -> None:
    code = "from llmproc import LLM\nllm = LLM()\nassert llm.generate('What is a pipe?')[0].ok\n" + ending
    ended = program(code, tmp_path, patience_s=0)  # they have ended before the program has
    assert not ended.left and ended.out == "" and list(tmp_path.iterdir()) == []
    assert (ended.code, ended.err.count("Traceback")) == ((1, 1) if ending == "1 / 0" else (0, 0))
    assert ended.err == "" or ended.code == 1


def test_a_killed_program_leaves_nothing(tmp_path: Path) -> None:
    code = "import os, signal; from llmproc import LLM; llm = LLM(); os.kill(os.getpid(), signal.SIGKILL)"
    ended = program(code, tmp_path)
    assert ended.code == -signal.SIGKILL and not ended.left


def test_ctrl_c_cancels_all_and_the_model_goes_on(tmp_path: Path, slow: Path) -> None:
    code = f"""
    import time
    from llmproc import LLM, SamplingParams
    llm = LLM({str(slow)!r}, {str(slow.with_name("tokenizer.bin"))!r}, sequences=2)
    began = time.monotonic()
    session = llm.session(params=SamplingParams(max_tokens=3))
    try:
        print("asking", flush=True)
        llm.generate(["go on"] * 20, SamplingParams(temperature=0, max_tokens=900))
    except KeyboardInterrupt:
        print("interrupted", len(llm.generate(["go on"] * 3, SamplingParams(temperature=0, max_tokens=4))))
    print(session.ask("go on").finish_reason, time.monotonic() - began < 20)
    """
    ended = program(code, tmp_path, interrupt_at="asking")
    assert (ended.code, ended.out, ended.err, ended.left) == (0, "interrupted 3\nlength True\n", "", [])


def test_ctrl_c_while_it_loads_leaves_nothing(tmp_path: Path) -> None:
    code = """
    import threading, time
    from llmproc import LLM
    try:
        print("starting", flush=True)
        while True:
            LLM().close()
    except KeyboardInterrupt:  # maybe in the middle of close(), which another thread then completes
        deadline = time.monotonic() + 20
        while threading.active_count() > 1 and time.monotonic() < deadline:  # one being started cannot be joined yet
            time.sleep(0.01)
        print("interrupted", threading.active_count())
    """
    ended = program(code, tmp_path, interrupt_at="starting")
    assert (ended.out, ended.err, ended.left) == ("interrupted 1\n", "", [])
    # Python ends by the signal where Ctrl-C passed through `exec` of a text, as dataclasses do it, caught or not.
    assert ended.code in (0, -signal.SIGINT)


def test_ctrl_c_without_a_handler_ends_the_program(tmp_path: Path, slow: Path) -> None:
    code = f"""
    from llmproc import LLM, SamplingParams
    llm = LLM({str(slow)!r}, {str(slow.with_name("tokenizer.bin"))!r})
    for piece in llm.stream("go on", SamplingParams(temperature=0, max_tokens=900)):
        print("piece", flush=True)
    """
    ended = program(code, tmp_path, interrupt_at="piece")
    assert ended.code == -signal.SIGINT and not ended.left
    assert ended.err.count("Traceback") == 1 and ended.err.rstrip().endswith("KeyboardInterrupt")


def test_a_notebook_has_a_running_loop_and_may_block_it(tmp_path: Path) -> None:
    code = """
    import asyncio
    from llmproc import LLM, SamplingParams
    async def cell():
        llm = LLM()
        print(llm.generate("What is 3 plus 4?", SamplingParams(temperature=0))[0].text)
        print((await llm.agenerate("What is 3 plus 4?", SamplingParams(temperature=0)))[0].text)
    asyncio.run(cell())
    """
    ended = program(code, tmp_path)
    assert (ended.code, ended.out, ended.err, ended.left) == (0, "3 + 4 is 7.\n" * 2, "", [])


def test_the_thread_that_made_it_may_end(quick: Path) -> None:
    made: list[LLM] = []
    thread = threading.Thread(target=lambda: made.append(open_model(quick)))
    thread.start()
    thread.join()
    with made[0] as llm:
        assert llm.generate("go on", SHORT)[0].ok


def test_a_forked_child_has_only_a_picture_of_it(tmp_path: Path, quick: Path) -> None:
    code = f"""
    import os, sys, threading
    from llmproc import LLM, SamplingParams
    from llmproc.errors import ServiceClosedError
    short = SamplingParams(temperature=0, max_tokens=5)
    llm = LLM({str(quick)!r}, {str(quick.with_name("tokenizer.bin"))!r})
    stream = llm.stream("go on", SamplingParams(temperature=0, max_tokens=400))
    text = next(stream)
    lock, held, done = llm._running.service._supervisor._post_lock, threading.Event(), threading.Event()
    def hold():
        with lock:
            held.set()
            done.wait()
    holder = threading.Thread(target=hold)
    holder.start()  # as any thread may hold any lock at the moment of a fork
    held.wait()
    child = os.fork()
    if child == 0:
        try:
            llm.generate("a")
        except ServiceClosedError as error:
            print(error, flush=True)
        llm.close()
        del stream, llm
        os._exit(5)
    done.set()
    status = os.waitpid(child, 0)[1]
    "".join(stream)
    print(os.waitstatus_to_exitcode(status), stream.result.new_tokens, llm.generate("a", short)[0].ok)
    """
    ended = program(code, tmp_path)
    assert "belongs to process" in ended.out and ended.out.endswith("5 400 True\n") and not ended.left
