"""What the SDK logs about a collector, as one line for the user: stderr may be a log that programs read.

Used by `exporting`. The library's own text is not shown: it may hold the URL with a key in it, and is half a traceback.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from types import TracebackType

_LOGGERS = ("opentelemetry", "urllib3")
_STATUS = re.compile(r"\bcode: (\d{3})\b")
_REASONS = (
    ("certificate", "its certificate is not trusted"),
    ("refused", "connection refused"),
    ("timed out", "no answer in time"),
    ("name or service not known", "no such host"),
    ("failed to resolve", "no such host"),
    ("nameresolution", "no such host"),
    ("unreachable", "no way to this host"),
    ("too large", "too large"),
    ("encode", "a span cannot be encoded"),
)


def reason_of(text: str) -> str | None:
    """Return in few words why spans are not taken, from a line of the SDK's log; None if it does not say."""
    if found := _STATUS.search(text):
        return f"status {found[1]}"
    lower = text.lower()
    return next((reason for word, reason in _REASONS if word in lower), None)


class CollectorComplaints(logging.Handler):
    """Keeps what is logged from stderr, as a context manager, and tells of the first failure after a success."""

    def __init__(self, address: str, notice: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._address, self._notice = address, notice
        self._reason, self._told = "it cannot be reached", False
        self._propagated: list[tuple[logging.Logger, bool]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Remember the reason in a line of the log."""
        self._reason = reason_of(record.getMessage()) or self._reason

    def failed(self) -> None:
        """Tell the user, once, that the collector takes no spans."""
        if not self._told:
            self._told = True
            self._notice(f"traces: {self._address} takes no spans: {self._reason}; they are dropped, answers go on")

    def mute(self) -> None:
        """Tell nothing any more; the log stays silent, too."""
        self._notice = lambda text: None

    def succeeded(self) -> None:
        """Tell the user that it takes them again, if it did not."""
        if self._told:
            self._told = False
            self._notice(f"traces: {self._address} takes spans again")

    def __enter__(self) -> CollectorComplaints:
        for name in _LOGGERS:
            log = logging.getLogger(name)
            self._propagated.append((log, log.propagate))
            log.addHandler(self)
            log.propagate = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for log, propagated in self._propagated:
            log.removeHandler(self)
            log.propagate = propagated
        self._propagated.clear()
