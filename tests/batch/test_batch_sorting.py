"""The end of a run: rows in input order, as a whole or not at all; where each row lies."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from batch.journals import ORIGIN, line, opened
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.batch import sorting
from llmproc.batch.index import RowIndex, RowPlace
from llmproc.batch.journal import open_journal
from llmproc.batch.source import StoppedError
from llmproc.errors import LlmprocError, UsageError

# -- sorting ----------------------------------------------------------------------------------------------------------


def test_a_missing_row_is_no_result(tmp_path: Path) -> None:
    with opened(tmp_path / "r.part") as journal:
        journal.append(1, line(1), False)
        with pytest.raises(LlmprocError, match="row 0 is missing"):
            sorting.finish(journal, tmp_path / "r.jsonl", 2)
        assert os.listdir(tmp_path) == ["r.part"]


def test_the_old_results_stay_until_the_new_ones_are_complete(tmp_path: Path) -> None:
    target = tmp_path / "r.jsonl"
    target.write_bytes(b"old")
    (tmp_path / ".r.jsonl.sorting").write_bytes(b"of a run that was killed while it sorted")
    with opened(tmp_path / "r.part") as journal:
        journal.append(0, line(0), False)
        with pytest.raises(StoppedError):
            sorting.finish(journal, target, 1, stopped=lambda: True)
        assert target.read_bytes() == b"old" and sorted(os.listdir(tmp_path)) == ["r.jsonl", "r.part"]
        sorting.finish(journal, target, 1)
        journal = open_journal(tmp_path / "r.part", ORIGIN, False, False)
    assert target.read_bytes() == line(0) and os.listdir(tmp_path) == ["r.jsonl"]


def test_the_bytes_are_on_the_disk_before_the_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the name before the .part file goes: no power cut finds neither."""
    calls: list[str] = []
    replace, sync = os.replace, os.fsync

    def synced(fd: int) -> None:
        calls.append(f"fsync {Path(os.readlink(f'/proc/self/fd/{fd}')).name}, part is there: {path.exists()}")
        sync(fd)

    def renamed(old: Path, new: Path) -> None:
        calls.append("rename")
        replace(old, new)

    path = tmp_path / "r.part"
    with opened(path) as journal:
        journal.append(0, line(0), False)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", synced)
            patch.setattr(os, "replace", renamed)
            sorting.finish(journal, tmp_path / "r.jsonl", 1)
        journal = open_journal(path, ORIGIN, False, False)
    first, second, third = calls
    assert first == "fsync .r.jsonl.sorting, part is there: True" and second == "rename"
    assert third == f"fsync {tmp_path.name}, part is there: True"


def test_a_finished_file_can_be_gone_on_with(tmp_path: Path) -> None:
    results, path = tmp_path / "r.jsonl", tmp_path / "r.part"
    results.write_bytes(line(0) + line(1, "error") + line(2) + b"\n")  # as an editor leaves it
    with opened(path) as journal:
        journal.adopt(results, retry_failed=False)
        assert (journal.index.rows, journal.index.failed, journal.appended) == (3, 1, 0)
    assert not path.exists(), "nothing came to it: the finished file is there"
    with opened(path) as journal:
        journal.adopt(results, retry_failed=True)
        assert journal.key(1) is None and journal.index.rows == 2
        journal.append(1, line(1), False)
    assert path.exists()
    with opened(path, resume=True) as journal:
        assert journal.index.rows == 3


@pytest.mark.parametrize("data", [b"notes\n", line(0) + b"notes\n", b'{"index":0}\n'])
def test_a_finished_file_of_somebody_else_cannot(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "r.jsonl").write_bytes(data)
    with opened(tmp_path / "r.part") as journal, pytest.raises(UsageError, match="holds a line that is not a result"):
        journal.adopt(tmp_path / "r.jsonl", retry_failed=False)


# -- places -----------------------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(puts=st.lists(st.tuples(st.integers(-3, 40), st.integers(1, 1000), st.booleans()), max_size=60))
def test_the_index_is_a_dictionary(puts: list[tuple[int, int, bool]]) -> None:
    index, wanted = RowIndex(), {}
    for offset, (row, length, failed) in enumerate(puts):
        place = RowPlace(offset, length, failed)
        assert index.put(row, place) == (row >= 0)
        if row >= 0:
            wanted[row] = place
    assert {row: place for row, place in enumerate(index) if place is not None} == wanted
    assert index.rows == len(wanted) and index.failed == sum(place.failed for place in wanted.values())
    for row in list(wanted):
        index.forget(row)
    assert index.rows == index.failed == 0 and index.get(0) is None


def test_a_place_beyond_all_others_costs_no_memory() -> None:
    index = RowIndex()
    assert not index.put(1 << 50, RowPlace(0, 1, False)) and index.end == 0
    assert not index.put(0, RowPlace(0, 1 << 31, False))


def test_a_million_rows_fit_in_a_dozen_bytes_each() -> None:
    index = RowIndex()
    for row in range(100_000):
        index.put(row, RowPlace(row, 1, False))
    assert sum(array.itemsize * len(array) for array in (index._offsets, index._lengths)) == 12 * 100_000


def test_an_error_that_is_no_full_disk_is_told_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(fd: int, data: bytes, offset: int) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with opened(tmp_path / "r.part") as journal, monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", fail)
        with pytest.raises(LlmprocError, match="Input/output error"):
            journal.append(0, line(0), False)
