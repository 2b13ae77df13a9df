"""The recorded requests are what the pinned clients send today: each is recorded again and compared."""

from __future__ import annotations

import pytest
from clients.driving import pins
from clients.goldens import FOLDER, read
from clients.record import recorded
from clients.uses import PROGRAMS, RECORDED


@pytest.mark.soak
@pytest.mark.parametrize("client", RECORDED)
def test_a_client_still_sends_what_was_recorded(client: str) -> None:
    version, goldens = read(FOLDER / f"{client}.json")
    assert version == pins()[client], "the pin has moved: record again"
    assert recorded(client) == goldens


def test_every_client_has_its_recording() -> None:
    """Those of make.sh, and those whose requests were written after their source or recorded elsewhere."""
    files = {path.stem for path in FOLDER.glob("*.json")}
    others = {"curl", "langchaingo", "ollama-cli", "open-webui", "sglang-bench", "vllm-bench"}
    assert files == set(RECORDED) | others
    assert set(PROGRAMS) == set(pins()), "every pinned client is run"
