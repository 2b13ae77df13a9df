"""The rows of /v1/files and /v1/batches in the published document. Used by `published`."""

from __future__ import annotations

from llmproc.server.batches.records import (
    BatchList,
    BatchObject,
    BatchRequest,
    FileDeleted,
    FileList,
    FileObject,
    FileUpload,
)
from llmproc.server.document import ALWAYS, WITH_BODY, DocumentedPath
from llmproc.server.openai.errors import ErrorAnswer

FORM = "multipart/form-data"
_PAGE = {
    "after": {"type": "string", "minLength": 1},
    "limit": {"type": "integer", "minimum": 1, "maximum": 100},
}
_NAMED = (*ALWAYS, 404)

BATCH_PATHS = (
    DocumentedPath(
        "/v1/files", "post", "Upload the input of a batch.", FileObject, ErrorAnswer,
        asks=FileUpload, asks_media=FORM, statuses=WITH_BODY,
    ),
    DocumentedPath(
        "/v1/files", "get", "List files.", FileList, ErrorAnswer, statuses=(*ALWAYS, 400),
        query={
            "after": _PAGE["after"],
            "limit": {**_PAGE["limit"], "maximum": 10_000},
            "order": {"enum": ["asc", "desc"]},
            "purpose": {"type": "string"},
        },
    ),
    DocumentedPath("/v1/files/{name}", "get", "Tell of one file.", FileObject, ErrorAnswer, statuses=_NAMED),
    DocumentedPath(
        "/v1/files/{name}", "delete", "Remove one file.", FileDeleted, ErrorAnswer, statuses=(*_NAMED, 400)
    ),
    DocumentedPath(
        "/v1/files/{name}/content", "get", "Send the bytes of one file.", None, ErrorAnswer,
        media="application/octet-stream", statuses=_NAMED,
    ),
    DocumentedPath(
        "/v1/batches", "post", "Begin a batch.", BatchObject, ErrorAnswer,
        asks=BatchRequest, statuses=(*WITH_BODY, 404),
    ),
    DocumentedPath(
        "/v1/batches", "get", "List batches, the newest first.", BatchList, ErrorAnswer,
        query=_PAGE, statuses=(*ALWAYS, 400),
    ),
    DocumentedPath("/v1/batches/{name}", "get", "Tell of one batch.", BatchObject, ErrorAnswer, statuses=_NAMED),
    DocumentedPath(
        "/v1/batches/{name}/cancel", "post", "End a batch early.", BatchObject, ErrorAnswer, statuses=(*_NAMED, 400)
    ),
)  # fmt: skip
