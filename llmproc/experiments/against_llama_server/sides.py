"""How each server is started on a model: command lines. Pure.

Sources of the flags: `llama-server --help` of the tree inside llama-cpp-python 0.3.36; that package's server settings.
llama-server divides its context among its sequences, so it gets that of all together. What is not named here is as each
server has it by default.
"""

from __future__ import annotations

from pathlib import Path

from llmproc.experiments.against_llama_server.options import CompareServersOptions
from llmproc.experiments.http_load.cpu_times import CpuUse, TreeReading, by_process, by_thread, total
from llmproc.experiments.http_load.driving import HOST
from llmproc.experiments.http_load.server_process import ServerPlan
from llmproc.files.interpreter import child_command, child_environment

OWN, PEER, PYTHON = "llmproc", "llama-server", "llama-cpp-python"


def own_plan(model: Path, folder: Path, sequences: int, threads: int, context: int, fixed: bool) -> ServerPlan:
    """Return how ours is started; its logs go into a folder."""
    options = ["--model", model, "--sequences", sequences, "--threads", threads, "--context", context]
    words = child_command("llmproc", "serve", *map(str, options), *(["--fixed-threads"] if fixed else []))
    environment = {**child_environment(), "LLMPROC_RUN_DIR": str(folder / "runs")}
    return ServerPlan(OWN, words, "/health", by_process, environment)


def plans_of(options: CompareServersOptions, model: Path, folder: Path) -> list[ServerPlan]:
    """Return ours, llama-server, and llama-cpp-python's where there is an interpreter for it."""
    own = own_plan(model, folder, options.clients, options.threads, options.context, options.fixed_threads)
    found = [own, _llama_server(options, model)]
    if options.python is not None:
        found.append(_llama_cpp_python(options, options.python, model))
    return found


def _llama_server(options: CompareServersOptions, model: Path) -> ServerPlan:
    threads = options.threads
    words = [
        options.llama_server.resolve(), "-m", model, "-np", options.clients, "-cb", "-t", threads, "-tb", threads,
        "-c", options.clients * options.context, "--host", HOST,
    ]  # fmt: skip

    def parted(before: TreeReading, after: TreeReading, pid: int) -> CpuUse:
        return by_thread(before, after, threads)

    return ServerPlan(PEER, [str(word) for word in words], "/health", parted)


def _llama_cpp_python(options: CompareServersOptions, python: Path, model: Path) -> ServerPlan:
    words = [
        python.absolute(), "-m", "llama_cpp.server", "--model", model, "--n_ctx", options.context,
        "--n_threads", options.threads, "--n_threads_batch", options.threads, "--host", HOST,
    ]  # fmt: skip

    def parted(before: TreeReading, after: TreeReading, pid: int) -> CpuUse:
        return total(before, after)

    return ServerPlan(PYTHON, [str(word) for word in words], "/v1/models", parted)
