"""A server that ends at any moment: the next one goes on, asks no kept row again, and every row is in one file."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server.batches.batch_parts import Clock, Echo, bench, held, judge_files, rows


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
        going = asyncio.Event()

        async def answer(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
            await going.wait()
            return 200, {"echo": body["messages"][0]["content"]}

        async with bench(tmp_path, Echo(answer)) as one:
            created = await one.create(rows(4))
            journal = tmp_path / "batches" / f"{created.id}.part"
            before = await one.until(created.id, lambda batch: batch.status == "in_progress")
            record = (tmp_path / "batches" / f"{created.id}.json").read_bytes()
            going.set()
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
