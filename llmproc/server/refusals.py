"""A request that is not answered: what a client is told, in the words of every interface.

Used by dialects, guards and admission, which raise it; `responding` turns it into a response.
"""

from __future__ import annotations

import math

from llmproc.errors import LlmprocError


class RefusedError(LlmprocError):
    """One HTTP request is refused; the server goes on."""

    def __init__(
        self,
        message: str,
        status: int = 400,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        """Take one line for the client. `param`: the field at fault; `code`: a short word that programs compare.

        `retry_after_s`: when to come again, for 429 and 503; a second where it is not known.
        """
        super().__init__(message)
        self.message, self.status, self.param, self.code = message, status, param, code
        self.retry_after_s = 1.0 if retry_after_s is None and status in (429, 503) else retry_after_s

    @property
    def kind(self) -> str:
        """Return OpenAI's `type` for the status."""
        return _KINDS.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")

    @property
    def retry_after(self) -> str | None:
        """Return the value of Retry-After: whole seconds from 1 to 120, for clients give up on longer ones.

        That is what the official clients do with more (openai 2.54 and 3.57 never retry then).
        """
        return None if self.retry_after_s is None else str(math.ceil(min(120, max(1, self.retry_after_s))))


_KINDS = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
