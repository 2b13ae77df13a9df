"""How a client program is driven: names of cases come on standard input, one JSON line for each goes to output.

    program -> {"version": "3.57.0", "cases": ["chat", ...]}
    chat    -> {"result": ...}  or  {"raised": "NotFoundError", "status": 404, "message": "..."}

Used by the programs beside it, each in its client's own environment. It must not import anything of this project, nor
anything that a client would have to bring.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

Case = Callable[[], Any]  # what it returns, or what its coroutine gives, becomes JSON


def outcome(case: Case, runner: asyncio.Runner) -> dict[str, Any]:
    """Run a case; an exception of the client is an outcome like another."""
    try:
        result = case()
        if inspect.iscoroutine(result):
            result = runner.run(result)
    except Exception as error:
        status = getattr(error, "status_code", None)
        return {"raised": type(error).__name__, "status": status, "message": str(error)[:2000]}
    return {"result": result}


def serve(package: str, cases: dict[str, Case]) -> None:
    """Answer names on standard input until it ends. `package`: whose version is told."""
    out = sys.stdout
    sys.stdout = sys.stderr  # what a client prints is not an answer
    print(json.dumps({"version": version(package), "cases": list(cases)}), file=out, flush=True)
    with asyncio.Runner() as runner:  # one loop: clients keep connections that belong to it
        for line in sys.stdin:
            print(json.dumps(outcome(cases[line.strip()], runner)), file=out, flush=True)


def named(*cases: Case) -> dict[str, Case]:
    """Return cases by their functions' names."""
    return {case.__name__: case for case in cases}
