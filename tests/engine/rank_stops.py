"""Where a traced team's ranks are told to stop (`kernels.trace.stop_here`), and how they go on."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Callable

from llmproc.engine.forward import Forward
from llmproc.kernels.sizes import RANK_LINES, STOP_AT
from llmproc.simd.layout import LINE

Stops = Callable[[], None]  # lets the one that was stopped go on
AT_GATE, WITH_TICKET, IN_PORTION, AFTER_LAST = range(1, 5)
_FUTEX = {"x86_64": 202, "aarch64": 98, "riscv64": 98, "ppc64le": 221, "s390x": 238}
_libc = ctypes.CDLL(None, use_errno=True)


def _word(rank: int) -> int:
    """Index of the rank's word among the team's int32."""
    return (RANK_LINES + rank * LINE + STOP_AT) // 4


def stop_at(forward: Forward, rank: int, where: int) -> None:
    """Let a rank stay as soon as it comes there."""
    forward.workspace.team_words[_word(rank)] = where


def clear_stops(forward: Forward, rank: int) -> None:
    """Let a rank go on."""
    words = forward.workspace.team_words
    words[_word(rank)] = 0
    address = ctypes.c_void_p(words.ctypes.data + 4 * _word(rank))
    _libc.syscall(_FUTEX[platform.machine()], address, 1, 1 << 30, None, None, 0)
