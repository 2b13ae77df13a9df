"""The near end of the clients' process: a load in, what became of it out.

Used by experiments, which hold one of these for all servers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from llmproc.experiments.http_load.line_process import LineProcess
from llmproc.experiments.http_load.prompts import PATH
from llmproc.experiments.http_load.streamed import StreamedAnswer

_LIMIT_S = 900.0


@dataclass(frozen=True, slots=True)
class DrivenLoad:
    """One load on one server. `seconds`: from the first request to the last answer's end; `client_s`: clients' CPU."""

    seconds: float
    client_s: float
    answers: Sequence[StreamedAnswer]


class LoadClient:
    """The process of the clients; `close()` it, or use it in a `with`."""

    def __init__(self) -> None:
        """Start it."""
        self._process = LineProcess("llmproc.experiments.http_load.client_process")

    def __enter__(self) -> LoadClient:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Return its pid."""
        return self._process.pid

    def drive(self, port: int, bodies: Sequence[Sequence[str]], limit_s: float = _LIMIT_S) -> DrivenLoad:
        """Send each client's requests; return when all have ended. StartError when the process died."""
        order = {"port": port, "path": PATH, "bodies": [list(own) for own in bodies], "limit_s": limit_s}
        found = self._process.ask(order)
        answers = [StreamedAnswer(**answer) for own in found["answers"] for answer in own]
        return DrivenLoad(found["seconds"], found["cpu_s"], answers)

    def close(self) -> None:
        """End it."""
        self._process.close()
