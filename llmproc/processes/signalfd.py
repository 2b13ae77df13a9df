"""Signals as a descriptor to read: nothing is interrupted, and each says whether a terminal or a program sent it.

Used by programs whose main thread waits for several things at once (`top`, `record`). Python has no name for
signalfd(2); the layout of what it gives is that of its manual page. What a signal means is for the reader to decide.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType

from llmproc.processes.system import libc

_SIGSET_BYTES = 128  # of glibc and musl; the kernel reads the first 8
_INFO = struct.Struct("=IiiI112x")  # ssi_signo, ssi_errno, ssi_code, ssi_pid, and 112 bytes that are not needed here
_SI_KERNEL = 0x80


@dataclass(frozen=True, slots=True)
class Caught:
    """One signal that came."""

    number: int
    typed: bool  # the kernel sent it: a key at the terminal, or the terminal has gone
    sender: int  # pid, 0 for the kernel


class SignalFd:
    """Blocks signals for this thread and those it starts, and gives them to the reader; `close()` unblocks them."""

    def __init__(self, numbers: Iterable[int]) -> None:
        """Block the signals and read them here. One that is ignored (nohup, a background job) stays ignored."""
        wanted = {number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN}
        mask = sum(1 << (number - 1) for number in wanted).to_bytes(_SIGSET_BYTES, "little")
        self.old_mask = signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
        self.fd: int = libc.signalfd(-1, mask, os.O_CLOEXEC | os.O_NONBLOCK)
        if self.fd < 0:
            number = ctypes.get_errno()
            signal.pthread_sigmask(signal.SIG_SETMASK, self.old_mask)
            raise OSError(number, os.strerror(number), "signalfd")

    def __enter__(self) -> SignalFd:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def fileno(self) -> int:
        """Return the descriptor, for select and poll."""
        return self.fd

    def read(self) -> list[Caught]:
        """Return all signals since the last call; [] when none came."""
        found: list[Caught] = []
        while True:
            try:
                data = os.read(self.fd, _INFO.size)
            except BlockingIOError:
                return found
            number, _, code, sender = _INFO.unpack(data)
            found.append(Caught(number, code == _SI_KERNEL, sender))

    def close(self) -> None:
        """Drop the signals that came and were not read, so that they do no harm now; twice is fine."""
        if self.fd >= 0:
            self.read()
            os.close(self.fd)
            self.fd = -1
            signal.pthread_sigmask(signal.SIG_SETMASK, self.old_mask)
