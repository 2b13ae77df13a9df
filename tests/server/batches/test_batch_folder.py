"""The folder of batches: one server at a time, and what it makes of damage and remains."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from server.batches.batch_parts import Echo, bench, rows

from llmproc.errors import UsageError
from llmproc.server.batches.folder import BatchFolder
from llmproc.server.batches.limits import BatchLimits


def test_one_server_has_the_folder(tmp_path: Path) -> None:
    first = BatchFolder(tmp_path, BatchLimits(), print)
    with pytest.raises(UsageError, match="another server uses this folder"):
        BatchFolder(tmp_path, BatchLimits(), print)
    first.close()
    BatchFolder(tmp_path, BatchLimits(), print).close()


def test_damage_is_told_and_left_alone_and_remains_of_uploads_go(tmp_path: Path) -> None:
    async def begin() -> str:
        async with bench(tmp_path, Echo()) as one:
            return one.upload(rows(1))

    kept = asyncio.run(begin())
    name = f"file-{'0' * 24}"
    (tmp_path / "files" / f"{name}.data").write_bytes(b"half")
    (tmp_path / "files" / f".{name}.data.1-2.tmp").write_bytes(b"half")
    (tmp_path / "files" / f"file-{'1' * 24}.json").write_bytes(b"{}")
    (tmp_path / "files" / "notes.txt").write_bytes(b"mine")
    (tmp_path / "batches" / "../x.json").write_bytes(b"{}")
    (tmp_path / "batches" / f"batch_{'2' * 24}.json").write_text(json.dumps({"version": 1}))
    notices: list[str] = []
    folder = BatchFolder(tmp_path, BatchLimits(), notices.append)
    assert list(folder.files) == [kept] and not folder.batches and len(notices) == 2
    left = sorted(path.name for path in (tmp_path / "files").iterdir())
    assert left == sorted([f"{kept}.json", f"{kept}.data", f"file-{'1' * 24}.json", "notes.txt"])
    folder.close()
