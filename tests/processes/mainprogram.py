"""Main as a program of its own, to be killed. Prints what it hears as JSON lines, sends the frames it reads.

argv: workers, orders (JSON)        stdin: `slot type payload` lines; end of file stops it
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from processes.listening import Heard, ask

from llmproc.processes.frames import Frame
from llmproc.processes.plan import Plan
from llmproc.processes.supervisor import Supervisor


def tell(name: str, *arguments: Any) -> None:
    line = json.dumps([name, *(argument for argument in arguments if isinstance(argument, int | str))])
    os.write(1, line.encode() + b"\n")


class AnswerView(Heard):
    """Tells instead of remembering."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *arguments: tell(name, *arguments)


def main() -> None:
    signal.signal(signal.SIGINT, lambda number, frame: tell("interrupted"))
    plan = Plan("processes.echo:prepare", "processes.echo:child", sys.argv[2].encode(), int(sys.argv[1]))
    supervisor, view = Supervisor(plan), AnswerView()
    supervisor.start(view, view)
    for line in sys.stdin:
        slot, kind, payload = line.split()
        ask(supervisor, int(slot), Frame(int(kind), 7, payload.encode()))
    supervisor.stop()
    supervisor.join()


if __name__ == "__main__":
    main()
