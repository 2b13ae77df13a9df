"""Which scheduling changes the kernel allows: tried out, on a thread that lives for nothing else.

On Linux policy and nice value belong to threads, so what is changed here ends with the thread.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from llmproc.apps.doctor.check import Check

_WORDS = {
    "lower_nice": "lower a nice value",
    "leave_idle": "go back from idle to other",
    "real_time": "fifo and rr",
}


def scheduling_rights(tried: dict[str, bool] | None = None) -> Check:
    """Check what --policy and --nice, /sched and /nice will be allowed."""
    allowed = _try_all() if tried is None else tried
    can = [_WORDS[name] for name, works in allowed.items() if works]
    cannot = [_WORDS[name] for name, works in allowed.items() if not works]
    value = ", ".join(["batch, idle, raise a nice value", *can])
    hint = f"not allowed: {', '.join(cannot)}; needs CAP_SYS_NICE, or RLIMIT_NICE and RLIMIT_RTPRIO" if cannot else ""
    return Check("scheduling", value, "warn" if cannot else "ok", hint, {"rights": allowed})


def _try_all() -> dict[str, bool]:
    found: dict[str, bool] = {}
    for name, attempt in (("lower_nice", _lower_nice), ("leave_idle", _leave_idle), ("real_time", _real_time)):
        thread = threading.Thread(target=_note, args=(found, name, attempt))
        thread.start()
        thread.join()
    return found


def _note(found: dict[str, bool], name: str, attempt: Callable[[], None]) -> None:
    try:
        attempt()
        found[name] = True
    except OSError:
        found[name] = False


def _lower_nice() -> None:
    """Raise the nice value by one and lower it again; from 19, the highest, lower it by one."""
    own = threading.get_native_id()
    nice = os.getpriority(os.PRIO_PROCESS, own)
    os.setpriority(os.PRIO_PROCESS, own, min(19, nice + 1))
    os.setpriority(os.PRIO_PROCESS, own, nice if nice < 19 else 18)


def _leave_idle() -> None:
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def _real_time() -> None:
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
