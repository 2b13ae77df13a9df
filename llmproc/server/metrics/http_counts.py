"""What only the HTTP side knows: what came of requests, who was refused and why, and when ids arrived.

Used by `responding`, `names` and the guards, all on the event loop's thread: it alone writes. At 64 streams `pieces` is
called thousands of times a second; the others once or twice a request.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from llmproc.engine.events import Reason
from llmproc.server.asking import Ended
from llmproc.server.metrics.histogram import BYTES, REQUEST_SECONDS, TOKEN_SECONDS, TOKENS, BucketCounts
from llmproc.server.metrics.labelled import LabelledCounts
from llmproc.server.refusals import RefusedError

OUTCOMES = ("answered", "cancelled", "failed")
_LATE = 1024  # requests that have ended, of which ids may still be on their way through the event loop

# vLLM's words for why a request ended (vllm/v1/engine, FinishReason)
FINISHED_REASONS: dict[Reason, str] = {
    "end": "stop",
    "stop": "stop",
    "length": "length",
    "context": "length",
    "cancelled": "abort",
    "failed": "error",
}
CPU_MODES = ("user", "system", "wait")


class HttpCounts:
    """The counts, a Reporter of `responding`. All but `ended_at_service` is for the event loop's thread."""

    def __init__(self) -> None:
        reasons = dict.fromkeys(FINISHED_REASONS.values())
        self.outcomes = LabelledCounts(1, known=[(word,) for word in OUTCOMES])
        self.finished = LabelledCounts(1, known=[(reason,) for reason in reasons])
        self.errors = LabelledCounts(3)
        self.options, self.models = LabelledCounts(1), LabelledCounts(1)
        self.cpu = LabelledCounts(1, known=[(mode,) for mode in CPU_MODES])
        self.loop_lag, self.itl, self.tpot = (BucketCounts(TOKEN_SECONDS) for _ in range(3))
        self.e2e, self.inference, self.decode = (BucketCounts(REQUEST_SECONDS) for _ in range(3))
        self.prompt, self.tokens, self.kv = BucketCounts(TOKENS), BucketCounts(TOKENS), BucketCounts(BYTES)
        self._arrived: dict[int, float] = {}  # by request of the service: when its last ids came
        self._done: deque[int] = deque()

    def pieces(self, request: int, count: int, now: float) -> None:
        """Take note that `count` ids of a request came to the event loop at `now`, at least one.

        `request`: the ticket's number. Ids that came together share the time since those before them, so the mean is
        that of all; what comes before a request's first ids is its TTFT and not counted here.
        """
        before = self._arrived.get(request)
        self._arrived[request] = now
        if before is not None:
            self.itl.add((now - before) / count, count)

    def ended_at_service(self, request: int) -> None:
        """Forget when its ids came, once 1,024 others have ended after it. Called on the I/O thread.

        Not at once, for its last ids are on their way then; and not by the HTTP side, which might leave one out.
        """
        self._done.append(request)
        if len(self._done) > _LATE:
            self._arrived.pop(self._done.popleft(), None)

    def choice_ended(self, ended: Ended) -> None:
        """Count the end of one choice: why, how long it took, and what it cost."""
        result, times, bill = ended.result, ended.result.timings, ended.bill
        self.finished.add(FINISHED_REASONS[result.finish_reason])
        for mode, seconds in zip(CPU_MODES, (bill.cpu_user_s, bill.cpu_system_s, bill.cpu_wait_s), strict=True):
            self.cpu.add(mode, count=seconds)
        if result.finish_reason in ("cancelled", "failed"):
            return
        self.e2e.add(times.total_s)
        self.inference.add(times.prefill_s + times.decode_s)
        self.decode.add(times.decode_s)
        if result.new_tokens > 1:
            self.tpot.add(times.decode_s / (result.new_tokens - 1))
        self.prompt.add(result.prompt_tokens)
        self.tokens.add(result.new_tokens)
        self.kv.add(bill.kv_bytes)

    def abandoned(self, choices: int) -> None:
        """Count answers that were given up before their end, as the client has gone."""
        self.finished.add(FINISHED_REASONS["cancelled"], count=choices)

    def outcome(self, word: str) -> None:
        """Count what came of one request that was let in: answered, cancelled or failed."""
        self.outcomes.add(word)

    def refused(self, error: RefusedError, path: str) -> None:
        """Count a request that is answered with an error; one that was let in has an outcome as well."""
        self.errors.add(_interface(path), str(error.status), error.code or error.kind)

    def ignored(self, names: Iterable[str]) -> None:
        """Count options of one request that have no effect here."""
        for name in names:
            self.options.add(name)

    def foreign_model(self, name: str) -> None:
        """Count a request that named a model which is not the one that answers."""
        self.models.add(name)

    def loop_late(self, seconds: float) -> None:
        """Take note of how late the event loop was."""
        self.loop_lag.add(seconds)


def _interface(path: str) -> str:
    """Return whose interface a path belongs to: clients may invent any number of paths."""
    return "openai" if path.startswith("/v1/") else "ollama" if path.startswith("/api/") else "own"
