"""Results of compare-modes read back: only what is one, with the file and the rule in one line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from experiments.fake_comparison import compare

from llmproc.errors import LogError
from llmproc.experiments.compare_modes import result
from llmproc.report import modes_file
from llmproc.report.modes_file import read_comparison


def test_what_was_written_is_read(tmp_path: Path) -> None:
    found = compare(repeat=1, workers=(2,))
    (tmp_path / "x.json").write_text(json.dumps(found))
    assert read_comparison(tmp_path / "x.json") == found


def test_both_rooms_mean_the_same_schema() -> None:
    assert (modes_file.SCHEMA, modes_file.KIND) == (result.SCHEMA, result.KIND)


@pytest.mark.parametrize("part", modes_file._PARTS)
def test_every_part_that_is_shown_must_be_there(tmp_path: Path, part: str) -> None:
    found = compare(repeat=1, workers=(2,))
    del found[part]
    (tmp_path / "x.json").write_text(json.dumps(found))
    with pytest.raises(LogError, match=f"x.json: {part} is missing"):
        read_comparison(tmp_path / "x.json")


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    reasons = {"missing": "no such file", "fifo": "is a FIFO, not a file", ".": "is a directory, not a file"}
    for name, reason in reasons.items():
        with pytest.raises(LogError, match=reason):
            read_comparison(tmp_path / name)


def test_what_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modes_file, "MAX_FILE", 10)
    (tmp_path / "x.json").write_text(json.dumps({"kind": "compare-modes"}))
    with pytest.raises(LogError, match="is 25 bytes: at most 10"):
        read_comparison(tmp_path / "x.json")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"NaN}", b'{"kind": "compare-modes"', b"[" * 50_000])
def test_what_is_no_json(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(LogError, match="must be JSON, as compare-modes writes it"):
        read_comparison(tmp_path / "x.json")
