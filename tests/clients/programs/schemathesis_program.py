"""schemathesis on a server's published document: `schemathesis_program.py BASE_URL`.

Data that the document allows and data that it forbids; what comes back must be what it says. $CASES: for each operation
at most, 20 if it is not set; $SEED: of the generator, 1; $KEY: an API key, if the server wants one.
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

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "missing_required_header", "unsupported_method",
    "allow_header_conformance", "ignored_auth",
)  # fmt: skip


def report(folder: Path) -> dict[str, Any]:
    """Run it in a folder; return its own report, and how it ended."""
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")), "run", f"{sys.argv[1]}/openapi.json",
            "--checks", ",".join(CHECKS), "--mode", "all", "--phases", "examples,coverage,fuzzing",
            "--max-examples", os.environ.get("CASES", "20"), "--seed", os.environ.get("SEED", "1"),
            "--continue-on-failure", "--request-timeout", "300", "--no-shrink",
            "--output-sanitize", "false", "--suppress-health-check", "all",
            "--report", "json", "--report-json-path", str(folder / "report.json"),
            *(["--header", f"Authorization: Bearer {os.environ['KEY']}"] if "KEY" in os.environ else []),
        ],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    found: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return {"code": done.returncode, "printed": done.stdout[-20000:] + done.stderr[-2000:], "report": found}


def document() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        return report(Path(folder))


serve("schemathesis", named(document))
