"""A workload that ships in place of a file: its prompts as the lines of a JSONL input.

Each row asks for exactly as many tokens as its sentences are worth, so that the cost of a row is known whichever model
answers (`dispatch.workloads`).
"""

from __future__ import annotations

import os

import msgspec

from llmproc.batch.options import BatchOptions
from llmproc.batch.source import Source
from llmproc.dispatch.workloads import TOKENS_PER_SENTENCE, workload


def workload_lines(name: str) -> bytes:
    """Return the rows of a workload as JSONL. UsageError for an unknown one."""
    found = workload(name)
    rows = [
        {"id": place, "prompt": prompt, "max_tokens": cost * TOKENS_PER_SENTENCE, "ignore_eos": True}
        for place, (prompt, cost) in enumerate(zip(found.prompts, found.costs, strict=True))
    ]
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def open_source(options: BatchOptions) -> Source:
    """Open the input of a run: the workload, else the file. UsageError as `Source`."""
    if options.workload is None:
        return Source(options.input)
    fd = os.memfd_create("llmproc-workload", os.MFD_CLOEXEC)
    try:
        os.pwrite(fd, workload_lines(options.workload), 0)
        return Source(options.input, fd)
    except BaseException:
        os.close(fd)
        raise
