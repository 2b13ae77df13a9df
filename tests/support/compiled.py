"""Programs of tests that compile functions of their own: what Numba made once is found again by the next run."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from llmproc.kernels import cache
from support.paths import PYTHONPATH


def _folder() -> Path:
    return Path(os.environ["XDG_CACHE_HOME"]) / "of-tests" / cache.key()


def function(name: str, arguments: str, python: Callable[..., None], source: str) -> tuple[Callable[..., None], str]:
    """Compile `python`, of the file `source`, as an entry of this name; return (its C function, its assembly).

    `arguments`: as those of an entry. What was made of the same kernels, settings and source is found again.
    """
    from llmproc.kernels import linking
    from llmproc.kernels.entries import ENTRIES, Entry

    ENTRIES[name] = Entry(name, arguments)
    place = _folder() / f"{name}-{sha256(Path(source).read_bytes()).hexdigest()[:16]}"
    code, assembly = place.with_suffix(".o"), place.with_suffix(".s")
    if not assembly.exists():
        _compile(name, python, code, assembly)
    return linking.link({name: code.read_bytes()})[name], assembly.read_text()


def _compile(name: str, python: Callable[..., None], code: Path, assembly: Path) -> None:
    """Write the object file, then the assembly: what is there is whole, also when two processes compile at once."""
    from llmproc.kernels import compiling
    from llmproc.kernels.registry import FUNCTIONS

    FUNCTIONS[name] = python
    compiling.only_final_code()
    module, machine = compiling.optimised(name)
    code.parent.mkdir(parents=True, exist_ok=True)
    made: list[tuple[Path, Any]] = [
        (code, machine.emit_object(module)),
        (assembly, str(machine.emit_assembly(module)).encode()),
    ]
    for path, data in made:
        new = path.with_name(f"{path.name}.{os.getpid()}")
        new.write_bytes(data)
        new.replace(path)


def environment(**more: str) -> dict[str, str]:
    """Return the environment of such a program. Its functions need `cache=True`.

    The folder is named as that of the kernels: Numba looks at the age of a function's own file, and not at what it
    calls.
    """
    return {**os.environ, "PYTHONPATH": PYTHONPATH, "NUMBA_CACHE_DIR": str(_folder()), **more}
