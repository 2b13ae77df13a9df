"""A workload in place of a file: its rows are those of compare-modes, read as any input is."""

from __future__ import annotations

import pytest

from llmproc.apps.batch.options import parse_options
from llmproc.batch.formats import records
from llmproc.batch.rows import PromptRow, judge
from llmproc.batch.workload import open_source, workload_lines
from llmproc.config import Environment, SamplingParams
from llmproc.dispatch.workloads import WORKLOADS
from llmproc.errors import UsageError
from llmproc.experiments.compare_modes.prompts import shipped_prompts


@pytest.mark.parametrize("name", WORKLOADS)
def test_rows_ask_what_compare_modes_asks(name: str) -> None:
    options = parse_options("x", ["--workload", name], Environment())
    assert (options.input, options.format, options.workload) == (f"workload {name}", "jsonl", name)
    source = open_source(options)
    try:
        assert source.regular and source.size == len(workload_lines(name))
        before = source.digest_of_all()
        rows = [judge(r, i, b"", SamplingParams(), None) for i, r in enumerate(records(source.lines(), "jsonl"))]
        assert source.digest == before
    finally:
        source.close()
    wanted = shipped_prompts(name).prompts
    assert len(rows) == len(wanted) == 30
    for row, prompt in zip(rows, wanted, strict=True):
        assert isinstance(row, PromptRow) and row.prompt == prompt.text
        assert row.sampling.max_tokens == prompt.tokens and row.sampling.ignore_eos


def test_an_unknown_workload() -> None:
    with pytest.raises(UsageError, match="workload is x: must be one of system-b, alternating"):
        workload_lines("x")
