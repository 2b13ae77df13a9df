"""The ranks that run a forward pass together: threads that stay in compiled code and sleep while nothing is to do.

Used by `forward`. A step begins with `start` and ends with `wait`; what it is stands in the model's record, which all
ranks read. Compiled code releases the GIL, and ranks agree by words in shared memory (`kernels.tickets`), so that ranks
in processes of their own do as well.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from llmproc.kernels import calls


class Team(Protocol):
    """Ranks over one model's record."""

    def start(self) -> None:
        """Let the ranks in use run the step that the record describes."""

    def wait(self) -> None:
        """Return when the step is done. A leading caller is rank 0 meanwhile."""

    def close(self) -> None:
        """End the ranks, once `stop` stands in the step's record."""

    @property
    def tasks(self) -> list[int]:
        """Return the kernel's numbers of the ranks' threads, rank 0 first."""


class ThreadTeam:
    """Ranks as threads of this process; a `Team`."""

    def __init__(self, record: int, ranks: int, leads: bool) -> None:
        """Start the threads. `record`: address of the model's record; `leads`: the thread that waits is rank 0.

        NotLoadedError when the kernels have not been loaded.
        """
        self._record, self._leads = record, leads
        self._serve = calls.linked("serve")
        self._open_gate, self._wait_until_done = calls.linked("open_gate"), calls.linked("wait_until_done")
        followers = range(1 if leads else 0, ranks)
        self._threads = [threading.Thread(target=self._rank, args=(rank,), daemon=True) for rank in followers]
        for thread in self._threads:
            thread.start()

    @property
    def tasks(self) -> list[int]:
        """Return the kernel's numbers of the ranks' threads; a leading caller stands for rank 0."""
        own = [threading.get_native_id()] if self._leads else []
        return own + [thread.native_id for thread in self._threads if thread.native_id is not None]

    def start(self) -> None:
        """Open the gate, unless the caller comes to it itself in `wait`."""
        if not self._leads:
            self._open_gate(self._record)

    def wait(self) -> None:
        """Run the step as rank 0, or sleep until it is done."""
        if self._leads:
            self._serve(self._record, 0, 1)
        else:
            self._wait_until_done(self._record)

    def close(self) -> None:
        """End the threads. Nothing may be started afterwards."""
        if self._threads:
            self._open_gate(self._record)
            for thread in self._threads:
                thread.join()
            self._threads = []

    def _rank(self, rank: int) -> None:
        task = threading.get_native_id()
        with suppress(OSError):  # a name is only for those who look
            Path(f"/proc/self/task/{task}/comm").write_text(f"rank-{rank}")
        self._serve(self._record, rank, 0)
