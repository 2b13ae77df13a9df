"""Sampling options of a generation_config.json: rule 23 of shared/formats.md."""

from __future__ import annotations

from typing import Any

import pytest

from llmproc.text.generation_config import SuggestedSampling, suggested_sampling


def test_rule_23_a_missing_top_k_is_said() -> None:
    found = suggested_sampling({"do_sample": True, "temperature": 0.6, "top_p": 0.95})
    assert (found.temperature, found.top_p) == (0.6, 0.95)
    assert len(found.notes) == 1 and "50 tokens" in found.notes[0]


@pytest.mark.parametrize(("top_k", "said"), [(20, True), (50, True), (0, False)])
def test_rule_23_a_top_k_that_is_not_followed_is_said(top_k: int, said: bool) -> None:
    notes = suggested_sampling({"do_sample": True, "top_k": top_k}).notes
    assert bool(notes) == said and all(f"top_k {top_k}" in note for note in notes)


@pytest.mark.parametrize(
    "generation", [{}, {"temperature": 0.7}, {"do_sample": False, "top_k": 5}, {"do_sample": "yes"}]
)
def test_without_do_sample_the_most_likely_token_is_taken(generation: dict[str, Any]) -> None:
    assert suggested_sampling(generation) == SuggestedSampling(temperature=0.0)


@pytest.mark.parametrize("bad", ["1", True, None, 0, -1, float("nan"), float("inf"), [], 1e9])
def test_values_out_of_range_count_as_missing(bad: Any) -> None:
    found = suggested_sampling({"do_sample": True, "temperature": bad, "top_p": bad, "top_k": 0})
    assert found == SuggestedSampling()
