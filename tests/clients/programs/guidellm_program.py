"""guidellm against an OpenAI-compatible server: `guidellm_program.py BASE_URL`.

Its exit code is no verdict (0 with no success): its report is. Prompts come from a file, for synthetic ones need a
tokenizer; the number of tokens to generate stands beside each. $REQUESTS: how many requests, 8 if it is not set.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cases import named, serve

COUNT = int(os.environ.get("REQUESTS", "8"))
TOKENS = 8


def report(folder: Path, request_format: str) -> dict[str, Any]:
    """Run a benchmark in a folder; return its report and how it ended."""
    rows = [{"prompt": f"Say {i} words.", "output_tokens_count": TOKENS} for i in range(COUNT)]
    (folder / "prompts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = subprocess.run(
        [
            sys.executable, "-m", "guidellm", "run",
            "--backend", f"kind=openai_http,target={sys.argv[1]},request_format={request_format}",
            "--profile", "kind=concurrent,streams=4",
            "--constraint", f"kind=max_requests,count={COUNT}",
            "--data", f"kind=json_file,path={folder / 'prompts.jsonl'}",
            "--output", f"kind=json,path={folder / 'report.json'}",
            "--disable-console",
        ],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=folder,
        env={**os.environ, "HF_HOME": str(folder / "huggingface"), "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    if not (folder / "report.json").exists():
        raise RuntimeError(f"exit {done.returncode}, no report: {done.stdout[-1500:]}{done.stderr[-1500:]}")
    told: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return told


def benchmark(request_format: str) -> dict[str, Any]:
    """What the report says: requests by outcome, and tokens of each that succeeded."""
    with tempfile.TemporaryDirectory() as folder:
        (one,) = report(Path(folder), request_format)["benchmarks"]
    requests = one["requests"]
    return {
        "outcomes": {outcome: len(found) for outcome, found in requests.items() if isinstance(found, list)},
        "output_tokens": [request["output_metrics"]["text_tokens"] for request in requests["successful"]],
        "prompt_tokens": [request["input_metrics"]["text_tokens"] for request in requests["successful"]],
        "errors": [str(request["info"]["error"])[:300] for request in requests["errored"] or []],
    }


def chat() -> Any:
    return benchmark("/v1/chat/completions")


def completions() -> Any:
    return benchmark("/v1/completions")


serve("guidellm", named(chat, completions))
