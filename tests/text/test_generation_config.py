"""Sampling options of a generation_config.json: rule 23 of shared/formats.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llmproc.errors import TokenizerError
from llmproc.text.generation_config import (
    NOT_SUGGESTED,
    SuggestedSampling,
    read_suggested_sampling,
    suggested_sampling,
)


def test_rule_23_a_missing_top_k_is_said() -> None:
    found = suggested_sampling({"do_sample": True, "temperature": 0.6, "top_p": 0.95})
    assert (found.temperature, found.top_p, found.top_k) == (0.6, 0.95, 50)
    said = "generation_config.json has no top_k: transformers draws from 50 tokens, llmproc from all within top_p"
    assert found.notices(0.6, 0.95) == [f"{said} (--top-k 50 does the same)"]
    assert found.notices(0.6, 0.95, 50) == [], "the same is drawn from"


@pytest.mark.parametrize(("top_k", "used", "said"), [(20, 0, True), (50, 20, True), (50, 50, False), (0, 0, False)])
def test_rule_23_a_top_k_that_is_not_followed_is_said(top_k: int, used: int, said: bool) -> None:
    notices = suggested_sampling({"do_sample": True, "top_k": top_k}).notices(0.6, 0.9, used)
    assert bool(notices) == said
    ours = f"llmproc from {used or 'all within top_p'} (--top-k {top_k} does the same)"
    assert all(notice == f"generation_config.json has top_k {top_k}, {ours}" for notice in notices)


@pytest.mark.parametrize(
    "generation", [{}, {"temperature": 0.7}, {"do_sample": False, "top_k": 5}, {"do_sample": "yes"}]
)
def test_without_do_sample_the_most_likely_token_is_taken(generation: dict[str, Any]) -> None:
    assert suggested_sampling(generation) == SuggestedSampling(temperature=0.0)


@pytest.mark.parametrize("bad", ["1", True, None, 0, -1, float("nan"), float("inf"), [], 1e9])
def test_values_out_of_range_count_as_missing(bad: Any) -> None:
    found = suggested_sampling({"do_sample": True, "temperature": bad, "top_p": bad, "top_k": 0})
    assert found == SuggestedSampling(top_k=0)


@pytest.mark.parametrize("bad", ["1", True, -1, 2.5, [], 1 << 40])
def test_a_top_k_that_is_none_is_not_talked_about(bad: Any) -> None:
    assert suggested_sampling({"do_sample": True, "top_k": bad}).notices(0.6, 0.9) == []


def test_rule_23_the_options_in_use_are_llmprocs_and_the_difference_is_said() -> None:
    found = suggested_sampling({"do_sample": True, "temperature": 0.7, "top_p": 0.8, "top_k": 0})
    said = "generation_config.json suggests --temperature 0.7 --top-p 0.8; used are 0.6 and 0.9"
    assert found.notices(0.6, 0.9) == [said]
    assert found.notices(0.7, 0.9) == [said.replace("--temperature 0.7 ", "").replace("0.6", "0.7")]
    assert found.notices(0.7, 0.8) == []
    assert suggested_sampling({}).notices(0.6, 0.9) == []
    assert len(suggested_sampling({"do_sample": True}).notices(0.6, 0.9)) == 1  # the top_k that is missing


def test_a_folders_file(tmp_path: Path) -> None:
    assert read_suggested_sampling(tmp_path) == NOT_SUGGESTED == read_suggested_sampling(tmp_path / "model.gguf")
    path = tmp_path / "generation_config.json"
    path.write_text('{"do_sample": true, "temperature": 0.7, "top_k": 0}')
    assert read_suggested_sampling(tmp_path) == SuggestedSampling(0.7, top_k=0)
    path.write_text("[]")
    assert read_suggested_sampling(tmp_path) == NOT_SUGGESTED
    path.write_text("{")
    with pytest.raises(TokenizerError, match=r"generation_config.json: file is not JSON"):
        read_suggested_sampling(tmp_path)
