"""Batches over an endpoint of a few lines: each row once and in one file, whatever stops the server and when."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from server.batches.batch_parts import Clock, Echo, bench, held, jsonl, judge_files, line, rows

from llmproc.server.batches.folder import BatchFolder
from llmproc.server.batches.limits import BatchLimits
from llmproc.server.refusals import RefusedError


def test_a_batch_comes_to_completion(tmp_path: Path) -> None:
    async def work() -> None:
        endpoint = Echo()
        async with bench(tmp_path, endpoint) as one:
            created = await one.create(rows(30))
            assert created.status == "validating" and created.metadata == {"k": "v"}
            batch = await one.ended(created.id)
            assert batch.status == "completed" and batch.error_file_id is None
            judge_files(one, batch, 30)
            assert sorted(endpoint.asked) == sorted(f"row {place}" for place in range(30))
            record = one.runner.folder.file(batch.output_file_id or "")
            assert record.purpose == "batch_output" and record.bytes > 0 and batch.id in record.filename

    asyncio.run(work())


def test_failed_rows_stand_in_the_error_file_with_their_responses(tmp_path: Path) -> None:
    async def answer(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        name = body["messages"][0]["content"]
        return (400, {"error": {"code": "too_long"}}) if name == "row 1" else (200, {"echo": name})

    async def work() -> None:
        async with bench(tmp_path, Echo(answer)) as one:
            batch = await one.ended((await one.create(rows(3))).id)
            assert batch.status == "completed" and batch.request_counts.failed == 1
            judge_files(one, batch, 3)
            (bad,) = one.lines(batch.error_file_id)
            assert bad["response"]["status_code"] == 400 and bad["response"]["body"]["error"]["code"] == "too_long"

    asyncio.run(work())


def test_a_full_server_is_asked_again_and_a_failure_is_not(tmp_path: Path) -> None:
    refusals = [429, 503, 500]

    async def answer(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return (refusals.pop(0), {}) if refusals else (200, {})

    async def work() -> None:
        endpoint = Echo(answer)
        async with bench(tmp_path, endpoint, slots=1) as one:
            batch = await one.ended((await one.create(rows(1))).id)
            assert endpoint.asked == ["row 0"] * 3 and batch.request_counts.failed == 1

    asyncio.run(work())


def test_an_input_with_an_error_asks_nothing(tmp_path: Path) -> None:
    async def work() -> None:
        endpoint = Echo()
        async with bench(tmp_path, endpoint) as one:
            batch = await one.ended((await one.create(rows(3) + b"nope\n")).id)
            assert batch.status == "failed" and batch.errors is not None and batch.errors.data[0].line == 4
            assert not endpoint.asked and batch.output_file_id is batch.error_file_id is None

    asyncio.run(work())


def test_a_cancel_hangs_up_and_keeps_what_there_is(tmp_path: Path) -> None:
    async def work() -> None:
        asked = asyncio.Event()
        endpoint = held(asked)
        async with bench(tmp_path, endpoint) as one:
            created = await one.create(rows(20))
            await asked.wait()
            await one.until(created.id, lambda batch: batch.request_counts.completed == 2)
            assert (await one.runner.cancel(created.id)).status == "cancelling"
            batch = await one.ended(created.id)
            assert batch.status == "cancelled" and batch.request_counts.completed == 2
            judge_files(one, batch, 20)
            assert one.lines(batch.error_file_id)[0]["error"]["code"] == "batch_cancelled"
            assert len(endpoint.cancelled) == len(endpoint.asked) - 2 > 0
            with pytest.raises(RefusedError, match="is cancelled: it cannot"):
                await one.runner.cancel(created.id)

    asyncio.run(work())


def test_a_batch_that_waits_for_its_turn_can_be_cancelled(tmp_path: Path) -> None:
    async def work() -> None:
        asked = asyncio.Event()
        async with bench(tmp_path, held(asked)) as one:
            first = await one.create(rows(5))
            await asked.wait()
            second = await one.create(rows(3))
            await one.until(second.id, lambda batch: batch.status == "in_progress")
            await one.runner.cancel(second.id)
            batch = await one.ended(second.id)
            assert batch.status == "cancelled" and batch.request_counts.failed == 3
            assert one.runner.get(first.id).status == "in_progress"

    asyncio.run(work())


def test_a_cancel_before_the_lines_are_judged_leaves_no_files(tmp_path: Path) -> None:
    async def work() -> None:
        endpoint = Echo()
        async with bench(tmp_path, endpoint) as one:
            created = await one.create(rows(2000))
            await one.runner.cancel(created.id)
            batch = await one.ended(created.id)
            assert batch.status == "cancelled" and batch.in_progress_at is None and not endpoint.asked
            assert batch.output_file_id is batch.error_file_id is None and batch.request_counts.total == 0

    asyncio.run(work())


def test_rows_that_are_not_done_in_time_expire(tmp_path: Path) -> None:
    async def work() -> None:
        asked, clock = asyncio.Event(), Clock()
        async with bench(tmp_path, held(asked), clock=clock) as one:
            created = await one.create(rows(20), window="1s")
            await asked.wait()
            await one.until(created.id, lambda batch: batch.request_counts.completed == 2)
            clock.seconds += 2
            batch = await one.ended(created.id)
            assert batch.status == "expired" and batch.request_counts.completed == 2
            judge_files(one, batch, 20)
            assert one.lines(batch.error_file_id)[0]["error"]["code"] == "batch_expired"

    asyncio.run(work())


def test_no_more_rows_are_under_way_than_there_is_room(tmp_path: Path) -> None:
    now, most, room = 0, 0, 2

    async def answer(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1
        return 200, {"echo": body["messages"][0]["content"]}

    async def work() -> None:
        async with bench(tmp_path, Echo(answer), slots=9, has_room=lambda choices: now < room) as one:
            judge_files(one, await one.ended((await one.create(rows(20))).id), 20)

    asyncio.run(work())
    assert most == room


def test_bounds(tmp_path: Path) -> None:
    async def work() -> None:
        limits = BatchLimits(unfinished=1, files=3, kept=2)
        asked = asyncio.Event()
        async with bench(tmp_path, held(asked), limits=limits) as one:
            first = await one.create(rows(5))
            await asked.wait()
            with pytest.raises(RefusedError, match="1 batches have not ended"):
                await one.create(rows(1))
            with pytest.raises(RefusedError, match="which has not ended") as caught:
                one.runner.folder.delete_file(first.input_file_id)
            assert caught.value.code == "file_in_use"
            await one.runner.cancel(first.id)
            await one.ended(first.id)
            with pytest.raises(RefusedError, match="delete some first"):
                one.runner.folder.check_room()
            for _ in range(2):
                last = await one.create(rows(1))
                await one.ended(last.id)
            assert len(one.runner.folder.batches) == 2
            with pytest.raises(RefusedError, match="does not exist"):
                one.runner.get(first.id)

    asyncio.run(work())


def test_a_disk_that_refuses_is_told_and_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with bench(tmp_path, Echo()) as one:
            save, times = BatchFolder.save, iter([1, 2])

            def refuse(folder: Any, stored: Any) -> None:
                if next(times, None) is not None:
                    raise OSError(28, "No space left on device")
                save(folder, stored)

            created = await one.create(rows(3))
            monkeypatch.setattr(BatchFolder, "save", refuse)
            judge_files(one, await one.ended(created.id), 3)
            assert len(one.notices) == 2 and "No space left" in one.notices[0] and "\n" not in one.notices[0]

    asyncio.run(work())


def test_a_line_that_asks_for_choices_needs_room_for_all(tmp_path: Path) -> None:
    asked_for: list[int] = []

    def has_room(choices: int) -> bool:
        asked_for.append(choices)
        return True

    async def work() -> None:
        async with bench(tmp_path, Echo(), has_room=has_room) as one:
            await one.ended((await one.create(jsonl(line("row 0", n=3), line("row 1")))).id)

    asyncio.run(work())
    assert sorted(asked_for) == [1, 3]
