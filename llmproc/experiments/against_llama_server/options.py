"""What a comparison of servers needs to know: one frozen, checked object."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from llmproc.errors import UsageError

_MOST = {"clients": 1024, "requests": 10_000, "prompt_tokens": 1 << 16, "new_tokens": 1 << 16, "threads": 256,
         "repeat": 1000}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CompareServersOptions:
    """Servers, model and load. `clients`: also the sequences that each server may compute side by side."""

    llama_server: Path
    python: Path | None = None  # an interpreter that has llama-cpp-python[server], for one more server
    model: Path | None = None  # a GGUF file; None: a random one of `shape`
    shape: str = "smollm-135m"
    weights: str = "q8_0"  # of a random one
    clients: int = 16
    requests: int = 4  # of each client in a run
    prompt_tokens: int = 64
    new_tokens: int = 64
    threads: int = 2
    repeat: int = 5
    fixed_threads: bool = False  # ours: never fewer while other programs hold CPUs

    def __post_init__(self) -> None:
        for name, most in _MOST.items():
            value = getattr(self, name)
            if not 1 <= value <= most:
                raise UsageError(f"--{name.replace('_', '-')} is {value}: must be from 1 to {most}")
        if self.new_tokens < 2:
            raise UsageError(f"--new-tokens is {self.new_tokens}: must be 2 or more, for a time between two")
        for flag, path in (("llama-server", self.llama_server), ("python", self.python), ("model", self.model)):
            if path is not None and not path.is_file():
                raise UsageError(f"--{flag} is {path}: no such file")

    @property
    def context(self) -> int:
        """Return the positions of a sequence: enough for prompt and answer, in whole pages of any engine."""
        return -(-(self.prompt_tokens + self.new_tokens + 1) // 256) * 256
