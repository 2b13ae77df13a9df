"""Batches over an endpoint of a few lines: each row once and in one file, whatever stops the server and when."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server.batches.batch_parts import Bench, Clock, Echo, bench, jsonl, line, rows

from llmproc.errors import UsageError
from llmproc.server.batches.folder import BatchFolder
from llmproc.server.batches.limits import BatchLimits
from llmproc.server.batches.records import BatchObject
from llmproc.server.refusals import RefusedError


def names(lines: list[Any]) -> list[str]:
    return [one["custom_id"] for one in lines]


def judge_files(bench: Bench, batch: BatchObject, count: int) -> None:
    """Every row stands in one file, in the order of the input; counts are those of the files."""
    output, errors = bench.lines(batch.output_file_id), bench.lines(batch.error_file_id)
    both = names(output) + names(errors)
    assert sorted(both) == sorted(f"row {place}" for place in range(count))
    for found in (names(output), names(errors)):
        assert found == sorted(found, key=lambda name: int(name.split()[1]))
    counts = batch.request_counts
    assert (counts.total, counts.completed, counts.failed) == (count, len(output), len(errors))
    for one in output:
        assert one["response"]["status_code"] == 200 and one["response"]["body"] == {"echo": one["custom_id"]}
        assert one["error"] is None and one["id"].startswith("batch_req_")
    assert not list((bench.runner.folder.path / "batches").glob("*.part")), "the journal is gone"


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


def held(asked: asyncio.Event) -> Echo:
    """An endpoint that answers rows 0 and 1, and no other."""

    async def answer(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        name = body["messages"][0]["content"]
        if name in ("row 0", "row 1"):
            return 200, {"echo": name}
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    return Echo(answer)


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


def test_a_window_that_ended_while_the_server_was_away_expires_the_batch(tmp_path: Path) -> None:
    async def work() -> None:
        asked, clock = asyncio.Event(), Clock()
        async with bench(tmp_path, held(asked), clock=clock) as one:
            created = await one.create(rows(20))
            await asked.wait()
        clock.seconds += 86400
        endpoint = Echo()
        async with bench(tmp_path, endpoint, clock=clock) as one:
            batch = await one.ended(created.id)
            assert batch.status == "expired" and not endpoint.asked and batch.request_counts.completed == 2
            judge_files(one, batch, 20)

    asyncio.run(work())


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 25), max_size=4), st.integers(1, 5))
def test_a_server_that_stops_at_any_moment_asks_no_row_twice_that_is_kept(
    tmp_path_factory: pytest.TempPathFactory, stops: list[int], slots: int
) -> None:
    """`stops`: after how many answers of each run it stops. What was kept is not asked again, and in the end all is."""
    place = tmp_path_factory.mktemp("stops")

    async def run(stop_after: int | None, name: str | None) -> tuple[str, int]:
        """The batch's id, and how many rows were answered."""
        answered, enough = 0, asyncio.Event()

        async def answer(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
            nonlocal answered
            await asyncio.sleep(0)
            if stop_after is not None and answered >= stop_after:
                enough.set()
                await asyncio.Event().wait()
            answered += 1
            return 200, {"echo": body["messages"][0]["content"]}

        endpoint = Echo(answer)
        async with bench(place, endpoint, slots=slots) as one:
            name = name or (await one.create(rows(25))).id
            await one.until(name, lambda batch: batch.status != "validating")
            if stop_after is None:
                batch = await one.ended(name)
                assert batch.status == "completed"
                judge_files(one, batch, 25)
            else:
                waits = [asyncio.create_task(one.ended(name)), asyncio.create_task(enough.wait())]
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                for wait in waits:
                    wait.cancel()
        return name, answered

    name, total = None, 0
    for stop in [*stops, None]:
        name, answered = asyncio.run(run(stop, name))
        total += answered
    assert total == 25, "each row was answered once"


def test_a_kill_between_the_files_and_the_last_status_writes_the_same_files(tmp_path: Path) -> None:
    """The record still says finalizing, and the journal is there: the files are replaced, not doubled."""

    async def work() -> None:
        async with bench(tmp_path, Echo()) as one:
            created = await one.create(rows(4))
            journal = tmp_path / "batches" / f"{created.id}.part"
            before = await one.until(created.id, lambda batch: batch.status == "in_progress")
            record = (tmp_path / "batches" / f"{created.id}.json").read_bytes()
            await one.until(created.id, lambda batch: batch.request_counts.completed >= 4 or journal.exists())
            data = b""
            while one.runner.get(created.id).status != "completed":
                data = journal.read_bytes() if journal.exists() else data
                await asyncio.sleep(0)
            files = set(one.runner.folder.files)
        assert before.status == "in_progress"
        (tmp_path / "batches" / f"{created.id}.json").write_bytes(record)
        journal.write_bytes(data)
        endpoint = Echo()
        async with bench(tmp_path, endpoint) as one:
            batch = await one.ended(created.id)
            judge_files(one, batch, 4)
            assert set(one.runner.folder.files) == files, "no file twice"
            assert len(endpoint.asked) < 4, "what the journal had was not asked"

    asyncio.run(work())


def test_a_torn_last_line_is_asked_again(tmp_path: Path) -> None:
    async def work() -> None:
        asked = asyncio.Event()
        async with bench(tmp_path, held(asked)) as one:
            created = await one.create(rows(6))
            await asked.wait()
            await one.until(created.id, lambda batch: batch.request_counts.completed == 2)
        journal = tmp_path / "batches" / f"{created.id}.part"
        os.truncate(journal, journal.stat().st_size - 10)
        endpoint = Echo()
        async with bench(tmp_path, endpoint) as one:
            judge_files(one, await one.ended(created.id), 6)
            assert len(endpoint.asked) == 5 and len(set(endpoint.asked)) == 5

    asyncio.run(work())


def test_another_model_does_not_go_on(tmp_path: Path) -> None:
    async def work() -> None:
        asked = asyncio.Event()
        async with bench(tmp_path, held(asked)) as one:
            created = await one.create(rows(5))
            await asked.wait()
        endpoint = Echo()
        async with bench(tmp_path, endpoint, fingerprint="other") as one:
            assert "waits for the model stories" in one.notices[0]
            await asyncio.sleep(0.05)
            assert not endpoint.asked and one.runner.get(created.id).status == "in_progress"
            other = await one.create(rows(2))
            assert (await one.ended(other.id)).status == "completed", "others do not wait for it"
        async with bench(tmp_path, Echo()) as one:
            judge_files(one, await one.ended(created.id), 5)

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
            with pytest.raises(RefusedError, match="there is no batch"):
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


# -- the folder -----------------------------------------------------------------------------------------------------


def test_one_server_has_the_folder(tmp_path: Path) -> None:
    first = BatchFolder(tmp_path, BatchLimits(), print)
    with pytest.raises(UsageError, match="another server uses this folder"):
        BatchFolder(tmp_path, BatchLimits(), print)
    first.close()
    BatchFolder(tmp_path, BatchLimits(), print).close()


def test_damage_is_told_and_left_alone_and_remains_of_uploads_go(tmp_path: Path) -> None:
    async def begin() -> str:
        async with bench(tmp_path, Echo()) as one:
            return one.upload(rows(1))

    kept = asyncio.run(begin())
    name = f"file-{'0' * 24}"
    (tmp_path / "files" / f"{name}.data").write_bytes(b"half")
    (tmp_path / "files" / f".{name}.data.1-2.tmp").write_bytes(b"half")
    (tmp_path / "files" / f"file-{'1' * 24}.json").write_bytes(b"{}")
    (tmp_path / "files" / "notes.txt").write_bytes(b"mine")
    (tmp_path / "batches" / "../x.json").write_bytes(b"{}")
    (tmp_path / "batches" / f"batch_{'2' * 24}.json").write_text(json.dumps({"version": 1}))
    notices: list[str] = []
    folder = BatchFolder(tmp_path, BatchLimits(), notices.append)
    assert list(folder.files) == [kept] and not folder.batches and len(notices) == 2
    left = sorted(path.name for path in (tmp_path / "files").iterdir())
    assert left == sorted([f"{kept}.json", f"{kept}.data", f"file-{'1' * 24}.json", "notes.txt"])
    folder.close()


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
