"""The Python API: many prompts in one call, and one as a stream. What one request gives is its own affair."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.waiting import until

from llmproc import LLM, SamplingParams
from llmproc.api import Result
from llmproc.errors import UsageError
from llmproc.text.tokenizers.tokenizer import load_tokenizer

GREEDY = SamplingParams(temperature=0)
SAMPLED = SamplingParams(temperature=0.9, seed=7, max_tokens=60)
PROMPTS = ["What is a pipe?", "Tell me a short story.", "What is a thread?", "Tell me a joke.", "Who are you?"]


@pytest.fixture(scope="module")
def llm() -> Iterator[LLM]:
    with LLM(sequences=4) as model:
        yield model


@pytest.fixture(scope="module")
def endless(quick: Path) -> Iterator[LLM]:
    """Random text that goes on until it is stopped."""
    with LLM(quick, quick.with_name("tokenizer.bin"), sequences=2) as model:
        yield model


def idle(llm: LLM) -> bool:
    """Whether no request is with a worker or waits for one."""
    return not llm._running.service.open_requests()


def same(result: Result) -> tuple[Any, ...]:
    """What must not depend on company."""
    return result.text, result.token_ids, result.finish_reason, result.error, result.prompt_tokens


def test_nonstreaming_results_come_in_order_and_equal_those_of_single_requests(llm: LLM) -> None:
    alone = [same(llm.generate(prompt, SAMPLED)[0]) for prompt in PROMPTS]
    together = llm.generate([*PROMPTS, *reversed(PROMPTS)], SAMPLED)
    assert [result.prompt for result in together] == [*PROMPTS, *reversed(PROMPTS)]
    assert [same(result) for result in together] == [*alone, *reversed(alone)]
    assert len({result.text for result in together}) == len(PROMPTS)


def test_many_workers_answer_as_one_does_and_sessions_and_forks_go_on_among_them(llm: LLM) -> None:
    expected = [same(result) for result in llm.generate(PROMPTS * 4, SAMPLED)]
    with LLM(workers=3, threads=1, sequences=2) as many:
        assert [same(result) for result in many.generate(PROMPTS * 4, SAMPLED)] == expected
        talks = [one.session(params=SAMPLED) for one in (llm, many)]
        for question in PROMPTS[:2]:
            first, second = (talk.ask(question) for talk in talks)
            assert first.text == second.text
        forks = [talk.fork() for talk in talks]
        assert forks[0].ask(PROMPTS[2]).text == forks[1].ask(PROMPTS[2]).text
        assert len(many._running.service.workers()) == 3


def test_a_result_tells_what_was_asked_drawn_and_taken(llm: LLM) -> None:
    (result,) = llm.generate("What is a pipe?", GREEDY)
    tokenizer = load_tokenizer(llm.tokenizer, 2048)
    assert result.text == "A pipe is a one-way channel of bytes between processes: what one writes, the other reads."
    assert tokenizer.decode(result.token_ids[:-1]).decode() == result.text and result.token_ids[-1] in {2}
    assert (result.finish_reason, result.error, result.ok) == ("end", None, True)
    assert result.new_tokens == len(result.token_ids) and result.prompt_tokens == 13 and result.request_id > 0
    t = result.timings
    assert t.queue_s + t.prefill_s + t.decode_s == pytest.approx(t.total_s)
    assert min(t.queue_s, t.prefill_s, t.decode_s) > 0 and t.ttft_s == t.queue_s + t.prefill_s
    assert t.tokens_per_s == pytest.approx((result.new_tokens - 1) / t.decode_s)


def test_who_waits_for_a_slot_has_it_in_its_queue_time(endless: LLM) -> None:
    results = endless.generate(["go on"] * 3, SamplingParams(temperature=0, max_tokens=80))
    first, second, third = (result.timings.queue_s for result in results)
    assert third > max(first, second), "it came when one of the two slots was free"
    assert [result.finish_reason for result in results] == ["length"] * 3


def test_params_of_their_own_or_the_same_for_all(llm: LLM) -> None:
    prompt = "Tell me a short story."
    one, other, again, short = llm.generate(
        [prompt] * 4, [SAMPLED, SAMPLED.changed(seed=8), SAMPLED, SAMPLED.changed(max_tokens=3)]
    )
    assert same(one) == same(again) and one.text != other.text
    assert short.finish_reason == "length" and short.token_ids == one.token_ids[:3]
    first, second = llm.generate([prompt] * 2, SAMPLED)
    assert same(first) == same(second) == same(one), "every request has its own stream, begun at its seed"


def test_a_bad_prompt_is_a_row_and_the_others_do_not_notice(llm: LLM) -> None:
    user = {"role": "user", "content": "What is a pipe?"}
    bad: list[Any] = [
        "x" * 50_000,
        [],
        [user, user],
        [user, {"role": "assistant", "content": "Yes."}],
        [{"role": "robot", "content": "beep"}],
        [{"role": "user"}],
        [{"role": "user", "content": "a", "name": "b"}],
        [{"role": "user", "content": 5}],
        [{"role": "system", "content": "Be kind."}],
    ]
    results = llm.generate([PROMPTS[0], *bad, PROMPTS[2]], GREEDY)
    assert [same(results[0]), same(results[-1])] == [same(r) for r in llm.generate([PROMPTS[0], PROMPTS[2]], GREEDY)]
    for result in results[1:-1]:
        assert (result.finish_reason, result.text, result.new_tokens, result.ok) == ("failed", "", 0, False)
        assert result.error and "\n" not in result.error
    assert "context has 2048" in str(results[1].error)


@pytest.mark.parametrize("prompts", [5, None, b"What?", {"role": "user"}, [5], ["a", None], [b"a"], [[1]]])
def test_what_is_no_prompt_at_all_is_a_mistake_of_the_program(llm: LLM, prompts: Any) -> None:
    with pytest.raises(UsageError, match="must be a text"):
        llm.generate(prompts)
    assert idle(llm)


@pytest.mark.parametrize("params", [[], [GREEDY], [GREEDY] * 3, [GREEDY, 0.5]])
def test_params_must_fit_the_prompts(llm: LLM, params: Any) -> None:
    with pytest.raises(UsageError, match="one for each of 2 prompts"):
        llm.generate(["a", "b"], params)


def test_no_prompts_no_results(llm: LLM) -> None:
    assert llm.generate([]) == []


def test_prompts_may_be_any_iterable(llm: LLM) -> None:
    wanted = [same(result) for result in llm.generate(PROMPTS[:2], GREEDY)]
    for prompts in (tuple(PROMPTS[:2]), iter(PROMPTS[:2]), dict.fromkeys(PROMPTS[:2]).keys()):
        assert [same(result) for result in llm.generate(prompts, GREEDY)] == wanted


def test_surrogates_and_control_characters_are_text_too(llm: LLM) -> None:
    assert all(result.ok for result in llm.generate(["\ud800?", "\udcff", "a\0b", "😀"], SAMPLED))


def test_a_list_of_messages_is_one_conversation(llm: LLM) -> None:
    session = llm.session(system="Answer in one short sentence.", params=GREEDY)
    first = session.ask("What is a process?")
    messages = [*session.history, {"role": "user", "content": "And a thread?"}]
    second = session.ask("And a thread?")
    (result,) = llm.generate(messages, GREEDY)
    assert result.text == second.text != first.text
    assert result.prompt_tokens == second.prompt_tokens and result.token_ids == second.token_ids
    assert [same(r) for r in llm.generate([messages, messages], GREEDY)] == [same(result)] * 2


def test_a_system_message_can_be_said_in_two_ways(llm: LLM) -> None:
    system, question = "You are a teaching assistant for an operating systems course.", "Tell me a short story."
    messages = [{"role": "system", "content": system}, {"role": "user", "content": question}]
    assert same(llm.generate(question, SAMPLED, system=system)[0]) == same(llm.generate(messages, SAMPLED)[0])
    assert llm.generate(question, SAMPLED)[0].prompt_tokens < llm.generate(messages, SAMPLED)[0].prompt_tokens


def test_raw_continues_the_text_itself(llm: LLM) -> None:
    (result,) = llm.generate("A pipe is a one-way", SamplingParams(temperature=0, max_tokens=5), raw=True)
    tokenizer = load_tokenizer(llm.tokenizer, 2048)
    bos = [tokenizer.bos] if tokenizer.bos is not None else []
    assert result.prompt_tokens == len([*bos, *tokenizer.encode("A pipe is a one-way")])
    assert result.text.startswith(" channel of bytes")
    assert "template" in str(llm.generate([{"role": "user", "content": "a"}], raw=True)[0].error)
    with pytest.raises(UsageError, match="no place for a system message"):
        llm.generate("a", raw=True, system="b")


def test_nonstreaming_many_more_prompts_than_slots(endless: LLM) -> None:
    results = endless.generate([f"number {n % 7}" for n in range(300)], SamplingParams(temperature=0, max_tokens=4))
    assert len(results) == 300 and all(len(result.token_ids) == 4 for result in results)
    assert [same(r) for r in results[7:]] == [same(r) for r in results[:-7]]
    assert len({r.text for r in results}) > 1


def test_several_threads_at_once(llm: LLM) -> None:
    wanted = {prompt: same(llm.generate(prompt, SAMPLED)[0]) for prompt in PROMPTS}
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda prompt: llm.generate(prompt, SAMPLED)[0], PROMPTS * 3))
    assert [same(result) for result in found] == [wanted[prompt] for prompt in PROMPTS * 3]


def test_streaming_gives_the_same_text_in_pieces(llm: LLM) -> None:
    stream = llm.stream("Tell me a short story.", SAMPLED)
    with pytest.raises(UsageError, match="has not ended"):
        _ = stream.result
    pieces = list(stream)
    assert len(pieces) > 10 and "".join(pieces) == stream.result.text
    assert same(stream.result) == same(llm.generate("Tell me a short story.", SAMPLED)[0])
    assert list(stream) == []


def test_streaming_holds_back_incomplete_characters(endless: LLM) -> None:
    """Random tokens are random bytes: what is no UTF-8 becomes U+FFFD where a whole text would have it."""
    stream = endless.stream("go on", SamplingParams(temperature=2, top_p=1, max_tokens=300))
    text = "".join(stream)
    whole = load_tokenizer(endless.tokenizer, 2048).decode(stream.result.token_ids)
    assert text == stream.result.text == whole.decode("utf-8", "replace") and "\ufffd" in text


def test_streaming_ends_when_closed_and_cancels_its_request(endless: LLM) -> None:
    with endless.stream("go on", SamplingParams(temperature=0, max_tokens=400)) as stream:
        text = next(stream) + next(stream)
    assert stream.result.finish_reason == "cancelled" and not stream.result.ok and stream.result.error is None
    assert stream.result.text.startswith(text) and stream.result.new_tokens < 400
    assert idle(endless)
    stream.close()


def test_streaming_that_is_dropped_is_cancelled(endless: LLM) -> None:
    before = threading.active_count()
    for piece in endless.stream("go on", SamplingParams(temperature=0, max_tokens=480)):
        assert piece
        (entry,) = endless._running.service.open_requests()
        break
    until(lambda: entry.cancelled and idle(endless))
    assert threading.active_count() == before


def test_streaming_runs_side_by_side(endless: LLM) -> None:
    streams = [endless.stream("go on", SamplingParams(max_tokens=300, seed=seed)) for seed in (1, 2)]
    firsts = [next(stream) for stream in streams]
    assert all(stream._call.result is None for stream in streams)
    texts = [first + "".join(stream) for first, stream in zip(firsts, streams, strict=True)]
    assert texts == [
        r.text for r in endless.generate(["go on"] * 2, [SamplingParams(max_tokens=300, seed=s) for s in (1, 2)])
    ]


def test_a_full_context_ends_an_answer_and_is_no_failure(endless: LLM) -> None:
    (result,) = endless.generate("go on", SamplingParams(temperature=0, max_tokens=5000))
    assert (result.finish_reason, result.error, result.ok) == ("context", None, True)
    assert result.prompt_tokens + result.new_tokens == endless.context == 512
