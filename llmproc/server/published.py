"""The one published document, /openapi.json: the rows of both interfaces and of the server's own paths."""

from __future__ import annotations

from typing import Literal

import msgspec

from llmproc import __version__
from llmproc.server.asking import About
from llmproc.server.batches.paths import BATCH_PATHS
from llmproc.server.document import DocumentedPath, document
from llmproc.server.metrics.worker_records import WorkerList
from llmproc.server.ollama.paths import OLLAMA_PATHS
from llmproc.server.openai.errors import ErrorAnswer
from llmproc.server.openai.paths import OPENAI_PATHS


class Health(msgspec.Struct):
    """The state of the server: ready when an answer would come now."""

    status: Literal["ready", "not ready"]


class Liveness(msgspec.Struct):
    """That the process answers."""

    status: Literal["alive"]


OWN_PATHS = (
    DocumentedPath("/health", "get", "Tell whether an answer would come now.", Health, ErrorAnswer, open=True),
    DocumentedPath("/live", "get", "Tell that the process answers.", Liveness, ErrorAnswer, open=True),
    DocumentedPath("/metrics", "get", "Tell all counts, for Prometheus.", None, ErrorAnswer, media="text/plain"),
    DocumentedPath("/workers", "get", "Tell of each worker process.", WorkerList, ErrorAnswer),
)


def published_document(about: About, keyed: bool) -> bytes:
    """Return the document. `keyed`: requests need an API key."""
    title = f"llmproc serving {about.model}"
    return document([*OPENAI_PATHS, *BATCH_PATHS, *OLLAMA_PATHS, *OWN_PATHS], title, __version__, keyed=keyed)
