"""A checkpoint's fingerprint is the same from memory and from its file, and tells files apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from llmproc.checkpoints.fingerprint import fingerprint, fingerprint_file
from llmproc.errors import CheckpointError


@pytest.mark.parametrize("size", [1, 1000, 32 << 20, (32 << 20) + 1, 40 << 20])
def test_memory_and_file_agree(tmp_path: Path, size: int) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    data = data[:size]
    path = tmp_path / "model.bin"
    path.write_bytes(data)
    found = fingerprint_file(path)
    assert found == fingerprint(memoryview(data))
    assert found.startswith("sha256:" if size <= 32 << 20 else "sha256-of-slices:")
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert fingerprint_file(path) != found, "the last byte counts"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="No such file"):
        fingerprint_file(tmp_path / "missing.bin")
