"""The .part file: whatever a death leaves of it is gone on with, nothing is lost, and nothing is mixed."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from batch.journals import ORIGIN, line, opened
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmproc.batch import sorting
from llmproc.batch.index import MOST_AHEAD
from llmproc.batch.journal import open_journal, origin_of
from llmproc.batch.provenance import Provenance, decode_origin, difference
from llmproc.errors import LlmprocError, UsageError


def written(path: Path, *rows: tuple[int, str]) -> bytes:
    with opened(path) as journal:
        for index, status in rows:
            journal.append(index, line(index, status), status != "ok")
    return path.read_bytes()


def test_the_first_line_says_what_the_rows_were_made_from(tmp_path: Path) -> None:
    path = tmp_path / "r.part"
    data = written(path, (1, "ok"), (0, "error"))
    first, *rows = data.splitlines(keepends=True)
    assert decode_origin(first) == ORIGIN == origin_of(path)
    assert rows == [line(1), line(0, "error")], "completion order"


def test_a_resume_finds_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "r.part"
    written(path, (4, "ok"), (0, "error"), (2, "ok"))
    with opened(path, resume=True) as journal:
        assert (journal.index.rows, journal.index.failed, journal.index.end, journal.appended) == (3, 1, 5, 0)
        assert [journal.key(index) for index in range(6)] == [f"{0:016x}", None, f"{2:016x}", None, f"{4:016x}", None]
        journal.append(1, line(1), False)
        assert journal.key(1) == f"{1:016x}" and journal.appended == 1
    with opened(path, resume=True, retry_failed=True) as journal:
        assert (journal.index.rows, journal.index.failed, journal.key(0)) == (3, 0, None)
        journal.append(0, line(0, "ok", "better"), False)
    with opened(path, resume=True) as journal:
        assert (journal.index.rows, journal.index.failed) == (4, 0), "the last result of a row counts"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.permutations(range(6)),
    failed=st.sets(st.integers(0, 5)),
    cut=st.integers(0, 1 << 30),
    junk=st.sampled_from([b"", b"\0" * 50, b'{"id":9', b'{"id": 1, "index": 3, "status": "ok"']),
)
def test_any_truncation_resumes_to_the_same_results(
    tmp_path: Path, order: list[int], failed: set[int], cut: int, junk: bytes
) -> None:
    path, target = tmp_path / "r.part", tmp_path / "r.jsonl"
    path.unlink(missing_ok=True)
    status = {index: "error" if index in failed else "ok" for index in range(6)}
    whole = written(path, *((index, status[index]) for index in order))
    rest = whole[: cut % (len(whole) + 1)]
    path.write_bytes(rest + (junk if rest.endswith(b"\n") else b""))
    kept = [json.loads(row)["index"] for row in rest.splitlines(keepends=True)[1:] if row.endswith(b"\n")]
    with opened(path, resume=True) as journal:
        found = [index for index in range(6) if journal.key(index) is not None]
        assert found == sorted(kept), "exactly the whole lines"
        for index in range(6):
            if index not in found:
                journal.append(index, line(index, status[index]), index in failed)
        sorting.finish(journal, target, 6)
        journal = open_journal(path, ORIGIN, False, False)  # for the context to close
    assert target.read_bytes() == b"".join(line(index, status[index]) for index in range(6))
    assert not path.exists(), "a journal without rows goes"


def test_a_torn_line_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "r.part"
    data = written(path, (0, "ok"), (1, "ok"))
    path.write_bytes(data[:-5])
    with opened(path, resume=True) as journal:
        assert path.read_bytes() == data[: -len(line(1))]
        journal.append(1, line(1), False)
    assert path.read_bytes() == data


def test_lines_that_are_no_results_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "r.part"
    data = written(path, (0, "ok"))
    bad = [
        b"garbage\n", b"\n", b"[]\n", b'{"index": 1}\n', line(-1), line(MOST_AHEAD * 2),
        line(1, status="weird"), line(1).replace(b'"answer 1 \xc3\xa9"', b"5"),
        line(1).replace(b'"key":"0000', b'"key":"zzzz'), line(1).replace(b'"index":1', b'"index":1.5'),
    ]  # fmt: skip
    path.write_bytes(data + b"".join(bad) + line(2))
    with opened(path, resume=True) as journal:
        assert (journal.unreadable, journal.index.rows) == (len(bad), 2)
        assert journal.key(2) is not None and journal.key(1) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"input": "bb"}, "another input"),
        ({"format": "csv"}, "format text, and now it is csv"),
        ({"model": "sha256:other"}, "another model"),
        ({"tokenizer": "other"}, "another tokenizer"),
        ({"template": "plain"}, "template chatml, and now it is plain"),
        ({"weights": "q4"}, "weights as stored, and now it is q4"),
        ({"kv_type": "f32"}, "kv type f16, and now it is f32"),
        ({"context": 99}, "context 512, and now it is 99"),
        ({"instructions": "portable"}, "instructions avx2, and now it is portable"),
        ({"temperature": 0.0}, "temperature 0.6, and now it is 0.0"),
        ({"top_p": 1.0}, "top p 0.9, and now it is 1.0"),
        ({"max_tokens": 1}, "max tokens 512, and now it is 1"),
        ({"seed": 7}, "seed 42, and now it is 7"),
        ({"system": "be " + "very " * 20 + "brief"}, r"system none, and now it is be very .*\.\.\."),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_resume_with_others_is_refused_by_name(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    path = tmp_path / "r.part"
    before = written(path, (0, "ok"))
    other = msgspec.structs.replace(ORIGIN, **changes)
    with (
        pytest.raises(UsageError, match=rf"r\.part: was started with {words}; use the same with --resume"),
        opened(path, other, resume=True),
    ):
        pass
    assert path.read_bytes() == before, "nothing has happened to it"
    with opened(path, other, force=True) as journal:
        assert journal.index.rows == 0 and origin_of(path) == other


def test_every_field_of_an_origin_is_compared() -> None:
    for name in Provenance.__struct_fields__:
        value: Any = {"input": "zz", "sampling": {"top_k": 5}}.get(name, 77)
        assert difference(ORIGIN, msgspec.structs.replace(ORIGIN, **{name: value})) is not None, name
    assert difference(ORIGIN, ORIGIN) is None


def test_an_input_that_came_through_a_pipe_is_not_compared_as_a_whole(tmp_path: Path) -> None:
    assert difference(msgspec.structs.replace(ORIGIN, input=None), ORIGIN) is None
    assert msgspec.structs.replace(ORIGIN, input=None).base == ORIGIN.base
    assert msgspec.structs.replace(ORIGIN, seed=1).base != ORIGIN.base


def test_results_of_an_unfinished_run_are_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "r.part"
    before = written(path, (0, "ok"), (1, "ok"))
    with pytest.raises(
        UsageError, match="holds 2 results of an unfinished run; use --resume to continue, --force to start over"
    ):
        open_journal(path, ORIGIN, resume=False, force=False)
    assert path.read_bytes() == before


@pytest.mark.parametrize("data", [b"", b"{", b'{"llmproc_ba', b'{"llmproc_batch":1,"input":"a', b"\0\0\0", None])
def test_one_without_rows_is_in_nobodys_way(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "r.part"
    path.write_bytes(ORIGIN.encode() if data is None else data)
    other = msgspec.structs.replace(ORIGIN, seed=9)
    with opened(path, other) as journal:
        assert origin_of(path) == other and journal.index.rows == 0
    assert not path.exists()


@pytest.mark.parametrize("data", [b"my own notes\n", b"half a line of mine", b'{"prompt": "x"}\n', b"\n"])
@pytest.mark.parametrize("resume", [False, True])
def test_somebody_elses_file_is_refused(tmp_path: Path, data: bytes, resume: bool) -> None:
    path = tmp_path / "r.part"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"is not a \.part file written by llmproc batch"):
        open_journal(path, ORIGIN, resume=resume, force=False)
    assert path.read_bytes() == data


def test_two_runs_do_not_write_one_file(tmp_path: Path) -> None:
    path = tmp_path / "r.part"
    with opened(path) as journal:
        journal.append(0, line(0), False)
        for resume, force in ((True, False), (False, True), (False, False)):
            with pytest.raises(UsageError, match="another run is writing it"):
                open_journal(path, ORIGIN, resume, force)
    with opened(path, resume=True) as journal:
        assert journal.index.rows == 1


def test_a_file_that_is_removed_while_it_is_opened_is_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that had it has just finished: rows written to what it removed would be lost."""
    path, lock, calls = tmp_path / "r.part", fcntl.flock, []

    def finished_meanwhile(fd: int, operation: int) -> None:
        calls.append(fd)
        if len(calls) == 1:
            path.unlink()
        elif len(calls) == 2:
            path.unlink()
            path.touch()
        lock(fd, operation)

    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", finished_meanwhile)
        journal = open_journal(path, ORIGIN, False, False)
    journal.append(0, line(0), False)
    journal.close()
    assert len(calls) == 3 and path.read_bytes() == ORIGIN.encode() + line(0)


@pytest.mark.parametrize("kind", ["folder", "fifo", "link"])
def test_what_is_no_file_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "r.part"
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match=r"r\.part: "):
        open_journal(path, ORIGIN, resume=True, force=False)
    assert not (tmp_path / "elsewhere").exists()


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file grows beyond `size` bytes: a write comes out short, the next one fails."""
    old, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGXFSZ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_loses_nothing_and_leaves_no_half_line(tmp_path: Path) -> None:
    path = tmp_path / "r.part"
    with opened(path) as journal:
        journal.append(0, line(0), False)
        before = path.read_bytes()
        with (
            full_disk(len(before) + 20),
            pytest.raises(LlmprocError, match=r"r\.part: cannot be written: File too large"),
        ):
            journal.append(1, line(1), False)
        assert path.read_bytes() == before and journal.index.rows == 1
        journal.append(1, line(1), False)
        with (
            full_disk(100),
            pytest.raises(LlmprocError, match=r"r\.jsonl: cannot be written.*every result is in .*r\.part"),
        ):
            sorting.finish(journal, tmp_path / "r.jsonl", 2)
        assert sorted(os.listdir(tmp_path)) == ["r.part"]
        sorting.finish(journal, tmp_path / "r.jsonl", 2)
        journal = open_journal(path, ORIGIN, False, False)
    assert (tmp_path / "r.jsonl").read_bytes() == line(0) + line(1)


def test_what_was_made_from_another_input_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "r.part"
    before = written(path, (0, "ok"))
    with opened(path, resume=True) as journal:
        journal.append(1, line(1), False)
        journal.take_back()
    assert path.read_bytes() == before
