"""What a resume compares: sampling options beyond the first ones, and files of earlier versions."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from batch.journals import ORIGIN

from llmproc.batch.provenance import decode_origin, difference


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ({}, {"top_k": 5}, "top k 0, and now it is 5"),
        ({"stop": ["a"], "n": 2}, {"n": 2}, "stop ['a'], and now it is none"),
        ({"n": 2}, {"n": 3}, "n 2, and now it is 3"),
        ({"logit_bias": {"5": 1.0}}, {"logit_bias": {"5": 2.0}}, "logit bias {'5': 1.0}, and now it is {'5': 2.0}"),
        ({"of a later version": [1]}, {}, "of a later version [1], and now it is none"),
    ],
)
def test_sampling_options_are_compared_one_by_one(before: dict[str, Any], now: dict[str, Any], words: str) -> None:
    old, new = (msgspec.structs.replace(ORIGIN, sampling=options or msgspec.UNSET) for options in (before, now))
    assert difference(old, new) == words and old.base != new.base
    again = decode_origin(old.encode().rstrip())
    assert again == old and difference(again, old) is None


def test_an_origin_without_other_options_is_that_of_earlier_versions() -> None:
    """Their results can be resumed: the line and the rows' keys are the same."""
    assert b"sampling" not in ORIGIN.encode()
    assert ORIGIN.base.hex()[:16] == "e56e1f1203b49140"  # as it was before there were other options
