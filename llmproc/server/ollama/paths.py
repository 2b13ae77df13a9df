"""The rows of Ollama's paths in the published document. Used by `app`, which serves them.

What is not supported has no row: there is nothing to send there.
"""

from __future__ import annotations

from llmproc.server.document import WITH_BODY, DocumentedPath
from llmproc.server.ollama.answers import OllamaAnswer, OllamaError
from llmproc.server.ollama.dialects import NDJSON
from llmproc.server.ollama.pages import OllamaProcesses, OllamaShown, OllamaTags, OllamaVersion
from llmproc.server.ollama.requests import OllamaChatRequest, OllamaGenerateRequest, OllamaShowRequest

_NAMED = (*WITH_BODY, 404)  # a full queue is 503 here
OLLAMA_PATHS = (
    DocumentedPath(
        "/api/chat", "post", "Answer a conversation, in Ollama's form.", OllamaAnswer, OllamaError,
        asks=OllamaChatRequest, chunks=OllamaAnswer, stream=NDJSON, statuses=_NAMED,
    ),
    DocumentedPath(
        "/api/generate", "post", "Answer or continue a prompt, in Ollama's form.", OllamaAnswer, OllamaError,
        asks=OllamaGenerateRequest, chunks=OllamaAnswer, stream=NDJSON, statuses=_NAMED,
    ),
    DocumentedPath(
        "/api/show", "post", "Tell of the model.", OllamaShown, OllamaError, asks=OllamaShowRequest, statuses=_NAMED
    ),
    DocumentedPath("/api/tags", "get", "List the models that may be named.", OllamaTags, OllamaError),
    DocumentedPath("/api/ps", "get", "List the models in memory.", OllamaProcesses, OllamaError),
    DocumentedPath("/api/version", "get", "Tell the version, as three numbers.", OllamaVersion, OllamaError),
)  # fmt: skip
