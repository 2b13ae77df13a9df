"""`batch --otlp`: one complete span of each row that was answered, none of others; nothing waits for a collector."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from apps.batching import batch, lasting, options, prompts, rows_of
from telemetry.collector import collector, refusing_port

SECRET = "story number"


def test_each_of_50_rows_has_one_complete_span(tmp_path: Path, quick: Path) -> None:
    with collector() as found:
        out = tmp_path / "results.jsonl"
        flags = options(quick, workers=2, sequences=4, max_tokens=6, otlp=found.url)
        code, told, err = batch(tmp_path, prompts(tmp_path, 50), "-o", out, *flags)
        spans = {span.attributes["llmproc.batch.index"]: span for span in found.spans}
    assert code == 0 and err == "" and len(found.spans) == len(spans) == 50
    assert f"[INFO] traces go to {found.url}/v1/traces, without prompts and answers\n" in told
    assert "[INFO] traces: 50 spans exported\n" in told
    for row in rows_of(out):
        span = spans[row["index"]]
        attributes = span.attributes
        assert span.name == f"chat {attributes['gen_ai.response.model']}" and span.kind == 1 and span.status == 0
        assert attributes["gen_ai.usage.input_tokens"] == row["prompt_tokens"]
        assert attributes["gen_ai.usage.output_tokens"] == row["new_tokens"]
        assert attributes["gen_ai.usage.cache_read.input_tokens"] == row["cached_tokens"]
        assert attributes["llmproc.finish_reasons"] == [row["finish_reason"]]
        assert attributes["llmproc.workers"] == [row["worker"]] and attributes["llmproc.requests"] == [row["request"]]
        assert attributes["gen_ai.latency.time_in_queue"] == pytest.approx(row["queue_s"], abs=1e-5)
        assert attributes["gen_ai.latency.e2e"] == pytest.approx(row["total_s"], abs=1e-5)
        assert attributes["llmproc.cpu.user_s"] >= 0 and attributes["llmproc.kv_bytes"] > 0
        assert attributes["gen_ai.request.max_tokens"] == 6 and attributes["llmproc.batch.id"] == str(row["id"])
        assert json.loads(attributes["langfuse.observation.usage_details"])["output"] == row["new_tokens"]
        assert SECRET not in repr(span)


def test_refused_and_reused_rows_have_none_and_several_answers_have_one(tmp_path: Path, quick: Path) -> None:
    given = [{"prompt": "a", "n": 3}, {"prompt": "b", "temperature": -1}, {"prompt": "c", "system": "be brief"}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in given))
    with collector() as found:
        out = tmp_path / "results.jsonl"
        flags = options(quick, max_tokens=3, otlp=found.url, otlp_content=True, force=True)
        code, told, _ = batch(tmp_path, tmp_path / "in.jsonl", "-o", out, *flags)
        assert code == 1 and "traces: 2 spans exported" in told
        first, third = sorted(found.spans, key=lambda span: int(span.attributes["llmproc.batch.index"]))
    rows = rows_of(out)
    assert json.loads(first.attributes["langfuse.observation.output"]) == [one["text"] for one in rows[0]["choices"]]
    assert first.attributes["gen_ai.usage.output_tokens"] == sum(one["new_tokens"] for one in rows[0]["choices"])
    assert third.attributes["langfuse.observation.output"] == rows[2]["text"]
    assert [one["role"] for one in json.loads(third.attributes["langfuse.observation.input"])] == ["system", "user"]


def test_a_dead_collector_changes_no_row(tmp_path: Path, quick: Path) -> None:
    alone, beside = tmp_path / "alone.jsonl", tmp_path / "beside.jsonl"
    flags = options(quick, max_tokens=3)
    assert batch(tmp_path, prompts(tmp_path, 5), "-o", alone, *flags)[0] == 0
    with refusing_port() as port:
        code, told, err = batch(tmp_path, prompts(tmp_path, 5), "-o", beside, *flags, "--otlp", f"127.0.0.1:{port}")
    assert code == 0 and err == "" and lasting(rows_of(beside)) == lasting(rows_of(alone))
    assert "[INFO] traces: 0 spans exported, 5 dropped: not sent before the end\n" in told


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--otlp-content"], "--otlp-content needs --otlp"),
        (["--otlp", "env"], "--otlp is env: one of OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
        (["--otlp", "ftp://x"], "--otlp must be http://HOST:PORT"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, quick: Path, flags: list[str], told: str) -> None:
    code, out, err = batch(tmp_path, prompts(tmp_path, 1), *options(quick), *flags)
    assert code == 2 and out == "" and told in err and err.count("\n") == 1
