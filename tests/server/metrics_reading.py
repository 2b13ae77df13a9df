"""Metrics as Prometheus reads them: samples by name and labels."""

from __future__ import annotations

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from llmproc.server.asking import About, Bill, Ended
from llmproc.server.metrics.server_metrics import ServerMetrics
from llmproc.session.result import Result, Timings

ABOUT = About("stories15M", "fp-1", 256)


def samples_of(text: bytes, openmetrics: bool = False) -> list[Sample]:
    """All samples."""
    read = openmetrics_families if openmetrics else text_string_to_metric_families
    return [sample for family in read(text.decode()) for sample in family.samples]


def value(metrics: ServerMetrics, name: str, **labels: str) -> float:
    """The one sample of a name (without prefix) with these labels, others left out of account."""
    found = [
        sample.value
        for sample in samples_of(metrics.render()[0])
        if sample.name == f"llmproc:{name}" and labels.items() <= sample.labels.items()
    ]
    assert len(found) == 1, f"{name}{labels}: {found}"
    return found[0]


def ended(reason: str = "end", new_tokens: int = 5, **times: float) -> Ended:
    """The end of a choice: 0.1 s in the queue, 0.2 s of prefill, 0.4 s of decoding."""
    queue_s, prefill_s, decode_s = (
        times.get(name, default) for name, default in (("queue", 0.1), ("prefill", 0.2), ("decode", 0.4))
    )
    timings = Timings(queue_s, prefill_s, decode_s, queue_s + prefill_s + decode_s, 10.0)
    result = Result("", "", (), reason, None, 30, new_tokens, 16, timings, 1)  # type: ignore[arg-type]
    return Ended(0, result, Bill(1.0, 0.25, 0.5, 4096), 42)
