"""Killed at any moment and gone on with: the results are those of an undisturbed run."""

from __future__ import annotations

import json
import os
import random
import signal
from pathlib import Path

import pytest
from apps.batching import batch, lasting, options, part_rows, prompts, rows_of, started
from support.paths import ROOT

SOAK = pytest.mark.soak


def undisturbed(folder: Path, arguments: list[object]) -> list[object]:
    """What an undisturbed run gives, of what must be the same in every run."""
    place = folder / "undisturbed"
    place.mkdir()
    code, _, _ = batch(place, *arguments, "-o", place / "r.jsonl")
    assert code in (0, 1)
    return list(lasting(rows_of(place / "r.jsonl")))


@pytest.mark.parametrize("deaths", [2, pytest.param(12, marks=SOAK)])
def test_main_is_killed_and_resumed(tmp_path: Path, slow: Path, deaths: int) -> None:
    """With kill -9 in mid-run, with other numbers of workers and other modes each time."""
    out, part = tmp_path / "r.jsonl", tmp_path / "r.jsonl.part"
    count = 3 * (deaths + 2)
    (tmp_path / "in.jsonl").write_text(
        "".join(
            json.dumps({"prompt": f"Story {n}", "id": f"s{n}", "max_tokens": 5 + n % 7, "seed": n}) + "\n"
            if n % 5 else "{broken\n" for n in range(count)
        )
    )  # fmt: skip
    arguments: list[object] = [tmp_path / "in.jsonl", *options(slow, max_tokens=None, temperature=0.9)]
    expected = undisturbed(tmp_path, [*arguments, "--sequences", 8])
    shapes = random.Random(deaths)
    for _ in range(deaths):
        before = part_rows(part)
        shape = ["--mode", shapes.choice(["seq", "sp", "ws"]), "--workers", shapes.choice([1, 2]), "--sequences", 2]
        with started(tmp_path, *arguments, *shape, "-o", out, "--resume") as run:
            run.until(lambda before=before: part_rows(part) > before or run.process.poll() is not None)  # type: ignore[misc]
            run.interrupt(signal.SIGKILL)
            run.wait()
        assert not out.exists()
    with part.open("ab") as file:
        file.write(b'{"id":"s1","index":1,"sta')  # as a death in the middle of a write leaves it
    kept = part_rows(part)
    assert deaths <= kept < count
    code, told, _ = batch(tmp_path, *arguments, "-o", out, "--resume", "--json")
    assert code == 1 and list(lasting(rows_of(out))) == expected
    assert json.loads(told)["reused"] == kept
    assert not part.exists()


def test_workers_are_killed_and_no_row_notices(tmp_path: Path, slow: Path) -> None:
    """The seam for the deaths of issue 4: replayed rows say so, and their text is the same."""
    arguments: list[object] = [prompts(tmp_path, 6), *options(slow, workers=2, sequences=2, max_tokens=30)]
    expected = undisturbed(tmp_path, arguments)
    with started(tmp_path, *arguments, "-o", tmp_path / "r.jsonl") as run:
        run.end_of_input()
        for tokens in (1, 3):
            run.await_events("first_token", tokens)
            os.kill(run.child("inference"), signal.SIGKILL)
        assert run.wait() == 0
        assert "another one continues" in run.text
    rows = rows_of(tmp_path / "r.jsonl")
    assert list(lasting(rows)) == expected
    assert any(row["attempts"] > 1 for row in rows) and all(row["attempts"] >= 1 for row in rows)


def test_a_finished_run_is_gone_on_with_where_something_is_missing(tmp_path: Path, quick: Path) -> None:
    """Nothing is missing: no model is loaded. Rows were added: they are asked. Others were changed: refused."""
    out, source = tmp_path / "r.jsonl", tmp_path / "in.jsonl"
    good, bad = '{"prompt": "one", "id": 1}\n', '{"prompt": "two", "id": 2}\n{broken\n'
    source.write_text(good + bad)
    arguments = [source, "-o", out, *options(quick)]
    assert batch(tmp_path, *arguments)[0] == 1
    first = out.read_bytes()
    code, told, err = batch(tmp_path, *arguments, "--resume")
    assert code == 1 and "3 rows: 2 ok, 1 failed, 3 of them done before" in told
    assert out.read_bytes() == first and os.listdir(tmp_path / "runs")
    folder = (tmp_path / "runs" / "latest").resolve()
    assert "worker_forked" not in (folder / "events.jsonl").read_text()

    source.write_text(good + bad + '{"prompt": "three"}\n')
    code, told, _ = batch(tmp_path, *arguments, "--resume", "--retry-failed")
    assert code == 1 and "4 rows: 3 ok, 1 failed, 2 of them done before" in told
    assert out.read_bytes().startswith(b"".join(first.splitlines(keepends=True)[:2]))
    grown = out.read_bytes()

    for text, words in ((bad + good, "line 1 is not what row 0 was"), (good, "and there is a result of row 3")):
        source.write_text(text)
        code, _, err = batch(tmp_path, *arguments, "--resume")
        assert code == 2 and words in err and "was started with a different input, model or options" in err
        assert out.read_bytes() == grown and not (tmp_path / "r.jsonl.part").exists()


def test_a_resume_with_another_input_or_other_options_is_refused(tmp_path: Path, slow: Path, quick: Path) -> None:
    out, part, source = tmp_path / "r.jsonl", tmp_path / "r.jsonl.part", prompts(tmp_path, 6)
    arguments: list[object] = ["-o", out, *options(slow, sequences=2)]
    with started(tmp_path, source, *arguments) as run:
        run.until(lambda: part_rows(part) >= 2)
        run.interrupt(signal.SIGKILL)
        run.wait()
    before = part.read_bytes()
    from llmproc.apps.batch.app import main

    def refused(*changed: object) -> None:
        assert main([*map(str, [*changed, "--run-dir", "none"])]) == 2
        assert part.read_bytes() == before

    refused(source, *arguments)
    refused(source, *arguments, "--resume", "--temperature", 0)
    refused(source, *arguments, "--resume", "--seed", 7)
    refused(source, "-o", out, *options(quick, sequences=2), "--resume")
    text = source.read_text()
    source.write_text(text + "one more\n")
    refused(source, *arguments, "--resume")
    with (tmp_path / "rows").open("w+") as changed:  # through a pipe nothing but the rows can be compared
        changed.write(text.replace("number 0", "number 9"))
    code, _, err = batch(tmp_path, "-", *arguments, "--resume", text=(tmp_path / "rows").read_text())
    assert code == 2 and "line 1 is not what row 0 was" in err and part.read_bytes() == before
    first, *rows = before.splitlines(keepends=True)  # row 0 is missing, and answered before the difference is seen
    before = b"".join([first, *(row for row in rows if b'"index":0,' not in row)])
    part.write_bytes(before)
    with started(tmp_path, "-", *arguments, "--resume") as run:
        run.send("Another prompt\n")
        run.until(lambda: part.stat().st_size > len(before))
        run.send("and another\n" * 6)
        run.end_of_input()
        assert run.wait() == 2 and part.read_bytes() == before, "what came of another input is taken back"
    code, _, _ = batch(tmp_path, "-", *arguments, "--resume", text=text)
    assert code == 0 and [row["index"] for row in rows_of(out)] == list(range(6)), "the same rows are accepted"


def test_killed_between_the_rename_and_the_removal(
    tmp_path: Path, quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both files are there and complete: the resume puts it right, a new run is refused."""
    from llmproc.apps.batch.app import main
    from llmproc.batch import journal as module

    out, part = tmp_path / "r.jsonl", tmp_path / "r.jsonl.part"
    arguments = [*map(str, [prompts(tmp_path, 3), "-o", out, *options(quick, max_tokens=2), "--run-dir", "none"])]
    with monkeypatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setattr(module.Journal, "remove", lambda journal: os.close(journal.fd))
        assert main(arguments) == 0
    results, journal = out.read_bytes(), part.read_bytes()
    assert len(rows_of(out)) == 3 and part_rows(part) == 3
    assert main(arguments) == 2
    assert (out.read_bytes(), part.read_bytes()) == (results, journal)
    assert main([*arguments, "--resume"]) == 0
    assert out.read_bytes() == results and not part.exists()


@SOAK
def test_a_drawn_seed_is_drawn_once(tmp_path: Path, slow: Path) -> None:
    out, part = tmp_path / "r.jsonl", tmp_path / "r.jsonl.part"
    arguments = [prompts(tmp_path, 6), "-o", out, *options(slow, sequences=2, temperature=1, seed=0)]
    with started(tmp_path, *arguments) as run:
        run.expect("[INFO] seed ")
        run.until(lambda: part_rows(part) >= 2)
        run.interrupt(signal.SIGKILL)
        run.wait()
    seed = json.loads(part.read_bytes().splitlines()[0])["seed"]
    code, told, _ = batch(tmp_path, *arguments, "--resume")
    assert code == 0 and f"[INFO] seed {seed}\n" in told and len(rows_of(out)) == 6
