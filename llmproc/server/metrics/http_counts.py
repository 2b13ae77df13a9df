"""What only the HTTP side knows: what came of requests, who was refused and why, and when ids arrived.

Used by `responding`, `answering` and the guards, all on the event loop's thread: it alone writes. At 64 streams
`pieces_arrived` is called thousands of times a second; the others once or twice a request.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Literal, get_args

from llmproc.engine.events import Reason
from llmproc.server.asking import Ended
from llmproc.server.metrics.histogram import BYTES, REQUEST_SECONDS, TOKEN_SECONDS, TOKENS, BucketCounts
from llmproc.server.metrics.labelled import LabelledCounts
from llmproc.server.refusals import RefusedError

Outcome = Literal["finished", "cancelled", "failed", "refused"]
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
    """The counts; every method but `request_ended_at_service` is for the event loop's thread."""

    def __init__(self) -> None:
        reasons = dict.fromkeys(FINISHED_REASONS.values())
        self.outcomes = LabelledCounts(1, known=[(outcome,) for outcome in get_args(Outcome)])
        self.finished = LabelledCounts(1, known=[(reason,) for reason in reasons])
        self.refusals = LabelledCounts(2)
        self.ignored, self.foreign = LabelledCounts(1), LabelledCounts(1)
        self.cpu = LabelledCounts(1, known=[(mode,) for mode in CPU_MODES])
        self.loop_lag, self.itl, self.tpot = (BucketCounts(TOKEN_SECONDS) for _ in range(3))
        self.e2e, self.inference, self.decode = (BucketCounts(REQUEST_SECONDS) for _ in range(3))
        self.prompt, self.tokens, self.kv = BucketCounts(TOKENS), BucketCounts(TOKENS), BucketCounts(BYTES)
        self._arrived: dict[int, float] = {}  # by request of the service: when its last ids came
        self._done: deque[int] = deque()

    def pieces_arrived(self, request: int, count: int, now: float) -> None:
        """Take note that `count` ids of a request came to the event loop at `now`, at least one.

        `request`: the ticket's number. Ids that came together share the time since those before them, so the mean is
        that of all; what comes before a request's first ids is its TTFT and not counted here.
        """
        before = self._arrived.get(request)
        self._arrived[request] = now
        if before is not None:
            self.itl.add((now - before) / count, count)

    def request_ended_at_service(self, request: int) -> None:
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

    def request_ended(self, outcome: Outcome) -> None:
        """Count what came of one HTTP request that was let in; of a refused one `refused` does it."""
        self.outcomes.add(outcome)

    def refused(self, error: RefusedError) -> None:
        """Count a refused request."""
        self.outcomes.add("refused")
        self.refusals.add(str(error.status), error.code or error.kind)

    def ignored_options(self, names: Iterable[str]) -> None:
        """Count options of one request that have no effect here."""
        for name in names:
            self.ignored.add(name)

    def foreign_model(self, name: str) -> None:
        """Count a request that named a model which is not the one that answers."""
        self.foreign.add(name)

    def loop_late(self, seconds: float) -> None:
        """Take note of how late the event loop was."""
        self.loop_lag.add(seconds)
