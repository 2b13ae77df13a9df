"""--otlp and --otlp-content, and what they mean: for every verb that answers or asks.

add_telemetry(parser)                                      the flags
settings = telemetry_of(given, os.environ)                 None without --otlp
with maybe_export(settings, notice) as export:             None without --otlp
    export.put(RequestRecord(...))                         for each request, where it ends
for line in export_lines(export.counts()): ...             after the end
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from llmproc.errors import UsageError
from llmproc.telemetry.settings import ExportSettings, export_settings

if TYPE_CHECKING:
    from llmproc.telemetry.exporting import SpanExport
    from llmproc.telemetry.queue import SpanCounts


def add_telemetry(parser: argparse.ArgumentParser) -> None:
    """Add --otlp and --otlp-content."""
    add = parser.add_argument_group("traces").add_argument
    add(
        "--otlp",
        metavar="URL",
        help="send a span of each request to this collector over OTLP/HTTP, such as http://localhost:4318; env: to "
        "that of OTEL_EXPORTER_OTLP_ENDPOINT or LANGFUSE_HOST (default: none, whatever the environment says)",
    )
    add("--otlp-content", action="store_true", help="export the texts of prompts and answers, too (default: never)")


def telemetry_of(given: argparse.Namespace, environ: Mapping[str, str]) -> ExportSettings | None:
    """Return where spans go; None without --otlp. UsageError for a value that names none."""
    if given.otlp is None:
        if given.otlp_content:
            raise UsageError("--otlp-content needs --otlp")
        return None
    return export_settings(given.otlp, given.otlp_content, environ)


@contextlib.contextmanager
def maybe_export(settings: ExportSettings | None, notice: Callable[[str], None]) -> Iterator[SpanExport | None]:
    """Yield a running export, or None without settings; it is closed at the end, within its limit."""
    if settings is None:
        yield None
        return
    from llmproc.telemetry.exporting import open_export  # here: a start without --otlp imports none of it

    with open_export(settings, notice) as export:
        notice(settings.summary)
        yield export


def export_lines(counts: SpanCounts) -> list[str]:
    """Return what to tell the user at the end."""
    reasons = {
        "the collector did not take them": counts.export_failed,
        "the queue was full": counts.queue_full,
        "not sent before the end": counts.shutdown,
    }
    told = [f"{count} dropped: {reason}" for reason, count in reasons.items() if count]
    exported = f"{counts.exported} span{'' if counts.exported == 1 else 's'} exported"
    return [f"traces: {', '.join([exported, *told])}"]
