"""What goes on under a model while it lives: deaths, several models, finalizers."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from api.opening import LONG, SHORT, busy, open_model
from support.processes import children
from support.waiting import until

from llmproc import SamplingParams
from llmproc.session.result import Result

# -- while it lives -------------------------------------------------------------------------------------------------


def test_a_worker_that_dies_is_news_for_the_log_alone(
    slow: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with open_model(slow, sequences=2) as llm:
        sampled = SamplingParams(temperature=0.9, max_tokens=40)
        undisturbed = [r.token_ids for r in llm.generate(["go on", "and on"], sampled)]
        with ThreadPoolExecutor(1) as pool, caplog.at_level(logging.WARNING, "llmproc"):
            waiting = pool.submit(llm.generate, ["go on", "and on"], sampled)
            until(lambda: busy(llm))
            os.kill(llm._running.service.workers()[0].pid, signal.SIGKILL)
            results = waiting.result(30)
    assert [result.token_ids for result in results] == undisturbed and all(result.ok for result in results)
    assert "another one continues" in caplog.text
    assert capfd.readouterr() == ("", "")


def test_every_sampling_option_survives_a_worker(slow: Path) -> None:
    """Several answers with all options on: ids, texts, ends and log probabilities are those of an undisturbed run."""
    sampled = SamplingParams(
        temperature=0.9, max_tokens=30, top_k=60, min_p=0.001, presence_penalty=0.5, frequency_penalty=0.3,
        repetition_penalty=1.3, logit_bias=((70, 2.0),), logprobs=2, ignore_eos=True, n=2,
    )  # fmt: skip
    with open_model(slow, sequences=2) as llm:
        (free,) = llm.generate("go on", sampled)
        sampled = sampled.changed(stop=free.text[-4:])
        (undisturbed,) = llm.generate("go on", sampled)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(llm.generate, "go on", sampled)
            until(lambda: busy(llm))
            os.kill(llm._running.service.workers()[0].pid, signal.SIGKILL)
            (result,) = waiting.result(60)

    def lasting(choice: Result) -> tuple[object, ...]:
        return choice.text, choice.token_ids, choice.finish_reason, choice.logprobs

    assert [lasting(choice) for choice in result.choices] == [lasting(choice) for choice in undisturbed.choices]
    assert undisturbed.finish_reason == "stop" and undisturbed.choices[1].logprobs


def test_several_models_at_once_each_have_their_processes(quick: Path) -> None:
    """Started at the same moment: every worker must become this process's child, whoever forks last."""
    with ThreadPoolExecutor(3) as pool, contextlib.ExitStack() as stack:
        models = [stack.enter_context(model) for model in pool.map(lambda _: open_model(quick), range(3))]
        pids = {worker.pid for llm in models for worker in llm._running.service.workers()}
        assert len(pids) == 3 and pids <= set(children())
        texts = {llm.generate("go on", SHORT)[0].text for llm in models}
        assert len(texts) == 1


def test_a_finalizer_may_come_in_the_middle_of_a_post(slow: Path) -> None:
    """The garbage collector may drop a stream while its own thread holds any of the locks a cancel takes."""
    with open_model(slow) as llm:
        stream = llm.stream("go on", LONG)
        next(stream)
        service = llm._running.service
        with service._lock, service._supervisor._post_lock:
            del stream
        until(lambda: not service.open_requests(), patience_s=3)
