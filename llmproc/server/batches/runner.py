"""All batches of a server: those that a kill left, and those that are created; each is one task.

The folder is opened when it is needed: a server that is never asked for batches makes none. Used by the endpoints and
`apps/serve`, on the event loop alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from llmproc.errors import LlmprocError, UsageError
from llmproc.server.batches import lifecycle
from llmproc.server.batches.course import BatchCourse, CourseParts, RowPath
from llmproc.server.batches.folder import BatchFolder, new_batch_name
from llmproc.server.batches.limits import BatchLimits
from llmproc.server.batches.records import BatchObject, BatchRequest, StoredBatch
from llmproc.server.batches.trickle import rows_at_a_time
from llmproc.server.refusals import RefusedError


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """Settings of a server for its batches. `place`: the folder; None: there is none for this user."""

    place: Path | None
    model: str
    fingerprint: str
    slots: int
    body_bytes: int
    limits: BatchLimits = BatchLimits()  # noqa: RUF009  # frozen


class BatchRunner:
    """The folder and the tasks."""

    def __init__(
        self,
        settings: BatchSettings,
        paths: dict[str, RowPath],
        has_room: Callable[[int], bool],
        now: Callable[[], float],
        notice: Callable[[str], None],
    ) -> None:
        """Join them; nothing is opened. Made in the event loop."""
        self.settings, self.now = settings, now
        self._paths, self._has_room, self._notice = paths, has_room, notice
        self._folder: BatchFolder | None = None
        self._parts: CourseParts | None = None
        self._courses: dict[str, BatchCourse] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def resume(self, required: bool) -> None:
        """Go on with what is left in the folder, if there is one. `required`: the user named it, so it must be there.

        A busy or broken folder is told; UsageError if it is required.
        """
        place = self.settings.place
        if required:
            self._open()
        elif place is not None and (place / "batches").is_dir():
            with contextlib.suppress(LlmprocError):
                self._open()

    @property
    def folder(self) -> BatchFolder:
        """Return the folder. RefusedError 503 when it cannot be had."""
        if self._closed:
            raise RefusedError("the server is shutting down", 503, code="shutting_down")
        if self._folder is None:
            if self.settings.place is None:
                words = "this server has no folder for files: start it with --batch-dir"
                raise RefusedError(words, 503, code="no_folder")
            try:
                self._open()
            except UsageError as error:
                raise RefusedError(str(error), 503, code="folder_busy", retry_after_s=60) from None
        assert self._folder is not None
        return self._folder

    async def create(self, request: BatchRequest) -> BatchObject:
        """Begin a batch. RefusedError for a file that is not there, and when there are too many."""
        folder, limits = self.folder, self.settings.limits
        if folder.file(request.input_file_id).purpose != "batch":
            words = "input_file_id is a result of a batch: must be a file with the purpose batch"
            raise RefusedError(words, param="input_file_id", code="invalid_value")
        if len(self._courses) >= limits.unfinished:
            words = f"{len(self._courses)} batches have not ended, {limits.unfinished} may be at a time"
            raise RefusedError(words, code="too_many_batches")
        batch = lifecycle.opened(new_batch_name(), request, self.settings.model, int(self.now()))
        stored = StoredBatch(fingerprint=self.settings.fingerprint, batch=batch)
        await asyncio.to_thread(folder.save, stored)
        self._begin(stored)
        return batch

    def get(self, name: str) -> BatchObject:
        """Return a batch as it is now. RefusedError 404."""
        stored = self.folder.batch(name)
        course = self._courses.get(name)
        return stored.batch if course is None else course.shown

    async def cancel(self, name: str) -> BatchObject:
        """Ask for a batch's end, and return it. RefusedError when it has come, or for an unknown one."""
        stored = self.folder.batch(name)
        course = self._courses.get(name)
        if course is None:
            return lifecycle.cancelling(stored.batch, int(self.now()))  # refuses: it has ended
        await course.cancel()
        return course.shown

    def stop(self) -> None:
        """Begin no more and hang up on rows under way; `close` waits for it."""
        self._closed = True
        for course in self._courses.values():
            course.stop()
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """End all tasks, and let another server have the folder."""
        self.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._folder is not None:
            self._folder.close()
            self._folder = None

    def _open(self) -> None:
        settings = self.settings
        assert settings.place is not None
        self._folder = BatchFolder(settings.place, settings.limits, self._notice)
        self._parts = CourseParts(
            self._folder, settings.limits, self._paths, settings.body_bytes, settings.fingerprint, self._has_room,
            rows_at_a_time(settings.slots), asyncio.Lock(), self.now, self._notice,
        )  # fmt: skip
        for stored in self._folder.batches.values():
            if lifecycle.FOLLOWS[stored.batch.status]:
                if stored.fingerprint != settings.fingerprint:
                    self._notice(f"{stored.batch.id} waits for the model {stored.batch.model}, which began it")
                self._begin(stored)

    def _begin(self, stored: StoredBatch) -> None:
        assert self._parts is not None
        name = stored.batch.id
        course = self._courses[name] = BatchCourse(stored, self._parts)
        task = asyncio.create_task(course.run())
        self._tasks.add(task)

        def over(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            self._courses.pop(name, None)
            if not task.cancelled() and (error := task.exception()) is not None:
                self._notice(f"{name}: stopped by a mistake of the server: {error!r}")

        task.add_done_callback(over)
