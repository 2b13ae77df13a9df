"""`llmproc batch --url` from outside, on stub servers: rows, order, deaths of servers and of main, what is refused."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from apps.batching import batch, part_rows, rows_of, started
from remote.token_servers import RunningStub, stubs
from support.paths import ROOT

from llmproc.apps.batch.options import parse_options
from llmproc.config import Environment
from llmproc.errors import UsageError

QUICK: dict[str, Any] = {"token_s": 0.0}


def remote(found: list[RunningStub], **more: object) -> list[object]:
    """Flags for the stubs."""
    flags: list[object] = [part for stub in found for part in ("--url", stub.url)]
    for name, value in {"max_tokens": 4, "connections": 2, **more}.items():
        flags += [f"--{name.replace('_', '-')}"] if value is True else [f"--{name.replace('_', '-')}", value]
    return flags


def questions(folder: Path, count: int) -> Path:
    path = folder / "in.txt"
    path.write_text("".join(f"q{number}\n" for number in range(count)))
    return path


@pytest.mark.parametrize(
    "mode", ["ws", pytest.param("seq", marks=pytest.mark.soak), pytest.param("queue", marks=pytest.mark.soak)]
)
def test_rows_are_in_order_each_with_its_own_answer(tmp_path: Path, mode: str) -> None:
    out = tmp_path / "r.jsonl"
    with stubs(tmp_path, QUICK, QUICK) as found:
        code, told, err = batch(tmp_path, questions(tmp_path, 20), "-o", out, *remote(found, mode=mode, json=True))
        asked = [stub.prompts() for stub in found]
        body = found[0].requests()[0]
    rows, summary = rows_of(out), json.loads(told)
    assert code == 0 and err == ""
    assert [row["text"] for row in rows] == [f"stub|q{number}|42 and" for number in range(20)]
    assert sorted(asked[0] + asked[1]) == sorted(f"q{number}" for number in range(20)), "each once"
    for row in rows:
        assert (row["status"], row["attempts"], row["finish_reason"]) == ("ok", 1, "length")
        assert (row["prompt_tokens"], row["new_tokens"]) == (3, 4) and row["url"] == found[row["worker"]].url
        assert row["queue_s"] + row["prefill_s"] + row["decode_s"] == pytest.approx(row["total_s"], abs=1e-5)
    assert [summary[name] for name in ("rows", "ok", "workers", "threads", "sequences")] == (
        [20, 20, 1, 0, 1] if mode == "seq" else [20, 20, 2, 0, 2]
    )
    assert summary["urls"] == [stub.url for stub in found[: summary["workers"]]] and summary["models"][0] == "stub"
    assert [(own["url"], own["rows"]) for own in summary["by_worker"]] == [
        (stub.url, len(prompts)) for stub, prompts in zip(found, asked, strict=True) if prompts
    ]
    assert body["temperature"] == 0.6 and body["seed"] == 42 and body["top_p"] == 0.9 and body["model"] == "stub"
    assert body["max_tokens"] == body["max_completion_tokens"] == 4
    described = json.loads((Path(summary["run_folder"]) / "run.json").read_text())
    assert (described["verb"], described["model"], described["batch"]["rows"]) == ("batch", "stub", 20)


def test_a_server_killed_in_mid_run_loses_no_row(tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    slow = {"token_s": 0.05}
    with stubs(tmp_path, slow, slow) as found:
        with started(tmp_path, questions(tmp_path, 30), "-o", out, *remote(found)) as run:
            run.until(lambda: part_rows(tmp_path / "r.jsonl.part") > 4)
            found[0].kill()
            assert run.wait() == 0
            assert f"{found[0].url}: is away (" in run.text
        alive = found[1].prompts()
    rows = rows_of(out)
    assert [row["text"].split("|")[1].split()[0] for row in rows] == [f"q{number}" for number in range(30)]
    assert {row["status"] for row in rows} == {"ok"}
    assert any(row["attempts"] > 1 for row in rows), "it had some under way"
    assert len(set(alive)) == len(alive), "what the living one was asked it was asked once"


def test_main_is_killed_and_only_the_rest_is_asked(tmp_path: Path) -> None:
    out, part, elsewhere = tmp_path / "r.jsonl", tmp_path / "r.jsonl.part", tmp_path / "elsewhere"
    elsewhere.mkdir()
    with stubs(tmp_path, {"token_s": 0.05}) as found:
        arguments = [questions(tmp_path, 16), "-o", out]
        with started(tmp_path, *arguments, *remote(found)) as run:
            run.until(lambda: part_rows(part) > 4)
            run.interrupt(signal.SIGKILL)
            run.wait()
        kept, before = part_rows(part), len(found[0].requests())
        with stubs(elsewhere, QUICK) as others:
            code, told, _ = batch(tmp_path, *arguments, "--resume", *remote(others, mode="sp", json=True))
            assert code == 0 and json.loads(told)["reused"] == kept == 16 - len(others[0].requests())
        assert 0 < kept <= before
    assert [row["text"] for row in rows_of(out)] == [f"stub|q{number}|42 and" for number in range(16)]


def test_a_resume_with_another_model_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    with stubs(tmp_path, {"token_s": 0.05}, {"model": "another"}) as found:
        arguments = [questions(tmp_path, 16), "-o", out]
        with started(tmp_path, *arguments, *remote(found[:1])) as run:
            run.until(lambda: part_rows(tmp_path / "r.jsonl.part") > 1)
            run.interrupt(signal.SIGINT)
            assert run.wait() == 130
            assert "results are kept" in run.logged()
        code, _, err = batch(tmp_path, *arguments, "--resume", *remote(found[1:]))
    assert code == 2 and "was started with another model" in err


def test_a_failed_request_is_a_row_and_can_be_asked_again(tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    with stubs(tmp_path, {"faults": {"2": "400", "3": "500"}, **QUICK}) as found:
        arguments = [questions(tmp_path, 5), "-o", out, *remote(found, connections=1)]
        code, told, _ = batch(tmp_path, *arguments)
        rows = rows_of(out)
        assert code == 1 and [row["status"] for row in rows] == ["ok", "error", "ok", "ok", "ok"]
        assert rows[1]["error"] == f"{found[0].url}: http_4xx: status 400: said 400" and rows[1]["attempts"] == 1
        assert rows[2]["attempts"] == 2 and rows[2]["error"] is None
        assert f"row 1 failed: {found[0].url}" in told and "5 rows: 4 ok, 1 failed" in told
        code, told, _ = batch(tmp_path, *arguments, "--resume", "--retry-failed", "--json")
        assert code == 0 and json.loads(told)["reused"] == 4
        assert len(found[0].requests()) == 7
    assert [row["status"] for row in rows_of(out)] == ["ok"] * 5


def test_rows_say_how_they_are_asked(tmp_path: Path) -> None:
    messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    given: list[dict[str, Any]] = [
        {"prompt": "p", "seed": 7, "stop": ["S"], "top_k": 3, "topic": "os", "system": "be brief"},
        {"messages": messages, "n": 2},
        {"prompt": "p", "logprobs": 1},
        {"messages": [{"role": "user"}]},
        {
            "prompt": "p",
            "logit_bias": {"5": 1},
            "ignore_eos": True,
            "temperature": 0,
            "json_schema": {"type": "object"},
        },
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in given))
    with stubs(tmp_path, QUICK) as found:
        code, out, _ = batch(tmp_path, tmp_path / "in.jsonl", "-o", "-", *remote(found, connections=1))
        bodies = found[0].requests()
        lines = '{"prompt": "p"}\n{"messages": []}\n{"prompt": "p", "json_schema": {}}\n'
        (tmp_path / "raw.jsonl").write_text(lines)
        raw = rows_of(batch(tmp_path, tmp_path / "raw.jsonl", "-o", "-", *remote(found, raw=True))[1])
        assert found[0].requests()[-1]["prompt"] == "p" and raw[0]["text"].startswith("stub|p")
    rows = rows_of(out)
    assert code == 1 and [row["status"] for row in rows] == ["ok", "ok", "error", "error", "ok"]
    assert bodies[0]["messages"] == [{"role": "system", "content": "be brief"}, {"role": "user", "content": "p"}]
    assert (bodies[0]["seed"], bodies[0]["stop"], bodies[0]["top_k"]) == (7, ["S"], 3) and "topic" not in bodies[0]
    assert rows[0]["extra"] == {"topic": "os"}
    assert [body["seed"] for body in bodies[1:3]] == [42, 43] and bodies[1]["messages"] == messages
    assert [choice["text"] for choice in rows[1]["choices"]] == ["stub|c|42 and", "stub|c|43 and"]
    assert "logprobs cannot be had of a server" in rows[2]["error"] and "message 0: must have" in rows[3]["error"]
    assert bodies[3]["logit_bias"] == {"5": 1} and bodies[3]["ignore_eos"] is True and bodies[3]["temperature"] == 0
    schema = {"name": "answer", "schema": {"type": "object"}}
    assert bodies[3]["response_format"] == {"type": "json_schema", "json_schema": schema} and "n" not in bodies[3]
    assert not any("json_schema" in body for body in bodies) and not any(
        "response_format" in body for body in bodies[:3]
    )
    assert "messages need a chat template" in raw[1]["error"] and "json_schema needs a chat" in raw[2]["error"]


def test_bytes_that_are_no_text_are_a_row_with_an_error(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_bytes(b"fine\n\xff\xfe\xfa\n")
    with stubs(tmp_path, QUICK) as found:
        code, out, _ = batch(tmp_path, tmp_path / "in.txt", "-o", "-", *remote(found))
        assert found[0].prompts() == ["fine"]
    assert code == 1 and "not UTF-8" in rows_of(out)[1]["error"]


def test_answers_are_streamed(tmp_path: Path) -> None:
    with stubs(tmp_path, {"faults": {"1": "cut"}, **QUICK}) as found:
        code, out, _ = batch(tmp_path, questions(tmp_path, 2), *remote(found, mode="seq", stream=True))
    assert code == 0 and out.startswith("[0] stub|q0|42 and\n[1] stub|q1|42 and\n[INFO] 2 rows: 2 ok\n")


@pytest.mark.soak
def test_a_workload_in_place_of_a_file(tmp_path: Path) -> None:
    with stubs(tmp_path, QUICK) as found:
        code, out, _ = batch(
            tmp_path, "--workload", "alternating", "-o", "-", *remote(found, connections=8, max_tokens=1)
        )
        lengths = [body["max_tokens"] for body in found[0].requests()]
    rows = rows_of(out)
    assert code == 0 and len(rows) == 30 and "|Write 16 sentences about a lighthouse" in rows[0]["text"]
    assert sorted(lengths) == [16 * sentences for sentences in range(1, 31)]
    assert [row["new_tokens"] for row in rows[:4]] == [256, 16, 272, 32]


def test_without_a_server_it_is_one_line(tmp_path: Path) -> None:
    code, out, err = batch(tmp_path, questions(tmp_path, 2), "--url", "http://127.0.0.1:1/v1")
    assert code == 3 and out == "" and err.count("\n") == 1 and "http://127.0.0.1:1/v1/models: cannot be asked" in err


def test_nothing_of_a_model_is_imported(tmp_path: Path) -> None:
    code = (
        "import faulthandler, sys; faulthandler.dump_traceback_later(60, exit=True); "  # a hang says where
        "from llmproc.apps.batch.app import main; main(sys.argv[1:]); "
        "print(sorted({'numpy', 'numba', 'llvmlite', 'tokenizers', 'pandas'} & set(sys.modules)), file=sys.stderr)"
    )
    with stubs(tmp_path, QUICK) as found:
        arguments = [str(questions(tmp_path, 2)), *map(str, remote(found, elapsed=True, run_dir="none"))]
        done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr == "[]\n" and float(done.stdout) >= 0


LOCAL = (
    "--workers=2", "--sequences=2", "--threads=1", "--fixed-threads", "--weights=q4", "--kv-type=f32", "--context=9",
    "--kv-memory=1M", "--batch-tokens=9", "--tokenizer=t", "--template-option=a=b", "--policy=batch", "--nice=1",
    "--cpus=0", "--logprobs=1", "--interval=1", "--log=l",
)  # fmt: skip


@pytest.mark.parametrize("flag", LOCAL)
def test_options_of_workers_are_refused_by_name(flag: str) -> None:
    name = flag.partition("=")[0]
    with pytest.raises(UsageError, match=f"^{name} cannot be used with --url"):
        parse_options("x", ["p.txt", "--url", "http://a", flag], Environment())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("p.txt", "--connections", "2"), "--connections needs --url"),
        (("p.txt", "--api-key", "k"), "--api-key needs --url"),
        (("p.txt", "--give-up-after", "2"), "--give-up-after needs --url"),
        (("p.txt", "--mode", "queue"), "--mode queue needs --url"),
        (("p.txt", "--url", "http://a", "--connections", "0"), "--connections is 0: must be from 1 to 1024"),
        (("p.txt", "--workload", "alternating"), "--workload cannot be used with a file of prompts"),
        (("--workload", "alternating", "--format", "csv"), "--format cannot be used with --workload"),
        (("--workload", "nothing"), "invalid choice"),
    ],
)
def test_what_does_not_go_together(arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_options("x", arguments, Environment())


def test_every_option_of_servers_arrives() -> None:
    line = (
        "p --url http://a --url b:1 --connections 3 --model m/x:1 --api-key k --timeout 5 --retries 0 --give-up-after 9"
    )
    found = parse_options("x", line.split(), Environment()).remote
    assert found is not None and found.urls == ("http://a", "b:1")
    assert (found.connections, found.model, found.key, found.timeout_s) == (3, "m/x:1", "k", 5)
    assert (found.retries, found.give_up_s) == (0, 9) and "'k'" not in repr(found)
