"""What Langfuse's own SDK exports for a generation, decoded: `golden/langfuse.json` is what this writes to stdout.

    python3 -m venv place && place/bin/pip install langfuse==5.0.4
    PYTHONPATH=tests place/bin/python tests/telemetry/record_langfuse.py > tests/telemetry/golden/langfuse.json

One generation that was answered and one that failed. Moments and numbers of processes are left out.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from telemetry.collector import DecodedSpan, collector

MODEL, INPUT, OUTPUT = "m", [{"role": "user", "content": "hi"}], "yes"
PARAMETERS = {"temperature": 0.6, "top_p": 0.9, "max_tokens": 512, "seed": 42, "n": 1}
USAGE = {"input": 4, "input_cached_tokens": 3, "output": 5, "total": 12}
FIRST = datetime(2023, 11, 14, 22, 13, 32, tzinfo=UTC)
ERROR = "the worker died"


def generations(url: str) -> None:
    """Export both with Langfuse's SDK."""
    from langfuse import Langfuse

    client = Langfuse(public_key="pk", secret_key="sk", base_url=url)
    shared: dict[str, Any] = {"as_type": "generation", "model": MODEL, "model_parameters": PARAMETERS, "input": INPUT}
    good = client.start_observation(name=f"chat {MODEL}", **shared)
    good.update(output=OUTPUT, usage_details=USAGE, completion_start_time=FIRST, metadata={"llmproc": {"retries": 1}})
    good.end()
    bad = client.start_observation(name=f"chat {MODEL}", **shared)
    bad.update(level="ERROR", status_message=ERROR)
    bad.end()
    client.flush()
    client.shutdown()


def document(spans: list[DecodedSpan], headers: dict[str, str], path: str) -> dict[str, Any]:
    """What is kept of it."""
    return {
        "version": version("langfuse"),
        "path": path,
        "headers": {name: value for name, value in headers.items() if name.startswith(("x-langfuse", "auth"))},
        "generations": [{"name": span.name, "attributes": span.attributes} for span in spans],
    }


if __name__ == "__main__":
    with collector() as found:
        generations(found.url)
        told = document(found.wait(2), found.headers[0], found.paths[0])
    json.dump(told, sys.stdout, indent=2, sort_keys=True)
    print()
