"""A model opened from a checkpoint, and answers that take long or not."""

from __future__ import annotations

from pathlib import Path

from llmproc import LLM, SamplingParams

LONG = SamplingParams(temperature=0, max_tokens=400)


SHORT = SamplingParams(temperature=0, max_tokens=5)


def open_model(path: Path, **options: object) -> LLM:
    return LLM(path, path.with_name("tokenizer.bin"), **options)  # type: ignore[arg-type]


def busy(llm: LLM) -> bool:
    return any(entry.emitted for entry in llm._running.service.open_requests())
