"""The backend of `batch` over a fake service, which nothing has to start or end."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from llmproc.batch.local import LocalBackend, NewConversation


def local_backend(service: Any, new_conversation: NewConversation | None = None) -> LocalBackend:
    launch: Any = SimpleNamespace(service=service)
    return LocalBackend(launch, new_conversation or (lambda sampling, system: None), 1)  # type: ignore[arg-type,return-value]
