"""A generation of ours beside one of Langfuse's own SDK, as both came over the wire: the same keys, types, values."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.paths import ROOT
from telemetry.collector import DecodedSpan, collector
from telemetry.record_langfuse import ERROR, INPUT, OUTPUT
from telemetry.records import answer_record, request_record

from llmproc.telemetry.exporting import open_export
from llmproc.telemetry.record import RequestRecord
from llmproc.telemetry.settings import export_settings

HERE = ROOT / "tests" / "telemetry"
GOLDEN: dict[str, Any] = json.loads((HERE / "golden" / "langfuse.json").read_text())
NOT_OURS = {"langfuse.internal.is_app_root", "x-langfuse-public-key", "x-langfuse-sdk-name", "x-langfuse-sdk-version"}
RECORDS = (
    request_record(prompt=INPUT, answers=[answer_record(text=OUTPUT)]),
    request_record(prompt=INPUT, answers=[], input_tokens=None, first_token=None, dispatched=None, error_type="failed",
                   error=ERROR),
)  # fmt: skip


def exported(*records: RequestRecord) -> tuple[list[DecodedSpan], dict[str, str], str]:
    """What a collector got of records, its first headers, and the path."""
    with collector() as found:
        environ = {"LANGFUSE_HOST": found.url, "LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk"}
        with open_export(export_settings("env", True, environ), lambda text: None) as export:
            for record in records:
                export.put(record)
        return found.spans, found.headers[0], found.paths[0]


def decoded(text: str) -> Any:
    """A value as Langfuse's server takes it: JSON, or a plain text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def test_both_are_the_same_on_the_wire() -> None:
    spans, headers, path = exported(*RECORDS)
    assert path == GOLDEN["path"]
    assert {name: headers[name] for name in GOLDEN["headers"].keys() - NOT_OURS}.items() <= GOLDEN["headers"].items()
    for span, theirs in zip(spans, GOLDEN["generations"], strict=True):
        ours = {name: value for name, value in span.attributes.items() if name.startswith("langfuse.")}
        assert span.name == theirs["name"] and ours.keys() == theirs["attributes"].keys() - NOT_OURS
        for name, value in ours.items():
            assert type(value) is type(theirs["attributes"][name]), name
            mine, other = decoded(value), decoded(theirs["attributes"][name])
            if name.endswith("completion_start_time"):
                assert mine == other.replace("Z", ".000000Z")
            elif "metadata" in name:
                assert isinstance(mine, dict) and isinstance(other, dict)
            else:
                assert mine == other, name


@pytest.mark.soak
def test_the_golden_file_is_what_langfuse_exports(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "place"], check=True)
    python = tmp_path / "place" / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", f"langfuse=={GOLDEN['version']}"]
    if subprocess.run(install, capture_output=True, timeout=1200).returncode:
        pytest.skip("pip finds no packages here")
    told = subprocess.run(
        [python, HERE / "record_langfuse.py"], env={**os.environ, "PYTHONPATH": str(HERE.parent)}, check=True,
        capture_output=True, text=True, timeout=300,
    ).stdout  # fmt: skip
    assert json.loads(told) == GOLDEN
