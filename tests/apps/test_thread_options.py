"""`--threads` and `--fixed-threads`: what they mean, and where they would have no effect."""

from __future__ import annotations

import argparse

import pytest

from llmproc.apps.engine_options import add_engine_options, engine_options
from llmproc.apps.threads.options import parse_options
from llmproc.config import EngineOptions, Environment, check_fixed_threads
from llmproc.errors import UsageError


def parsed(*arguments: str, threads: int | None = None) -> EngineOptions:
    """The options of an engine; `threads`: the verb's own default."""
    parser = argparse.ArgumentParser()
    add_engine_options(parser)
    return engine_options(parser.parse_args(arguments), threads=threads)


def test_threads_adapt_unless_they_are_fixed() -> None:
    assert parsed().adapt and parsed().threads is None
    assert parsed("--threads", "2").adapt
    assert not parsed("--threads", "2", "--fixed-threads").adapt
    assert not parsed("--fixed-threads").adapt


@pytest.mark.parametrize(("arguments", "threads"), [(("--threads", "1"), None), (("--threads", "0"), None), ((), 1)])
def test_one_thread_cannot_be_fixed(arguments: tuple[str, ...], threads: int | None) -> None:
    with pytest.raises(UsageError, match=r"^fixed-threads is given: has no effect with threads [01]$"):
        parsed(*arguments, "--fixed-threads", threads=threads)
    assert check_fixed_threads(False, 1) is False


def test_an_exercise_about_threads_uses_all_of_them() -> None:
    found = parse_options("threads", ["2", "42", "Hello"], Environment())
    assert (found.engine.threads, found.engine.adapt) == (2, False)
