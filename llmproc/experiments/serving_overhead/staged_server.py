"""Our server with a clock at every stage: `python -m` this module, with the options of serve.

On SIGUSR1 it writes to the file named by LLMPROC_STAGES, which appears complete:

    {"stages": {stage: ns}, "calls": {stage: times}, "threads": {name: ns of CPU time}}

all since its start. For measuring only: the clocks cost time of their own.
"""

from __future__ import annotations

import json
import os
import pkgutil
import runpy
import signal
import sys
import threading
import time

from llmproc.experiments.serving_overhead.stage_times import StageTimes
from llmproc.experiments.serving_overhead.stages import STAGES

VARIABLE = "LLMPROC_STAGES"


def put_clocks(times: StageTimes) -> None:
    """Replace the functions of all stages by timed ones."""
    for stage, places in STAGES.items():
        for place in places:
            owner, _, name = place.rpartition(".")
            found = pkgutil.resolve_name(owner)
            setattr(found, name, times.timed(stage, getattr(found, name)))


def report(times: StageTimes) -> str:
    """Return all sums as JSON."""
    threads: dict[str, int] = {}
    for thread in threading.enumerate():
        if thread.ident is not None:
            taken = time.clock_gettime_ns(time.pthread_getcpuclockid(thread.ident))
            threads[thread.name] = threads.get(thread.name, 0) + taken
    return json.dumps({"stages": times.ns, "calls": times.calls, "threads": threads})


def main() -> int:
    """Serve, with clocks; return the exit code."""
    times, target = StageTimes(), os.environ[VARIABLE]

    def tell(number: int, frame: object) -> None:
        with open(f"{target}.new", "w", encoding="utf-8") as file:
            file.write(report(times))
        os.replace(f"{target}.new", target)

    put_clocks(times)
    signal.signal(signal.SIGUSR1, tell)
    sys.argv[1:1] = ["serve"]
    runpy.run_module("llmproc", run_name="__main__", alter_sys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
