"""The Python API: several answers to one prompt, stop texts, answers that do not end, and log probabilities."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llmproc import LLM, SamplingParams
from llmproc.api import Result, TokenLogprob
from llmproc.errors import UsageError

SAMPLED = SamplingParams(temperature=0.9, seed=7, max_tokens=40)
GREEDY = SamplingParams(temperature=0)
STORY, PIPE = "Tell me a short story.", "What is a pipe?"
PIPE_ANSWER = "A pipe is a one-way channel of bytes between processes: what one writes, the other reads."


@pytest.fixture(scope="module")
def llm() -> Iterator[LLM]:
    with LLM(sequences=4) as model:
        yield model


@pytest.fixture(scope="module")
def endless(quick: Path) -> Iterator[LLM]:
    """Random text that goes on until it is stopped."""
    with LLM(quick, quick.with_name("tokenizer.bin"), sequences=2) as model:
        yield model


def same(result: Result) -> tuple[Any, ...]:
    return result.text, result.token_ids, result.finish_reason, result.error, result.prompt_tokens


# -- n ----------------------------------------------------------------------------------------------------------------


def test_choice_i_is_what_the_seed_plus_i_gives_alone(llm: LLM) -> None:
    alone = [same(llm.generate(STORY, SAMPLED.changed(seed=7 + index))[0]) for index in range(4)]
    both = llm.generate([STORY, PIPE], [SAMPLED.changed(n=4), GREEDY])
    assert [same(choice) for choice in both[0].choices] == alone and len({text for text, *_ in alone}) == 4
    assert both[0].choices[0] is both[0] and len(both[0].others) == 3
    assert both[1].choices == (both[1],) and both[1].text == PIPE_ANSWER
    assert len({choice.request_id for choice in both[0].choices}) == 4
    (awaited,) = asyncio.run(llm.agenerate(STORY, SAMPLED.changed(n=4)))
    assert [same(choice) for choice in awaited.choices] == alone


def test_a_result_with_choices_is_printed_once(llm: LLM) -> None:
    (result,) = llm.generate(PIPE, GREEDY.changed(n=3))
    assert repr(result).count("one-way channel") == 1 and result == result.choices[0]


def test_a_refused_prompt_has_n_results_that_say_so(llm: LLM) -> None:
    refused, fine = llm.generate(["x" * 50_000, PIPE], GREEDY.changed(n=2))
    assert [choice.finish_reason for choice in refused.choices] == ["failed"] * 2
    assert all("the context has 2048" in str(choice.error) for choice in refused.choices)
    assert [choice.text for choice in fine.choices] == [PIPE_ANSWER] * 2


def test_what_has_one_answer_refuses_n(llm: LLM, tmp_path: Path) -> None:
    several = GREEDY.changed(n=2)
    with pytest.raises(UsageError, match=r"^n is 2: a stream has one answer"):
        llm.stream(PIPE, several)
    with pytest.raises(UsageError, match=r"^n is 2: a stream has one answer"):
        llm.astream(PIPE, several)
    with pytest.raises(UsageError, match=r"^n is 2: a turn of a session has one answer"):
        llm.session(params=several)
    session = llm.session(params=GREEDY)
    with pytest.raises(UsageError, match="n is 2"):
        session.params = several
    session._conversation.sampling = several  # as a saved conversation may have it
    session.save(tmp_path / "saved.json")
    loaded = llm.load(tmp_path / "saved.json")
    with pytest.raises(UsageError, match="n is 2"):
        loaded.ask(PIPE)
    loaded.params = loaded.params.changed(n=1)
    assert loaded.ask(PIPE).text == PIPE_ANSWER
    assert not llm._running.service.open_requests()


# -- stop -------------------------------------------------------------------------------------------------------------


def test_an_answer_ends_before_a_stop_text(llm: LLM) -> None:
    whole, (result,) = llm.generate(PIPE, GREEDY)[0], llm.generate(PIPE, GREEDY.changed(stop="between"))
    assert result.text == PIPE_ANSWER.partition("between")[0] and result.ok
    assert (result.finish_reason, result.error) == ("stop", None)
    assert result.token_ids == whole.token_ids[: result.new_tokens] and result.new_tokens < whole.new_tokens
    assert not llm._running.service.open_requests(), "its request is over"


def test_waiting_for_the_whole_does_not_wait_for_what_comes_after_the_stop(endless: LLM) -> None:
    """The text would go on for 500 tokens: it is looked at while it comes, by whatever waits."""
    (free,) = endless.generate("go on", SamplingParams(temperature=0, max_tokens=400))
    stop = free.text[40:44]
    params = SamplingParams(temperature=0, max_tokens=400, stop=stop)
    (waited,) = endless.generate("go on", params)
    (awaited,) = asyncio.run(endless.agenerate("go on", params))
    streamed = endless.stream("go on", params)
    assert "".join(streamed) == waited.text == free.text.partition(stop)[0]
    assert same(waited) == same(awaited) == same(streamed.result) and waited.new_tokens < 60


def test_a_session_goes_on_after_a_stop_as_if_generation_had_ended_there(endless: LLM) -> None:
    params = SamplingParams(temperature=0.8, max_tokens=60, seed=5)
    (free,) = endless.generate("go on", params)
    stop = free.text[30:33]
    stopped = endless.session(params=params.changed(stop=stop))
    first = stopped.ask("go on")
    cut = endless.session(params=params.changed(max_tokens=first.new_tokens))
    assert cut.ask("go on").token_ids == first.token_ids and first.finish_reason == "stop"
    for session in (stopped, cut):
        session.params = params
    assert stopped.ask("more").token_ids == cut.ask("more").token_ids
    assert stopped.history[1]["content"] == first.text


# -- ends that are ignored, log probabilities -------------------------------------------------------------------------


def test_ignore_eos_goes_on_to_max_tokens_without_end_tokens_in_the_text(llm: LLM) -> None:
    (ended,), (result,) = (llm.generate(PIPE, GREEDY.changed(max_tokens=60, ignore_eos=on)) for on in (False, True))
    assert (ended.finish_reason, result.finish_reason, result.new_tokens) == ("end", "length", 60)
    assert result.token_ids[: ended.new_tokens] == ended.token_ids
    assert result.text.startswith(PIPE_ANSWER) and "</s>" not in result.text


def test_log_probabilities_stand_beside_the_ids(llm: LLM) -> None:
    (result,) = llm.generate(PIPE, GREEDY.changed(logprobs=2))
    assert result.logprobs is not None and [row.id for row in result.logprobs] == list(result.token_ids)
    for row in result.logprobs:
        assert isinstance(row, TokenLogprob) and len(row.top) == 2 and row.logprob == row.top[0][1] <= 0
        assert row.top[0][0] == row.id, "the likeliest is drawn at temperature 0"
    assert llm.generate(PIPE, GREEDY)[0].logprobs is None
    (stopped,) = llm.generate(PIPE, GREEDY.changed(logprobs=0, stop="between"))
    assert stopped.logprobs is not None and len(stopped.logprobs) == stopped.new_tokens
    assert [row.logprob for row in stopped.logprobs] == [row.logprob for row in result.logprobs[: stopped.new_tokens]]
