"""Which servers are asked, and how: one frozen, checked object."""

from __future__ import annotations

from dataclasses import dataclass, field

from llmproc.errors import UsageError

MAX_CONNECTIONS = 1024  # of all servers together: each is a file descriptor and a queue


@dataclass(frozen=True, slots=True)
class RemoteOptions:
    """Servers and patience. UsageError for a value that breaks its rule; URLs are judged by `client.endpoint`."""

    urls: tuple[str, ...]
    connections: int = 4  # requests at once to each server
    model: str | None = None  # None: each server's first
    key: str | None = field(default=None, repr=False)
    timeout_s: float = 600.0  # of one attempt
    retries: int = 3  # of a request, after failures that are not its server's absence
    give_up_s: float = 60.0  # how long a server may be away

    def __post_init__(self) -> None:
        most = MAX_CONNECTIONS // max(1, len(self.urls))
        if not 1 <= self.connections <= most:
            raise UsageError(f"--connections is {self.connections}: must be from 1 to {most} for each URL")
        if len(set(self.urls)) < len(self.urls):
            raise UsageError("--url is given twice with the same server: --connections says how many requests at once")
        if not 0.1 <= self.timeout_s <= 86400:
            raise UsageError(f"--timeout is {self.timeout_s:g}: must be from 0.1 to 86400 seconds")
        if not 0 <= self.retries <= 100:
            raise UsageError(f"--retries is {self.retries}: must be from 0 to 100")
        if not 0 <= self.give_up_s <= 86400:
            raise UsageError(f"--give-up-after is {self.give_up_s:g}: must be from 0 to 86400 seconds")
