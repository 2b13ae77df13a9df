"""`llmproc batch` from outside: what goes in, what comes out, how it ends. Killing and resuming: test_batch_resume."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from apps.batching import MODES, batch, lasting, options, prompts, rows_of, started
from support.chatting import Chat
from support.paths import ROOT

from llmproc import LLM, SamplingParams
from llmproc.batch.record import ResultRow
from llmproc.checkpoints.synth import write_synthetic

SOAK = pytest.mark.soak
README = (ROOT / "logs" / "README.md").read_text()


@pytest.fixture(scope="module")
def reference(quick: Path) -> list[Any]:
    """What the Python API gives for the prompts of `prompts`, with the options of `options`."""
    texts = [f"Tell me story number {number} about pipes" for number in range(12)]
    with LLM(quick, quick.with_name("tokenizer.bin"), threads=1) as llm:
        return llm.generate(texts, SamplingParams(max_tokens=20))


@pytest.mark.parametrize(
    ("mode", "workers"),
    [("seq", 1), ("sp", 2), ("ws", 2), pytest.param("ws", 4, marks=SOAK), ("lpt", 2)],
)
def test_every_mode_gives_what_single_requests_give(
    tmp_path: Path, quick: Path, reference: list[Any], mode: str, workers: int
) -> None:
    """System B's stealing correctness is this with `ws`: no row lost, none twice, each with its own text."""
    out = tmp_path / "results.jsonl"
    settings = options(quick, mode=mode, workers=workers, sequences=2)
    code, told, err = batch(tmp_path, prompts(tmp_path), "-o", out, *settings)
    assert code == 0 and mode in MODES
    rows = rows_of(out)
    assert [row["index"] for row in rows] == list(range(12)) == [row["id"] for row in rows]
    for row, result in zip(rows, reference, strict=True):
        assert (row["text"], row["finish_reason"], row["status"]) == (result.text, result.finish_reason, "ok")
        assert (row["prompt_tokens"], row["new_tokens"]) == (result.prompt_tokens, result.new_tokens)
        assert row["attempts"] == 1 and row["error"] is None and row["worker"] in range(workers)
        assert row["queue_s"] + row["prefill_s"] + row["decode_s"] == pytest.approx(row["total_s"], abs=1e-5)
    assert sorted(row["request"] for row in rows) == list(range(1, 13))
    assert "[INFO] 12 rows: 12 ok, in " in told and "tokens/s" in told
    assert "[INFO] run folder: " in told and err == "", "a redirected stderr is the log alone"
    assert not (tmp_path / "results.jsonl.part").exists()


def test_rows_go_to_stdout_in_input_order(tmp_path: Path, quick: Path, reference: list[Any]) -> None:
    lengths = [40, 1, 30, 2, 20, 3]
    lines = [json.dumps({"prompt": f"p {n}", "max_tokens": n, "id": f"r{n}"}) for n in lengths]
    code, out, err = batch(tmp_path, "-", "--format", "jsonl", *options(quick, sequences=6), text="\n".join(lines))
    assert code == 0 and err == ""
    assert [row["id"] for row in rows_of(out)] == [f"r{n}" for n in lengths]
    assert all(row["new_tokens"] <= n for row, n in zip(rows_of(out), lengths, strict=True))


def test_the_three_formats_and_the_rows_own_options(tmp_path: Path, quick: Path) -> None:
    (tmp_path / "in.csv").write_text('prompt,seed,topic\n"a pipe, and\nmore",7,os\nb,,\n')
    messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    given: list[dict[str, Any]] = [
        {"prompt": "a pipe, and\nmore", "seed": 7, "topic": "os"},
        {"prompt": "b"},
        {"messages": messages},
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in given))
    settings = options(quick, temperature=0.9)
    assert batch(tmp_path, tmp_path / "in.csv", "-o", tmp_path / "c.jsonl", *settings)[0] == 0
    assert batch(tmp_path, tmp_path / "in.jsonl", "-o", tmp_path / "j.jsonl", *settings)[0] == 0
    csv, jsonl = rows_of(tmp_path / "c.jsonl"), rows_of(tmp_path / "j.jsonl")
    assert [row["text"] for row in csv] == [row["text"] for row in jsonl[:2]]
    assert csv[0]["extra"] == {"topic": "os"} == jsonl[0]["extra"] and "extra" not in csv[1]
    with LLM(quick, quick.with_name("tokenizer.bin"), threads=1) as llm:
        params = SamplingParams(temperature=0.9, max_tokens=20)
        wanted = llm.generate([given[0]["prompt"], "b", messages], [params.changed(seed=7), params, params])
    assert [row["text"] for row in jsonl] == [result.text for result in wanted]


def test_malformed_rows_are_rows_and_the_rest_goes_on(tmp_path: Path, quick: Path) -> None:
    lines = [
        '{"prompt": "fine"}', "{broken", '{"prompt": "p", "temperature": -1, "id": "hot"}', '{"prompt": "fine too"}',
        '{"messages": [{"role": "robot", "content": "x"}]}', json.dumps({"prompt": "long " * 2000}), '{"prompt": "e"}',
    ]  # fmt: skip
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    code, told, _ = batch(tmp_path, tmp_path / "in.jsonl", "-o", tmp_path / "r.jsonl", *options(quick))
    assert code == 1
    rows = rows_of(tmp_path / "r.jsonl")
    assert [row["status"] for row in rows] == ["ok", "error", "error", "ok", "error", "error", "ok"]
    assert [row["index"] for row in rows] == list(range(7)) and rows[2]["id"] == "hot"
    assert rows[1]["error"].startswith("line 2 is not JSON") and "temperature is -1" in rows[2]["error"]
    assert rows[4]["error"].startswith("line 5: messages: after an optional system message, user and assistant must")
    assert re.fullmatch(r"line 6: the conversation would need \d+ positions and the context has 512", rows[5]["error"])
    assert "[INFO] row 1 failed: line 2 is not JSON" in told and "7 rows: 3 ok, 4 failed, in " in told
    assert told.count(" failed: ") == 3 and "further failures are told in the results only" in told


def test_streaming_shows_every_answer_line_by_line(tmp_path: Path, quick: Path) -> None:
    """System B's streaming test: what was shown while it grew is what is in the results."""
    out = tmp_path / "r.jsonl"
    lines = ['{"id": "a", "prompt": "x"}', "{broken", '{"id": "b", "prompt": "y", "max_tokens": 60}', '{"prompt": "z"}']
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    code, told, _ = batch(tmp_path, tmp_path / "in.jsonl", "-o", out, "--stream", *options(quick, sequences=4))
    assert code == 1
    for row in rows_of(out):
        shown = [
            line.removeprefix(f"[{row['id']}] ") for line in told.splitlines() if line.startswith(f"[{row['id']}] ")
        ]
        if row["status"] == "ok":
            assert "".join("".join(shown).split()) == "".join(row["text"].split())
        else:
            assert shown == [f"error: {row['error']}"]


def test_streaming_one_at_a_time_shows_pieces_as_they_come(tmp_path: Path, slow: Path) -> None:
    with started(tmp_path, prompts(tmp_path, 2), "--stream", *options(slow, mode="seq", max_tokens=60)) as run:
        run.expect("[0] ")
        run.until(lambda: len(run.text) > 12)
        assert "[1]" not in run.text and "\n" not in run.text.strip(), "in the middle of the first answer"
        assert run.wait() == 0
        first, second = re.match(r"\[0\] (.*)\n\[1\] (.*?)\n\[INFO\] 2 rows", run.text, re.S).groups()  # type: ignore[union-attr]
        run.end_of_input()
    code, out, _ = batch(tmp_path, prompts(tmp_path, 2), *options(slow, mode="seq", max_tokens=60))
    assert code == 0 and [row["text"] for row in rows_of(out)] == [first, second], "non-streaming gives the same"


def test_a_producer_that_waits_for_its_answer_gets_it(tmp_path: Path, quick: Path) -> None:
    """Reading, generating and writing overlap: a row is answered while the next one has not been written yet."""
    with started(tmp_path, "-", *options(quick)) as run:
        for number in range(3):
            run.send(f"Prompt {number}\n")
            assert json.loads(run.expect(re.compile(r"\{.*\}\n")))["index"] == number
        run.end_of_input()
        assert run.wait() == 0


def test_elapsed_prints_the_seconds_and_nothing_else(tmp_path: Path, quick: Path) -> None:
    code, out, err = batch(tmp_path, prompts(tmp_path), "--elapsed", *options(quick))
    assert code == 0 and re.fullmatch(r"\d+\.\d{3}\n", out) and 0 < float(out) < 20
    assert (tmp_path / "log.txt").read_text() == "" == err


def test_the_summary_as_json_adds_up_and_is_documented(tmp_path: Path, quick: Path) -> None:
    (tmp_path / "in.txt").write_text("one\ntwo\n" + "long " * 2000 + "\nthree\n")
    out = tmp_path / "r.jsonl"
    code, told, err = batch(tmp_path, tmp_path / "in.txt", "-o", out, "--json", *options(quick, workers=2, sequences=2))
    found, rows = json.loads(told), rows_of(out)
    assert code == 1 and err == "" and told.count("\n") == 1
    assert (found["rows"], found["ok"], found["failed"], found["reused"]) == (4, 3, 1, 0)
    assert found["new_tokens"] == sum(row["new_tokens"] for row in rows)
    assert found["prompt_tokens"] == sum(row["prompt_tokens"] for row in rows)
    assert sum(own["rows"] for own in found["by_worker"]) == 3
    assert (found["mode"], found["workers"], found["threads"], found["sequences"]) == ("ws", 2, 1, 2)
    assert found["simulated"] is False and 0 < found["elapsed_s"] < found["wall_s"]
    assert found["elapsed_s"] + found["start_s"] <= found["wall_s"] + 0.001
    assert found["queue_most_s"] == pytest.approx(max(row["queue_s"] for row in rows), abs=1e-5)
    assert set(found["stages"]) == {"reading", "generating", "writing"}
    assert 0 <= found["stages"]["reading"]["tokenizing_s"] <= found["stages"]["reading"]["busy_s"]
    assert found["stages"]["generating"]["waiting_s"] > 0, "for the model"
    folder = Path(found["run_folder"])
    kept = json.loads((folder / "run.json").read_text())
    assert kept["batch"] == {**found, "run_folder": None} and kept["verb"] == "batch"
    section = README.split("## results.jsonl")[1].split("\n## ")[0]
    for name in [*found, *ResultRow.__struct_fields__]:
        assert f"`{name}`" in section, f"{name} is not in logs/README.md"


def test_with_a_log_of_its_own_stderr_says_where_the_run_folder_is(tmp_path: Path, quick: Path) -> None:
    code, out, err = batch(tmp_path, prompts(tmp_path, 1), "--log", tmp_path / "course.txt", *options(quick))
    assert code == 0 and len(rows_of(out)) == 1 and re.fullmatch(r"run folder: .*\n", err)
    assert all(line.startswith("[pid] ") for line in (tmp_path / "course.txt").read_text().splitlines())


def test_the_run_folder_has_the_requests(tmp_path: Path, quick: Path) -> None:
    code, out, _ = batch(tmp_path, prompts(tmp_path, 3), *options(quick))
    folder = (tmp_path / "runs" / "latest").resolve()
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    done = {event["request"]: event for event in events if event["kind"] == "request_done"}
    for row in rows_of(out):
        assert done[row["request"]]["new_tokens"] == row["new_tokens"]
    assert code == 0 and "[pid] " in (folder / "proc.log").read_text()


def test_a_shell_that_closes_its_end_early(tmp_path: Path, quick: Path) -> None:
    command = f"{sys.executable} -m llmproc batch {prompts(tmp_path, 40)} --model {quick} --threads 1 | head -n 1"
    command += "; echo ${PIPESTATUS[0]}"
    with Chat(tmp_path, command=["bash", "-c", command]) as shell:
        shell.end_of_input()
        assert shell.wait() == 0
        row, status = shell.text.splitlines()
        assert json.loads(row)["index"] == 0 and status == "141"
        assert "llmproc:" not in shell.logged()


@pytest.mark.parametrize("what", [{}, {"elapsed": True}, {"json": True}], ids=["rows", "elapsed", "json"])
def test_a_full_disk_behind_stdout(tmp_path: Path, quick: Path, what: dict[str, object]) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        with started(tmp_path, prompts(tmp_path), *options(quick, **what), stdout=full) as run:
            assert run.wait() == 1
            assert "llmproc: stdout: cannot be written: No space left on device\n" in run.logged()
            assert "Traceback" not in run.logged()
    finally:
        os.close(full)


def test_a_limit_on_the_size_of_files_is_one_line(tmp_path: Path, quick: Path) -> None:
    command = f"ulimit -f 1; {sys.executable} -m llmproc batch {prompts(tmp_path)} --model {quick} --threads 1"
    with Chat(tmp_path, command=["bash", "-c", command]) as shell:
        shell.end_of_input()
        assert shell.wait() == 3
        assert shell.logged() == "llmproc: the request board cannot be made: File too large\n"


def test_a_full_disk_under_the_results_loses_nothing(tmp_path: Path, quick: Path) -> None:
    """One line that says what is kept and how to go on; the resume does the rest."""
    out = tmp_path / "r.jsonl"
    code = (
        "import os, sys\nfrom llmproc.apps.batch import app\nwrite, count = os.pwrite, [0]\n"
        "def full(fd, data, at):\n    count[0] += 1\n    if count[0] > 6:\n        raise OSError(28, os.strerror(28))\n"
        "    return write(fd, data, at)\nos.pwrite = full\nsys.exit(app.main(sys.argv[1:]))\n"
    )
    arguments = [prompts(tmp_path), "-o", out, *options(quick)]
    with Chat(tmp_path, command=[sys.executable, "-c", code, *arguments]) as run:
        run.end_of_input()
        assert run.wait() == 1
        (line,) = [line for line in run.logged().splitlines() if not line.startswith("[pid] ")]
        assert re.match(
            r"llmproc: .*r\.jsonl\.part: cannot be written: No space left on device; 5 results are kept in .*\.part; "
            r"go on with: python -m llmproc batch .*--resume$", line
        ), line  # fmt: skip
    assert not out.exists()
    assert batch(tmp_path, *arguments, "--resume")[0] == 0
    assert len(rows_of(out)) == 12


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=SOAK)])
def test_a_signal_keeps_what_is_done_and_says_how_to_go_on(tmp_path: Path, slow: Path, number: int, code: int) -> None:
    out, part = tmp_path / "r.jsonl", tmp_path / "r.jsonl.part"
    arguments = [prompts(tmp_path), "-o", out, *options(slow, sequences=2)]
    with started(tmp_path, *arguments, "--force") as run:
        run.until(lambda: part.exists() and part.read_bytes().count(b"\n") >= 3)
        run.interrupt(number)
        assert run.wait() == code
        told = re.search(
            r"llmproc: interrupted; (\d+) results are kept in \S+r\.jsonl\.part; go on with: (.*)\n", run.logged()
        )
        assert told and int(told[1]) == part.read_bytes().count(b"\n") - 1
        assert not out.exists()
    command = told[2].replace("python", sys.executable, 1)
    assert "--force" not in command and command.endswith("--resume")
    done = subprocess.run(command, shell=True, cwd=tmp_path, env=run.env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(rows_of(out)) == 12 and f"{told[1]} of them done before" in done.stdout


def test_interrupted_before_anything_was_done(tmp_path: Path, slow: Path) -> None:
    with started(tmp_path, prompts(tmp_path), "-o", tmp_path / "r.jsonl", *options(slow)) as run:
        run.child("template")
        run.interrupt()
        assert run.wait() == 130
        assert "llmproc: interrupted after 0 rows\n" in run.logged()
    assert not list(tmp_path.glob("r.jsonl*"))


def test_interrupted_while_nobody_reads_the_rows(tmp_path: Path, quick: Path) -> None:
    """A full pipe: the writer waits, and Ctrl-C does not wait for it."""
    read, write = os.pipe()
    try:
        with started(tmp_path, prompts(tmp_path, 400), *options(quick, max_tokens=1), stdout=write) as run:
            run.await_events("request_done", 390)
            run.interrupt()
            assert run.wait() == 130
    finally:
        os.close(read)
        os.close(write)


def test_on_a_terminal_there_is_a_bar_with_lanes(tmp_path: Path, slow: Path) -> None:
    arguments = [prompts(tmp_path), "-o", tmp_path / "r.jsonl", *options(slow, workers=2, sequences=2, max_tokens=100)]
    with started(tmp_path, *arguments, terminal=True) as run:
        run.expect(re.compile(r"\[#+-+\]  \d+ of 12 rows   \d+ tokens/s   0:\d\d left"))
        run.expect(re.compile(r"worker 0 +\[##\]    2 of 2 running +\d+ tokens/s +\d+ rows"))
        run.expect(re.compile(r"worker 1 +\["))
        assert run.wait() == 0
        assert "[INFO] 12 rows: 12 ok, in" in run.text and "run folder: " in run.text and "[pid]" not in run.text
        last = run.raw.rpartition("\x1b[J")[2]
        assert "tokens/s   0:" not in last, "the bar has gone"


@SOAK
def test_a_terminal_that_can_do_nothing_gets_lines(tmp_path: Path, quick: Path) -> None:
    arguments = [prompts(tmp_path), "-o", tmp_path / "r.jsonl", *options(quick)]
    with started(tmp_path, *arguments, terminal=True, environment={"TERM": "dumb"}) as run:
        assert run.wait() == 0
        assert "\x1b" not in run.raw and "[INFO] 12 rows: 12 ok" in run.text


def test_rows_on_a_terminal_are_not_mixed_with_a_bar(tmp_path: Path, slow: Path) -> None:
    with started(tmp_path, prompts(tmp_path, 4), *options(slow), terminal=True) as run:
        assert run.wait() == 0
        assert "\x1b" not in run.raw and len(re.findall(r'(?m)^\{"id":\d', run.text)) == 4


def test_a_model_that_cannot_be_loaded_is_one_line_and_leaves_nothing(tmp_path: Path, quick: Path) -> None:
    from llmproc.checkpoints.model_file import open_model

    bad = tmp_path / "bad.bin"
    write_synthetic(bad, open_model(quick).description, seed=1)
    data = bytearray(bad.read_bytes())
    data[256:260] = b"\x00\x00\xc0\x7f"  # NaN in the first norm
    bad.write_bytes(data)
    arguments = [
        prompts(tmp_path),
        "-o",
        tmp_path / "r.jsonl",
        *options(bad),
        "--tokenizer",
        quick.with_name("tokenizer.bin"),
    ]
    code, _, err = batch(tmp_path, *arguments)
    assert code == 4 and re.fullmatch(r"llmproc: .*bad\.bin: .*\n", err)
    assert not list(tmp_path.glob("r.jsonl*"))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("missing.txt", "-o", "r.jsonl"), 2, "missing.txt: cannot be read: No such file"),
        (("in.txt", "-o", "in.txt", "--force"), 2, "in.txt: is the input"),
        (("in.txt.part", "-o", "in.txt", "--force"), 2, "in.txt.part: is the input"),
        (("in.txt", "-o", "old.jsonl"), 2, "old.jsonl: exists: --force replaces it, --resume asks only what is"),
        (("in.txt", "-o", "folder"), 2, "folder: is a folder"),
        (("in.txt", "-o", "no/r.jsonl"), 2, "must be a file in a folder that exists"),
        (("in.txt", "-o", "fifo", "--force"), 2, "fifo: is not a regular file: --resume and --force need one"),
        (("header.csv", "-o", "r.jsonl"), 2, "must have a column prompt or messages"),
        (("old.jsonl", "-o", "old.jsonl", "--resume"), 2, "old.jsonl: is the input"),
        (("in.txt", "-o", "old.jsonl", "--resume"), 2, "old.jsonl: holds a line that is not a result"),
        (("in.txt", "--model", "missing.bin"), 4, "missing.bin"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line(
    arguments: tuple[str, ...], code: int, words: str, tmp_path: Path, quick: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    from llmproc.apps.batch.app import main

    for name, text in (
        ("in.txt", "one\n"),
        ("in.txt.part", "two\n"),
        ("old.jsonl", "notes\n"),
        ("header.csv", "a,b\n1,2\n"),
    ):
        (tmp_path / name).write_text(text)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    monkeypatch.chdir(tmp_path)
    before = {path.name: path.read_text() for path in tmp_path.iterdir() if path.is_file()}
    extra = () if "--model" in arguments else ("--model", str(quick))
    assert main([*arguments, *extra, "--run-dir", "none"], "llmproc batch") == code
    out, err = capsys.readouterr()
    assert out == "" and words in err and err.startswith("llmproc: ") and err.count("\n") == 1
    assert {path.name: path.read_text() for path in tmp_path.iterdir() if path.is_file()} == before


def test_an_input_without_rows(tmp_path: Path, quick: Path) -> None:
    (tmp_path / "in.txt").write_text("\n \n")
    code, told, _ = batch(tmp_path, tmp_path / "in.txt", "-o", tmp_path / "r.jsonl", *options(quick))
    assert code == 0 and (tmp_path / "r.jsonl").read_text() == "" and "0 rows" in told


def test_a_link_stays_a_link_and_a_pipe_is_written_in_order(tmp_path: Path, quick: Path) -> None:
    (tmp_path / "real.jsonl").write_text("old\n")
    (tmp_path / "link.jsonl").symlink_to("real.jsonl")
    arguments = [prompts(tmp_path, 3), *options(quick, max_tokens=2)]
    assert batch(tmp_path, *arguments, "-o", tmp_path / "link.jsonl", "--force")[0] == 0
    assert (tmp_path / "link.jsonl").is_symlink() and len(rows_of(tmp_path / "real.jsonl")) == 3
    os.mkfifo(tmp_path / "fifo")
    with started(tmp_path, *arguments, "-o", tmp_path / "fifo") as run, open(tmp_path / "fifo") as fifo:
        assert lasting(rows_of(fifo.read())) == lasting(rows_of(tmp_path / "real.jsonl"))
        assert run.wait() == 0


def test_more_input_than_memory_is_held(tmp_path: Path, quick: Path) -> None:
    """120 MB of input through a pipe, and main stays as small as it was."""
    program = (
        "import re, sys\nfrom llmproc.apps.batch.app import main\ncode = main(sys.argv[1:])\n"
        "print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1], code)\n"
    )
    peaks = []
    for count in (1, 1200):
        out = tmp_path / f"{count}.jsonl"
        arguments = ["-", "--format", "jsonl", "-o", out, "--json", *options(quick, max_tokens=1)]
        with Chat(tmp_path, command=[sys.executable, "-c", program, *arguments]) as run:
            for _ in range(count):
                run.send(b'{"prompt": broken ' + b"x" * 100_000 + b"\n")
            run.send(b'{"prompt": "fine"}\n')
            run.end_of_input()
            assert run.wait() == 0
            peak, code = run.text.splitlines()[-1].split()
        rows = rows_of(out)
        assert code == "1" and len(rows) == count + 1
        assert rows[-1]["status"] == "ok" and rows[0]["error"].startswith("line 1 is not JSON")
        peaks.append(int(peak))
    assert peaks[1] < peaks[0] + 30_000, f"main took {peaks} KiB for 0.1 and 120 MB of input"
