"""The types of /v1/files and /v1/batches, and what is kept of a batch on the disk.

Source of the fields: OpenAI's API reference (Files, Batch), and the types of its official client (openai 2.54, 3.57).
The published document is made from them. Used by all of this room. Never in it: what happens when.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

BATCH_ENDPOINTS = ("/v1/chat/completions", "/v1/completions", "/v1/responses")
WINDOW = "^[1-9][0-9]{0,5}[smh]$"  # judged by `lifecycle`, with better words
Status = Literal[
    "validating", "failed", "in_progress", "finalizing", "completed", "expired", "cancelling", "cancelled"
]  # fmt: skip
Purpose = Literal["batch", "batch_output"]


class FileObject(msgspec.Struct, frozen=True, kw_only=True):
    """A file: an uploaded input, or what came of a batch."""

    id: str
    object: Literal["file"] = "file"
    bytes: int
    created_at: int
    filename: str
    purpose: Purpose
    status: Literal["processed"] = "processed"


class FileList(msgspec.Struct, kw_only=True):
    """Files, one page of them."""

    object: Literal["list"] = "list"
    data: list[FileObject]
    first_id: str | None
    last_id: str | None
    has_more: bool


class FileDeleted(msgspec.Struct, kw_only=True):
    """A file that is gone."""

    id: str
    object: Literal["file"] = "file"
    deleted: bool = True


class FileUpload(msgspec.Struct, kw_only=True):
    """The parts of a form that uploads a file."""

    purpose: Literal["batch"]
    file: Annotated[str, Meta(extra_json_schema={"format": "binary"})]


class BatchError(msgspec.Struct, frozen=True):
    """A mistake in one line of an input."""

    code: str
    line: int | None
    message: str
    param: str | None


class BatchErrors(msgspec.Struct, frozen=True):
    """The mistakes in an input."""

    data: list[BatchError]
    object: Literal["list"] = "list"


class RequestCounts(msgspec.Struct, frozen=True):
    """The rows of a batch. Those that were not asked before it expired or was cancelled count as failed then."""

    total: int = 0
    completed: int = 0
    failed: int = 0


class BatchObject(msgspec.Struct, frozen=True, kw_only=True):
    """A batch. Moments are seconds since 1970; null: that has not happened."""

    id: str
    object: Literal["batch"] = "batch"
    endpoint: str
    model: str
    input_file_id: str
    completion_window: str
    status: Status
    request_counts: RequestCounts = RequestCounts()
    errors: BatchErrors | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    created_at: int
    expires_at: int
    in_progress_at: int | None = None
    finalizing_at: int | None = None
    completed_at: int | None = None
    failed_at: int | None = None
    expired_at: int | None = None
    cancelling_at: int | None = None
    cancelled_at: int | None = None
    metadata: dict[str, Any] | None = None


class BatchList(msgspec.Struct, kw_only=True):
    """Batches, one page of them, the newest first."""

    object: Literal["list"] = "list"
    data: list[BatchObject]
    first_id: str | None
    last_id: str | None
    has_more: bool


class BatchRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A batch that is asked for."""

    input_file_id: Annotated[str, Meta(description="A file that was uploaded with the purpose batch.")]
    endpoint: Literal["/v1/chat/completions", "/v1/completions", "/v1/responses"]
    completion_window: Annotated[
        str,
        Meta(
            extra_json_schema={"pattern": WINDOW},
            description="24h, or another time of a week at most (90s, 30m, 8h). What is not done by then has expired.",
        ),
    ]
    metadata: Annotated[dict[str, Any] | None, Meta(description="Repeated in the batch.")] = None


class BatchLine(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One line of an input file: one request."""

    custom_id: Annotated[str, Meta(min_length=1, max_length=512)]
    method: Literal["POST"]
    url: str
    body: dict[str, Any]


class RowResponse(msgspec.Struct):
    """The response to one row, as a single request would have got it."""

    status_code: int
    request_id: str
    body: msgspec.Raw


class RowError(msgspec.Struct):
    """Why a row was not asked."""

    code: str
    message: str


class RowResult(msgspec.Struct):
    """One line of an output or error file."""

    id: str
    custom_id: str
    response: RowResponse | None
    error: RowError | None


class StoredBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch as its record on the disk has it."""

    version: int = 1
    fingerprint: str  # of the model that answers it: another one does not go on
    batch: BatchObject
