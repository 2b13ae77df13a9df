"""A started service, and the one way it ends: by close(), by being forgotten, or with the program.

Whatever the caller forgets, no process is left: `close` runs at the interpreter's exit too, and the kernel ends workers
and template when even that does not happen.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import threading
from pathlib import Path

import llmproc
from llmproc.config import EngineOptions
from llmproc.errors import ServiceClosedError, StartError
from llmproc.monitor.presence import PresenceFile
from llmproc.monitor.stderr_tail import stderr_tail
from llmproc.service.service import Service, ServiceConfig

_log = logging.getLogger("llmproc")
_log.addHandler(logging.NullHandler())  # quiet, unless the program wants to hear
_open: set[Running] = set()


class Running:
    """Start it by making it; `service` until close()."""

    def __init__(self, checkpoint: Path, workers: int, options: EngineOptions) -> None:
        """Returns when the first worker is ready. Raises StartError, CheckpointError: one line, nothing left."""
        self._pid, self._lock = os.getpid(), threading.Lock()
        self._output = os.memfd_create("llmproc-stderr", os.MFD_CLOEXEC)
        self._announcing = PresenceFile()
        try:
            config = ServiceConfig(checkpoint, workers, options, environment=_environment(), output_fd=self._output)
            self._service = Service(config, self._announcing, on_notice=lambda text: _log.warning("%s", text))
        except BaseException:
            os.close(self._output)
            raise
        _open.add(self)
        try:
            self._service.start()
            self._service.wait_ready()
        except StartError as error:
            self.close(keep_output=True)
            reason = stderr_tail(self._output)
            os.close(self._output)
            raise StartError(f"{error}: {reason}" if reason else str(error)) from None
        except BaseException:
            self.close()
            raise

    @property
    def service(self) -> Service:
        """To submit to. ServiceClosedError after close() and in a forked child."""
        if self._pid != os.getpid():
            raise ServiceClosedError(f"this LLM belongs to process {self._pid}: a forked process makes one of its own")
        if self not in _open:
            raise ServiceClosedError("this LLM has been closed")
        return self._service

    def close(self, keep_output: bool = False) -> None:
        """End every process of it, and wait. Requests under way end as cancelled. Again: nothing happens."""
        if self._pid != os.getpid():
            return
        with self._lock:
            if self in _open:
                self._service.close()
                self._announcing.close()
                _open.discard(self)
                if not keep_output:
                    os.close(self._output)

    def forgotten(self) -> None:
        """Nobody has it any more: end it from another thread, as this may be any, the service's own one too."""
        if self in _open and self._pid == os.getpid():
            with contextlib.suppress(RuntimeError):  # the interpreter ends, and _close_all with it comes
                threading.Thread(target=self.close, name="llmproc-close", daemon=True).start()


def _environment() -> dict[str, str]:
    """This process's, so that a fresh interpreter finds this very package, and no module of the current folder."""
    place = Path(llmproc.__file__).resolve().parents[1]
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    if place.name not in ("site-packages", "dist-packages"):
        paths.append(str(place))
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1"}


@atexit.register
def _close_all() -> None:
    for running in list(_open):
        running.close()
