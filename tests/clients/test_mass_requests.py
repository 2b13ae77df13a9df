"""25,000 requests of five prompts, 100 in flight, through litellm and without max_tokens: none may fail.

`REQUESTS=500 pytest -m soak tests/clients/test_mass_requests.py` tries it with fewer. Without max_tokens an answer goes
on to an end token or to the end of the context: 128 positions here, or those of the model that $MODEL names.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from clients.own_server import own_server
from clients.running import metric, running
from support.models import write_model

pytestmark = pytest.mark.soak
COUNT, IN_FLIGHT = int(os.environ.get("REQUESTS", "25000")), 100


def test_every_request_of_a_stress_run_is_answered(tmp_path: Path) -> None:
    model = Path(os.environ["MODEL"]) if "MODEL" in os.environ else write_model(tmp_path, 64, 128, 2, 128)
    settings = {"REQUESTS": str(COUNT), "IN_FLIGHT": str(IN_FLIGHT)}
    with (
        own_server(model, tmp_path, "--sequences", 16) as server,
        running("litellm", server.url, tmp_path, "litellm_mass.py", **settings) as program,
    ):
        told = program.result("mass")
        print(told)
        assert (told["errors"], told["complete"]) == (0, COUNT), told["first errors"]
        assert told["most in flight"] == min(COUNT, IN_FLIGHT)
        assert metric(server.url, "request_errors_total") == 0
        assert metric(server.url, "generation_tokens_total") >= told["completion tokens"] > COUNT
