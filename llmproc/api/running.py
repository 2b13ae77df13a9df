"""A started service, and the one way it ends: by close(), by being forgotten, or with the program.

Whatever the caller forgets, no process is left: `close` runs at the interpreter's exit too, and the kernel ends workers
and template when even that does not happen.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from llmproc.config import EngineOptions
from llmproc.errors import ServiceClosedError
from llmproc.monitor.presence import PresenceFile
from llmproc.monitor.stderr_tail import stderr_tail
from llmproc.service.config import ServiceConfig
from llmproc.service.service import Service
from llmproc.session.launch import Launch

_log = logging.getLogger("llmproc")
_log.addHandler(logging.NullHandler())  # quiet, unless the program wants to hear
_open: set[Running] = set()


class Running:
    """A service that runs from its making to `close()`."""

    def __init__(self, checkpoint: Path, workers: int, options: EngineOptions) -> None:
        """Return when the first worker is ready. Raises StartError, CheckpointError: one line, nothing left."""
        self._pid, self._lock = os.getpid(), threading.Lock()
        self._launch(checkpoint, workers, options)
        _open.add(self)
        try:
            self._service.start()
            self._service.wait_ready()
        except BaseException:
            self._service.close()  # a second Ctrl-C may come meanwhile: the interpreter's exit closes it then
            _open.discard(self)
            self._stack.__exit__(*sys.exc_info())  # raises a StartError again, with its reason
            raise

    def _launch(self, checkpoint: Path, workers: int, options: EngineOptions) -> None:
        """Make the service, and the order in which what belongs to it is closed."""
        with ExitStack() as stack:
            output = os.memfd_create("llmproc-stderr", os.MFD_CLOEXEC)
            stack.callback(os.close, output)
            presence = PresenceFile()
            stack.callback(presence.close)
            config = ServiceConfig(checkpoint, workers, options, output_fd=output)
            launch = Launch(
                config, presence, lambda: stderr_tail(output), on_notice=lambda text: _log.warning("%s", text)
            )
            self._service = stack.enter_context(launch).service
            self._stack = stack.pop_all()

    @property
    def service(self) -> Service:
        """Return the service, to submit to. ServiceClosedError after close() and in a forked child."""
        if self._pid != os.getpid():
            raise ServiceClosedError(f"this LLM belongs to process {self._pid}: a forked process makes one of its own")
        if self not in _open:
            raise ServiceClosedError("this LLM has been closed")
        return self._service

    def close(self) -> None:
        """End every process of it, and wait. Requests under way end as cancelled. A second call does nothing."""
        if self._pid != os.getpid():
            return
        with self._lock:
            if self in _open:
                self._service.close()
                _open.discard(self)
                self._stack.close()

    def forgotten(self) -> None:
        """Close it in another thread: the last reference has gone, in any thread, the service's own one too."""
        if self in _open and self._pid == os.getpid():
            with contextlib.suppress(RuntimeError):  # the interpreter ends, and _close_all with it comes
                threading.Thread(target=self.close, name="llmproc-close", daemon=True).start()


@atexit.register
def _close_all() -> None:
    for running in list(_open):
        running.close()
