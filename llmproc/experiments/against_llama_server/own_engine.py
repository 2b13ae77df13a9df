"""Our engine without a server, in a process of its own: the same sequences, no HTTP, no pipes.

    stdin    {"model": path, "threads": 2, "sequences": 16, "context": 256, "prompt_tokens": 64, "new_tokens": 64,
              "fixed": false, "seed": 1}
    stdout   {"seconds": from the first step to the last, "tokens": made}

One line each, until stdin ends; the first one opens the model. The engine is driven as a worker drives it, its ranks
following the free CPUs between steps; it chooses the likeliest id itself, which llama-batched-bench leaves out.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path
from typing import Any

from llmproc.config import EngineOptions
from llmproc.engine.engine import Engine
from llmproc.engine.events import Token
from llmproc.engine.loading import open_forward
from llmproc.engine.rank_adapter import RankAdapter, adapter_of
from llmproc.engine.sequence import SequenceRequest


class AloneEngine:
    """An engine and the ids it is fed."""

    def __init__(self, order: dict[str, Any]) -> None:
        """Open the model of an order, with its threads and sequences."""
        options = EngineOptions(
            threads=order["threads"], sequences=order["sequences"], context=order["context"], adapt=not order["fixed"]
        )
        self._forward = open_forward(Path(order["model"]), options)
        self._engine = Engine(self._forward, options)
        self._adapter: RankAdapter | None = adapter_of(self._forward, options.adapt)
        self._count = 0

    def run(self, order: dict[str, Any]) -> dict[str, Any]:
        """Have all sequences answered; the clock runs from the first step to the last."""
        drawn = random.Random(order["seed"])
        for _ in range(order["sequences"]):
            self._count += 1
            ids = tuple(drawn.choices(range(self._forward.vocab_size), k=order["prompt_tokens"]))
            self._engine.add(SequenceRequest(self._count, ids, order["new_tokens"], temperature=0.0))
        began, made = time.perf_counter(), 0
        while self._engine.busy:
            made += sum(isinstance(event, Token) for event in self._engine.step())
            if self._adapter is not None:
                self._adapter.look()
        return {"seconds": time.perf_counter() - began, "tokens": made}


def main() -> int:
    """Carry out orders until there are no more; return the exit code."""
    engine: AloneEngine | None = None
    for line in sys.stdin:
        order = json.loads(line)
        engine = engine or AloneEngine(order)
        print(json.dumps(engine.run(order)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
