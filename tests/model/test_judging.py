"""The rules that judge held-out answers, and the figures made of the verdicts."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.fixture
def judging(script: Callable[[str], ModuleType]) -> ModuleType:
    return script("model/recipe/judging.py")


@pytest.mark.parametrize(
    ("answer", "wanted", "found"),
    [
        ("a process is a running program", "program", True),
        ("threads are programs", "program", True),  # the start of a word is enough
        ("it was reprogrammed", "program", False),
        ("six plus six is 12.", "12", True),
        ("it is 112", "12", False),
        ("it is 120", "12", False),
        ("pi is 3.14", "3", False),
        ("pi is 3.14", "3.14", True),
        ("0, 1, 1, 2", "1", True),
        ("look in /proc/stat", "/proc", True),
        ("use kill -9 then", "-9", True),
        ("the PID".lower(), "PID", True),
    ],
)
def test_words_are_found_at_their_start_and_numbers_whole(
    judging: ModuleType, answer: str, wanted: str, found: bool
) -> None:
    assert judging.has(answer, wanted) is found


def test_every_list_needs_one_alternative(judging: ModuleType) -> None:
    require = [["program", "execution"], ["memory"]]
    assert judging.passes("A running Program with its own memory.", True, require, [])
    assert judging.passes("An execution with its own memory.", True, require, [])
    assert not judging.passes("A running program.", True, require, [])


def test_forbidden_words_empty_and_unended_answers_fail(judging: ModuleType) -> None:
    assert judging.passes("Paris.", True, [["paris"]], ["london"])
    assert not judging.passes("Paris, or London.", True, [["paris"]], ["london"])
    assert not judging.passes("Paris.", False, [["paris"]], [])
    assert not judging.passes("  \n", True, [], [])


def test_wilson_interval_agrees_with_published_values(judging: ModuleType) -> None:
    low, high = judging.wilson(81, 263)  # Newcombe 1998, table I: 0.2553 to 0.3662
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert judging.wilson(0, 20)[0] == 0.0 and judging.wilson(20, 20)[1] == 1.0
    assert judging.wilson(0, 0) == (0.0, 1.0)


def test_overlap_counts_whole_questions_and_runs(judging: ModuleType) -> None:
    corpus = ["What is a process in Linux?", "hi there"]
    found = judging.overlap(["what is a PROCESS in linux", "Hi there!", "what is a process in windows"], corpus)
    assert found["whole"] == pytest.approx(2 / 3)
    assert found["questions_with_runs"] == 2
    assert found["any"] == 1.0
    assert found["runs"] == pytest.approx(3 / 4)  # both runs of the first, one of the two of the third
    assert judging.overlap(["hi"], [])["runs"] == 0.0
