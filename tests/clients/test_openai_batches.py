"""The official client's batch, with the server's main killed in between: what it fetches in the end is whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from clients.running import running
from server.served import served

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("client", ["openai2", "openai3"])
def test_a_batch_comes_to_completion_though_main_is_killed_in_between(client: str, quick: Path, tmp_path: Path) -> None:
    options = ("--model", quick, "--sequences", 4, "--threads", 1, "--batch-dir", tmp_path / "kept")
    with served(tmp_path, *options) as first:
        with running(client, f"http://127.0.0.1:{first.port}", tmp_path) as program:
            name = program.result("batch_begun")
        first.process.kill()
        first.process.wait()
    kept = (tmp_path / "kept" / "batches" / f"{name}.part").read_bytes().splitlines()[1:]
    with served(tmp_path, *options) as second:
        with running(client, f"http://127.0.0.1:{second.port}", tmp_path) as program:
            told = program.result("batch_fetched")
        output = next((tmp_path / "kept" / "files").glob(f"{output_of(tmp_path, name)}.data")).read_bytes().splitlines()
        assert second.end() == 0
    assert (told["status"], told["counts"]) == ("completed", {"total": 200, "completed": 200, "failed": 0})
    assert told["names"] == [f"row {place}" for place in range(200)], "each once, in the order of the input"
    assert 20 <= len(kept) < 200, "the kill came in between"
    after = {json.loads(line)["custom_id"]: json.loads(line) for line in output}
    for line in kept:
        row = json.loads(line)["result"]
        assert after[row["custom_id"]] == row, "a row that was kept was not asked again"


def output_of(folder: Path, name: str) -> str:
    """The id of a batch's output file."""
    found: str = json.loads((folder / "kept" / "batches" / f"{name}.json").read_text())["batch"]["output_file_id"]
    return found
