"""What a signal means to a verb that cleans up after itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from llmproc.processes.interrupts import Interrupts

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    old = [signal.getsignal(number) for number in SIGNALS]
    yield
    assert [signal.getsignal(number) for number in SIGNALS] == old, "put back by restore()"


@pytest.mark.parametrize("number", SIGNALS)
def test_what_was_ignored_stays_so(number: int) -> None:
    """nohup, and `&` in a script: Ctrl-C in the terminal is meant for the foreground."""
    old = signal.signal(number, signal.SIG_IGN)
    try:
        interrupts = Interrupts(first_ends=True)
        os.kill(os.getpid(), number)
        assert interrupts.ended_by == 0
        for other in set(SIGNALS) - {number}:
            os.kill(os.getpid(), other)
            assert interrupts.ended_by
        interrupts.restore()
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, old)


def test_but_a_chat_takes_ctrl_c_anyhow() -> None:
    """A grader's script that starts it in the background ends it so, and its own threads wake it so."""
    old = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        interrupts = Interrupts(first_ends=True, ctrl_c_anyhow=True)
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.ended_by == signal.SIGINT
        interrupts.restore()
    finally:
        signal.signal(signal.SIGINT, old)


def test_the_first_cancels_and_the_second_ends() -> None:
    cancelled: list[int] = []
    interrupts = Interrupts(first_ends=False)
    interrupts.generating(lambda: cancelled.append(1))
    os.kill(os.getpid(), signal.SIGINT)
    assert cancelled == [1] and interrupts.ended_by == 0
    os.kill(os.getpid(), signal.SIGINT)
    assert cancelled == [1] and interrupts.ended_by == signal.SIGINT, "and nothing is cancelled twice"
    interrupts.restore()


def test_while_idle_it_raises() -> None:
    interrupts = Interrupts(first_ends=False)
    interrupts.idle(True)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        interrupts.idle(True)
    interrupts.restore()


def test_before_the_answer_exists_it_is_noted_and_cancels_it() -> None:
    cancelled: list[int] = []
    interrupts = Interrupts(first_ends=False)
    interrupts.idle(True)
    interrupts.entered()
    os.kill(os.getpid(), signal.SIGINT)
    interrupts.idle(False)
    interrupts.generating(lambda: cancelled.append(1))
    assert cancelled == [1] and interrupts.ended_by == 0
    os.kill(os.getpid(), signal.SIGINT)
    assert cancelled == [1] and interrupts.ended_by == signal.SIGINT, "the second one ends"
    interrupts.restore()


def test_after_the_answer_it_changes_nothing() -> None:
    cancelled: list[int] = []
    interrupts = Interrupts(first_ends=False)
    for _ in range(2):
        interrupts.idle(True)
        interrupts.idle(False)
        interrupts.generating(lambda: cancelled.append(1))
        interrupts.generating(None)
        os.kill(os.getpid(), signal.SIGINT)
    interrupts.idle(True)
    assert interrupts.ended_by == 0 and cancelled == []
    interrupts.restore()


def test_once_no_further_line_is_read_it_ends() -> None:
    interrupts = Interrupts(first_ends=False)
    interrupts.idle(True)
    interrupts.idle(False)
    interrupts.leaving()
    os.kill(os.getpid(), signal.SIGINT)
    assert interrupts.ended_by == signal.SIGINT
    interrupts.restore()


def test_where_the_first_ends_it_ends_behind_the_line_too() -> None:
    interrupts = Interrupts(first_ends=True)
    interrupts.idle(True)
    interrupts.entered()
    interrupts.pressed()
    assert interrupts.ended_by == signal.SIGINT
    interrupts.restore()
