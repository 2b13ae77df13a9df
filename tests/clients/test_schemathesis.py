"""schemathesis on our published document: data that it allows, data that it forbids, and what comes back for both."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from clients.own_server import own_server
from clients.running import running
from support.models import write_model

pytestmark = pytest.mark.soak
CASES = 2000
KEY = "a-key-for-tests"


@pytest.mark.parametrize("keyed", [False, True], ids=["open", "keyed"])
def test_the_document_and_the_server_agree(keyed: bool, tmp_path: Path) -> None:
    """A model of 128 positions: many cases ask for all that there is room for, 128 times over.

    With a key the document has a security scheme, and schemathesis wants 401 for wrong keys.
    """
    model = write_model(tmp_path, 64, 128, 2, 128)
    options, settings = (["--api-key", KEY], {"KEY": KEY}) if keyed else ([], {})
    settings |= {"SEED": str(1 + keyed), "CASES": os.environ.get("CASES", "20")}
    with (
        own_server(model, tmp_path, "--sequences", 16, "--threads", 1, *options) as server,
        running("schemathesis", server.url, tmp_path, **settings) as program,
    ):
        told = program.result("document")
    report = told["report"]
    found = report["failures"] or report["errors"]
    assert not found and told["code"] == 0, told["printed"]
    assert report["complete"] and report["stop_reason"] == "completed"
    assert report["test_cases"]["generated"] - report["test_cases"]["without_checks"] >= CASES
    accepted = sum(phase["accepted"] for one in report["valid_rates"].values() for phase in one.values())
    assert accepted > CASES / 4, "most were refused: this showed little"
