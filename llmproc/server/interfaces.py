"""Which interface a path belongs to, and so in whose words its errors are: Ollama's under /api, OpenAI's elsewhere.

Used by `app` and by the HTTP protocol, which answers what is too broken to reach a path. Pure.
"""

from __future__ import annotations

from llmproc.server.dialect import Errors
from llmproc.server.ollama.refusals import OllamaErrors
from llmproc.server.openai.errors import OpenAIErrors

_OPENAI, _OLLAMA = OpenAIErrors(), OllamaErrors()


def errors_of(path: str) -> Errors:
    """Return how the interface that a path belongs to words what went wrong. `path`: as ASGI has it, decoded."""
    return _OLLAMA if path.startswith("/api/") else _OPENAI
