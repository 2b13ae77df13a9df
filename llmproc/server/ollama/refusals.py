"""How /api words what goes wrong: {"error": "text"}, always a text, for clients can read nothing else there.

Pure. Used by `responding` for the endpoints of this folder, and by the table of paths for what is not supported.
"""

from __future__ import annotations

from llmproc.server.ollama.answers import OllamaError
from llmproc.server.one_line import one_line
from llmproc.server.refusals import RefusedError

# Endpoints of Ollama's that need another kind of model, or would change which models there are: path, methods.
NOT_SUPPORTED: dict[str, tuple[str, ...]] = {
    "/api/embed": ("POST",),
    "/api/embeddings": ("POST",),
    "/api/pull": ("POST",),
    "/api/push": ("POST",),
    "/api/create": ("POST",),
    "/api/copy": ("POST",),
    "/api/delete": ("DELETE",),
    "/api/blobs/{digest}": ("HEAD", "POST"),
}


def not_supported(path: str) -> RefusedError:
    """Return the refusal of an endpoint in NOT_SUPPORTED, as its path stands there."""
    return RefusedError(f"{path} is not supported", 501, code="not_supported")


class OllamaErrors:
    """Ollama's words and statuses for what goes wrong."""

    def status(self, error: RefusedError) -> int:
        """Return the status of a response: a full queue is 503 for Ollama's clients, which know no 429."""
        return 503 if error.status == 429 else error.status

    def refusal(self, error: RefusedError) -> bytes:
        """Return the JSON body of a response that refuses."""
        return one_line(OllamaError(error.message))
