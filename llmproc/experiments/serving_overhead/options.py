"""What a measurement of serving needs to know: one frozen, checked object."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from llmproc.errors import UsageError

_MOST_STREAMS = 1024


@dataclass(frozen=True, slots=True)
class ServingOptions:
    """Model and load. `tokens`: of a run, over all streams; `new_tokens`: of an answer."""

    model: Path | None = None  # None: a random GGUF file of `shape`
    shape: str = "smollm-135m"
    weights: str = "q8_0"  # of a random one
    streams: tuple[int, ...] = (1, 16, 64)
    prompt_tokens: int = 64
    new_tokens: int = 128
    tokens: int = 2048
    threads: int = 2
    repeat: int = 3

    def __post_init__(self) -> None:
        if not self.streams or not all(1 <= count <= _MOST_STREAMS for count in self.streams):
            raise UsageError(f"--streams is {self.streams}: must be numbers from 1 to {_MOST_STREAMS}")
        for name, least in (("prompt_tokens", 1), ("new_tokens", 2), ("tokens", 1), ("threads", 1), ("repeat", 1)):
            value = getattr(self, name)
            if not least <= value <= 1 << 20:
                raise UsageError(f"--{name.replace('_', '-')} is {value}: must be from {least} to {1 << 20}")
        if self.model is not None and not self.model.exists():
            raise UsageError(f"--model is {self.model}: no such file")

    @property
    def context(self) -> int:
        """Return the positions of a sequence; the prompt loop's second turn has the first one before it."""
        return -(-2 * (self.prompt_tokens + self.new_tokens + 64) // 256) * 256

    def requests(self, streams: int) -> int:
        """Return the requests of each stream in a run."""
        return max(1, self.tokens // (streams * self.new_tokens))
