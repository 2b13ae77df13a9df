"""What the user is told of spans at the end."""

from __future__ import annotations

import pytest

from llmproc.apps.telemetry_options import export_lines
from llmproc.telemetry.queue import SpanCounts


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        (SpanCounts(), "traces: 0 spans exported"),
        (SpanCounts(1), "traces: 1 span exported"),
        (
            SpanCounts(9, queue_full=1, export_failed=2, shutdown=3),
            "traces: 9 spans exported, 2 dropped: the collector did not take them, 1 dropped: the queue was full, "
            "3 dropped: not sent before the end",
        ),
    ],
)
def test_one_line_says_what_became_of_all(counts: SpanCounts, told: str) -> None:
    assert export_lines(counts) == [told]
