"""Starts processes that compile (`compile_process`), and collects the object files they write.

Used by `build`. The process that calls this keeps its one thread: compilers are executed, not forked, and read in turn.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from llmproc.errors import StartError, require_package
from llmproc.kernels import environment
from llmproc.kernels.compile_process import FRAME

_PROGRAM = Path(__file__).with_name("compile_process.py")
_MOST = 2  # processes: one entry takes most of the time, the others share the second


def compile_objects(names: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield (name, object file) of every entry, as they are ready.

    StartError when a compiler dies before it has written all of its own, or cannot be started; UsageError and
    StartError for settings that no compiler can work with.
    """
    with _compilers(_shares(names)) as running, selectors.DefaultSelector() as selector:
        for compiler, share in running:
            selector.register(compiler.stdout, selectors.EVENT_READ, (compiler, set(share), bytearray()))
        while selector.get_map():
            for key, _ in selector.select():
                compiler, missing, buffer = key.data
                data = os.read(key.fd, 1 << 16)
                buffer += data
                for name, code in _frames(buffer):
                    missing.discard(name)
                    yield name, code
                if not data:
                    selector.unregister(key.fileobj)
                    _judge(compiler, missing)


def _shares(names: list[str]) -> list[list[str]]:
    """Return the entries of each compiler: the first, which takes longest, for one; where there is a second CPU."""
    several = len(os.sched_getaffinity(0)) > 1 and len(names) > 1 and names[0] == "serve"
    return [names[:1], names[1:]][:_MOST] if several else [names]


@contextmanager
def _compilers(shares: list[list[str]]) -> Iterator[list[tuple[Any, list[str]]]]:
    """Start a process for every share; none is left afterwards."""
    variables = {**os.environ, **environment.settings()}
    running: list[tuple[Any, list[str]]] = []
    pipe = subprocess.PIPE
    try:
        for share in shares:
            command = [sys.executable, str(_PROGRAM), *share]
            running.append((subprocess.Popen(command, stdin=pipe, stdout=pipe, env=variables), share))
        yield running
    except OSError as error:
        raise StartError(f"the compiler of the kernels cannot be started: {error.strerror}") from None
    finally:
        for compiler, _ in running:
            compiler.kill()
            compiler.wait()
            compiler.stdin.close()
            compiler.stdout.close()


def _frames(buffer: bytearray) -> Iterator[tuple[str, bytes]]:
    """Take whole frames from the front of a buffer."""
    while len(buffer) >= FRAME.size:
        name, code = FRAME.unpack_from(buffer)
        end = FRAME.size + name + code
        if len(buffer) < end:
            return
        yield buffer[FRAME.size : FRAME.size + name].decode(), bytes(buffer[FRAME.size + name : end])
        del buffer[:end]


def _judge(compiler: Any, missing: set[str]) -> None:
    """StartError unless a compiler whose output has ended has written everything."""
    if missing:
        code = compiler.wait()
        require_package("numba")
        ended = f"signal {-code}" if code < 0 else f"exit status {code}"
        raise StartError(f"the kernels could not be compiled: the compiler ended with {ended}")
