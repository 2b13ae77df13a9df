"""The clients' process: its CPU time is told apart from the server's, and its threads are the same for every server.

    stdin    {"port": 8000, "path": "/v1/completions", "bodies": [[JSON text] for each client], "limit_s": 600}
    stdout   {"seconds": s, "cpu_s": its own meanwhile, "answers": [[StreamedAnswer as a dict] for each client]}

One line each, until stdin ends. What came is read when the run is over, and costs none of its time.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from dataclasses import asdict
from typing import Any

from llmproc.experiments.http_load.driving import drive
from llmproc.experiments.http_load.streamed import read_answer


def answer_to(order: dict[str, Any]) -> dict[str, Any]:
    """Drive once, as an order says."""
    gc.collect()
    gc.disable()  # nothing here needs it, and a pause would be measured as the server's
    before = time.process_time()
    seconds, received = asyncio.run(drive(order["port"], order["path"], order["bodies"], order["limit_s"]))
    cpu_s = time.process_time() - before
    gc.enable()
    answers = [[asdict(read_answer(one)) for one in own] for own in received]
    return {"seconds": seconds, "cpu_s": cpu_s, "answers": answers}


def main() -> int:
    """Carry out orders until there are no more; return the exit code."""
    for line in sys.stdin:
        print(json.dumps(answer_to(json.loads(line))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
