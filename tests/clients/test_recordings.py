"""The recorded requests are what the pinned clients send today: each is recorded again and compared."""

from __future__ import annotations

import pytest
from clients.driving import PROGRAMS as FILES
from clients.driving import pins
from clients.goldens import FOLDER, read
from clients.record import recorded
from clients.uses import PROGRAMS, RECORDED, SETTINGS


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


def test_rule_24_what_other_tools_need_is_done_and_said() -> None:
    """Without it a run fails, hangs, or reports success for failures; what we do, users must read."""
    done = {path.name: path.read_text() for path in FILES.iterdir() if path.is_file()}
    assert '"--use-server-token-count"' in done["aiperf_program.py"]
    assert "is_chat_model=True" in done["llama_index_python.py"]
    assert "tenacity" in pins()["litellm"] and SETTINGS["litellm"] == {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    said = (FOLDER.parent / "README.md").read_text()
    for word in ("exit code is no verdict", "--use-server-token-count", "tenacity", "LITELLM_LOCAL_MODEL_COST_MAP=True",
                 "is_chat_model=True"):  # fmt: skip
        assert word in said, word
