"""Where course lines go: the rule for --log and stderr, in every combination, and that files are closed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from llmproc.errors import UsageError
from llmproc.monitor.logs import Logs


@pytest.mark.parametrize("run_dir", ["none", "runs"])
@pytest.mark.parametrize("otherwise", [False, True])
@pytest.mark.parametrize(
    ("log", "to_stderr"), [(None, None), ("-", True), ("log.txt", False), ("/dev/null", False)], ids=repr
)
def test_the_course_log_has_one_place_beside_the_run_folder(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    log: str | None,
    to_stderr: bool | None,
    otherwise: bool,
    run_dir: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    logs = Logs(log, otherwise, run_dir, lambda text: pytest.fail(text))
    try:
        expected = otherwise if to_stderr is None else to_stderr
        assert logs.to_stderr == expected
        for sink in logs.course:
            sink.write("a course line")
    finally:
        logs.close()
        logs.close()
    assert capfd.readouterr().err == ("a course line\n" if expected else "")
    assert (logs.folder is None) == (run_dir == "none") == (logs.csv is None)
    files = [tmp_path / "log.txt"] if log == "log.txt" else []
    files += [logs.folder.path / "proc.log"] if logs.folder else []
    assert [file.read_text() for file in files] == ["a course line\n"] * len(files)


def test_a_log_that_cannot_be_written_is_one_line_and_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--log is .*no/log\.txt: cannot be written: No such file or directory"):
        Logs(str(tmp_path / "no" / "log.txt"), False, str(tmp_path / "runs"), print)
    assert os.listdir(tmp_path) == []


def test_a_log_is_written_from_its_beginning_and_not_inherited(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("of an earlier run\n" * 9)
    logs = Logs(str(tmp_path / "log.txt"), False, "none", print)
    (sink,) = logs.course
    assert not os.get_inheritable(sink.fd)
    sink.write("new")
    logs.close()
    assert (tmp_path / "log.txt").read_text() == "new\n"


def test_without_a_folder_events_and_facts_go_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    logs = Logs(None, False, "none", print)
    logs.event("warning", text="x")
    logs.describe(seed=42)
    logs.close()
    assert os.listdir(tmp_path) == [] and logs.course == []
