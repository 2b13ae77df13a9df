"""The Python API under asyncio: the loop goes on meanwhile, and a cancelled task cancels its request."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.waiting import until

from llmproc import LLM, SamplingParams
from llmproc.api.call import LoopWakeup
from llmproc.errors import ServiceClosedError, UsageError

GREEDY = SamplingParams(temperature=0)
SAMPLED = SamplingParams(temperature=0.9, seed=7, max_tokens=60)
LONG = SamplingParams(temperature=0, max_tokens=400)
PROMPTS = ["What is a pipe?", "Tell me a short story.", "What is a thread?"]


@pytest.fixture(scope="module")
def llm() -> Iterator[LLM]:
    with LLM(sequences=4) as model:
        yield model


@pytest.fixture(scope="module")
def endless(slow: Path) -> Iterator[LLM]:
    """Some milliseconds a token: long enough to be cancelled in the middle."""
    with LLM(slow, slow.with_name("tokenizer.bin"), sequences=2) as model:
        yield model


def idle(llm: LLM) -> bool:
    return not llm._running.service.open_requests()


def test_nonstreaming_twins_give_the_same(llm: LLM) -> None:
    async def ask() -> list[str]:
        return [result.text for result in await llm.agenerate(PROMPTS, SAMPLED)]

    assert asyncio.run(ask()) == [result.text for result in llm.generate(PROMPTS, SAMPLED)]


def test_streaming_comes_in_the_same_pieces(llm: LLM) -> None:
    async def read() -> tuple[list[str], str]:
        stream = llm.astream(PROMPTS[1], SAMPLED)
        with pytest.raises(UsageError, match="has not ended"):
            _ = stream.result
        pieces = [piece async for piece in stream]
        assert [piece async for piece in stream] == []
        return pieces, stream.result.text

    stream = llm.stream(PROMPTS[1], SAMPLED)
    pieces, text = asyncio.run(read())
    assert pieces == list(stream) and "".join(pieces) == text


def test_sessions_talk_side_by_side(llm: LLM) -> None:
    async def talk(seed: int) -> list[str]:
        session = llm.session(params=SAMPLED.changed(seed=seed))
        first = await session.aask(PROMPTS[1])
        return [first.text, "".join([piece async for piece in session.astream(PROMPTS[0])])]

    async def all_of_them() -> list[list[str]]:
        return await asyncio.gather(*(talk(seed) for seed in range(1, 7)))

    def alone(seed: int) -> list[str]:
        session = llm.session(params=SAMPLED.changed(seed=seed))
        return [session.ask(PROMPTS[1]).text, session.ask(PROMPTS[0]).text]

    assert asyncio.run(all_of_them()) == [alone(seed) for seed in range(1, 7)]


def test_the_loop_goes_on_and_no_thread_is_made(endless: LLM) -> None:
    async def busy() -> tuple[int, int]:
        ticks = threads = 0
        task = asyncio.create_task(endless.agenerate(["go on"] * 4, LONG.changed(max_tokens=15)))
        while not task.done():
            await asyncio.sleep(0.001)
            ticks, threads = ticks + 1, max(threads, threading.active_count())
        assert all(result.ok for result in task.result())
        return ticks, threads

    before = threading.active_count()
    ticks, threads = asyncio.run(busy())
    assert ticks > 20 and threads == before


@pytest.mark.parametrize("kind", ["generate", "stream", "ask"])
def test_a_cancelled_task_cancels_its_requests(endless: LLM, kind: str) -> None:
    async def run() -> None:
        session = endless.session(params=LONG)

        async def work() -> None:
            if kind == "generate":
                await endless.agenerate(["go on"] * 5, LONG)
            elif kind == "ask":
                await session.aask("go on")
            else:
                async with endless.astream("go on", LONG) as stream:
                    async for _ in stream:
                        started.set()

        started = asyncio.Event()
        task = asyncio.create_task(work())
        if kind == "stream":
            await started.wait()
        else:
            while idle(endless):
                await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        deadline = time.monotonic() + 3
        while not idle(endless):  # while the traceback still holds everything
            assert time.monotonic() < deadline, caught
            await asyncio.sleep(0.001)

    asyncio.run(run())


def test_a_timeout_and_then_another_turn(endless: LLM) -> None:
    async def run() -> None:
        session = endless.session(params=LONG)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(session.aask("go on"), 0.05)
        session.params = LONG.changed(max_tokens=3)
        after = await session.aask("and now?")
        assert after.ok and len(after.token_ids) == 3
        assert [m["content"] for m in session.history if m["role"] == "user"] == ["go on", "and now?"]

    asyncio.run(run())


def test_leaving_streaming_early_cancels_it(endless: LLM) -> None:
    async def run() -> None:
        async with endless.astream("go on", LONG) as stream:
            async for piece in stream:
                assert piece
                break
        assert stream.result.finish_reason == "cancelled" and 0 < stream.result.new_tokens < 400
        unread = endless.astream("go on", LONG)
        await unread.aclose()
        assert [piece async for piece in unread] == []
        async for _ in endless.astream("go on", LONG):
            break

    asyncio.run(run())
    until(lambda: idle(endless), patience_s=3)


def test_one_turn_at_a_time(endless: LLM) -> None:
    async def run() -> None:
        session = endless.session(params=LONG.changed(max_tokens=5))
        first = asyncio.create_task(session.aask("go on"))
        while idle(endless):
            await asyncio.sleep(0.001)
        with pytest.raises(UsageError, match="a turn of this session is under way"):
            await session.aask("and now?")
        assert (await first).ok

    asyncio.run(run())


def test_mistakes_and_refusals_are_those_of_the_twins(llm: LLM) -> None:
    async def run() -> None:
        with pytest.raises(UsageError, match="must be a text"):
            await llm.agenerate(5)  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="must be a text"):
            llm.astream(5)  # type: ignore[arg-type]
        bad, good = await llm.agenerate(["x" * 50_000, PROMPTS[0]], GREEDY)
        assert "context" in str(bad.error) and good.ok
        assert (await llm.session().aask("x" * 50_000)).finish_reason == "failed"

    asyncio.run(run())


def test_a_request_outlives_its_loop_without_harm(endless: LLM) -> None:
    """A loop that is closed over an open stream: the I/O thread must not stumble over it."""

    async def begin() -> object:
        stream = endless.astream("go on", LONG)
        await stream.__anext__()
        return stream

    loop = asyncio.new_event_loop()
    stream = loop.run_until_complete(begin())
    loop.close()
    assert endless.generate("go on", LONG.changed(max_tokens=3))[0].ok
    del stream
    until(lambda: idle(endless), patience_s=3)


def test_async_with_ends_it(quick: Path) -> None:
    async def run() -> LLM:
        async with LLM(quick, quick.with_name("tokenizer.bin")) as llm:
            assert (await llm.agenerate("go on", LONG.changed(max_tokens=3)))[0].ok
        with pytest.raises(ServiceClosedError, match="has been closed"):
            await llm.agenerate("go on")
        return llm

    asyncio.run(run()).close()


def test_closing_ends_what_is_under_way(slow: Path) -> None:
    async def run() -> None:
        llm = await asyncio.to_thread(LLM, slow, slow.with_name("tokenizer.bin"))
        task = asyncio.create_task(llm.agenerate(["go on"] * 3, LONG))
        while idle(llm):
            await asyncio.sleep(0.001)
        await llm.aclose()
        results = await task
        assert [result.finish_reason for result in results] == ["cancelled"] * 3
        assert {result.error for result in results} == {"the service was closed"}

    asyncio.run(run())


def test_a_bell_wakes_for_what_was_put_before_it() -> None:
    """However rings and looks interleave, what is put is seen: rings are merged, never lost."""

    async def run() -> None:
        wakeup, box, seen = LoopWakeup(), [], 0
        count = 2000

        def put() -> None:
            for n in range(count):
                box.append(n)
                wakeup.wake()

        thread = threading.Thread(target=put)
        thread.start()
        while seen < count:
            await asyncio.wait_for(wakeup.wait(), 10) if seen == len(box) else None
            seen = len(box)
        thread.join()

    asyncio.run(run())
