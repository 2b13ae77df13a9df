"""Who is let in, and when a refused client is to come again. Pure policy: moments are given, nothing is read or waited.

    admit --> AdmittedRequest --first_token--> --ended-->    n choices of a request are n answers, and hold n places
          \\-> RefusedError 429 or 503 with the seconds until it is worth coming again

Used by `responding`, on the event loop's thread alone. First come, first served: who is let in is served in the order
of arrival (the service's queues keep it), and nothing is reserved for those who were refused; so a request for many
answers is refused more often than one for a single answer. They are told different times, each one place later than the
refused one before, so that they do not come back together.

With an SLO, what would miss it is refused: time to first token is predicted from the queue and a line over measured
prompts, time per token from answers made at the same load. A prediction that refuses for a minute without being
measured lets one request in: else a slow minute would close the server for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from llmproc.server.refusals import RefusedError
from llmproc.server.slo import Slo
from llmproc.server.speeds import Average, Speeds, whole_load

_UNKNOWN_S = 1.0  # how long an answer is taken to hold its place before one has ended
_TRIAL_S = 60.0  # after so long a prediction is put to the test
_TURNS = 8  # in simulations clients come twice with 8, ten times with 1; with 30 places stay empty
MEMORY_MARGIN = 64 << 20  # bytes that must be free


@dataclass(frozen=True, slots=True)
class AdmissionState:
    """Admission at one moment, for metrics."""

    open: int = 0  # answers admitted, of requests that have not ended
    limit: int = 0  # of them, at most
    queue: int = 0  # of them, more than can run at the same time
    kept: int = 0  # requests that ended by themselves, and kept the SLO
    missed: int = 0
    slo: Slo | None = None


@dataclass(slots=True, eq=False)
class AdmittedRequest:
    """The places of one admitted request, one for each of its answers, until `ended` gives all of them back."""

    admission: Admission
    at: float  # when it was let in
    prompt_tokens: int
    choices: int
    waited: bool  # not all of its answers could begin at once
    began: float | None = None
    first: float | None = None
    load: int = 0  # answers made at the same time when its first token came
    open: bool = True

    def first_token(self, now: float, began: float | None = None) -> None:
        """Take note of the first token of its first choice. `began`: when a worker took that (`Ticket.dispatched`)."""
        if self.first is None and self.open:
            self.first = now
            self.began = began if began is not None or self.waited else self.at
            self.admission.learn_first(self, now)

    def ended(self, now: float, completion_tokens: int, ok: bool) -> None:
        """Give the places back. Twice is fine: the first counts. `completion_tokens`: of all choices."""
        if self.open:
            self.open = False
            self.admission.learn_end(self, now, completion_tokens if ok else None)


@dataclass(slots=True, eq=False)
class Admission:
    """The bounded queue. `slots`: answers that run at the same time; `queue`: how many more may wait."""

    slots: int
    queue: int
    slo: Slo | None = None
    memory_margin: int = MEMORY_MARGIN
    _speeds: Speeds = field(default_factory=Speeds)
    _open: int = 0
    _kept: int = 0
    _missed: int = 0
    _closed: bool = False
    _memory: int | None = None
    _told_until: float = 0.0  # when the last of those who were refused is to come again
    _ttft_trial: float | None = None  # when a request was last let in though its first token seemed to come too late

    @property
    def limit(self) -> int:
        """Return how many answers may be open."""
        return self.slots + self.queue

    @property
    def under_way(self) -> int:
        """Return how many answers are open: a server that shuts down waits for them."""
        return self._open

    def state(self) -> AdmissionState:
        """Return the numbers, for any thread."""
        waiting = max(0, self._open - self.slots)
        return AdmissionState(self._open, self.limit, waiting, self._kept, self._missed, self.slo)

    def close(self) -> None:
        """Let nothing in any more: the server is shutting down."""
        self._closed = True

    def memory(self, free: int | None) -> None:
        """Take note of the bytes that this process may still use (`hardware.memory`); None: not known."""
        self._memory = free

    def admit(self, now: float, prompt_tokens: int, max_tokens: int, choices: int = 1) -> AdmittedRequest:
        """Let a request in. RefusedError: 429 when it is full or the SLO would be missed, 503 when nothing is let in.

        `prompt_tokens`: of all prompts, `max_tokens`: of each answer, `choices`: answers in all. 400 for more of them
        than there can ever be places.
        """
        self._check_server(now)
        if choices > self.limit:
            rule = f"this server makes and queues {self.limit} answers at most"
            raise RefusedError(f"n makes {choices} answers: {rule}", param="n", code="too_many_choices")
        if self._open + choices > self.limit:
            after = self._until_place(now, choices)
            message = f"the queue is full: {self._open} answers are open, {self.limit} at most"
            raise RefusedError(message, 429, code="queue_full", retry_after_s=after)
        self._check_slo(now, prompt_tokens, max_tokens, choices)
        self._open += choices
        return AdmittedRequest(self, now, prompt_tokens, choices, self._open > self.slots)

    # -- refusals ---------------------------------------------------------------------------------------------------

    def _check_server(self, now: float) -> None:
        if self._closed:
            after = max(1.0, self._open * self._interval())
            raise RefusedError("the server is shutting down", 503, code="shutting_down", retry_after_s=after)
        if self._memory is not None and self._memory < self.memory_margin:
            message = f"memory is short: {self._memory >> 20} MiB are free, {self.memory_margin >> 20} are kept"
            raise RefusedError(message, 503, code="memory_short", retry_after_s=self._until_place(now, 1))

    def _until_place(self, now: float, choices: int) -> float:
        """Return the seconds until the places are free, those who were refused before counted as coming first.

        Never more than it takes to fill all places a few times: most refused clients come again, but some may ask all
        the time and must not keep the others away.
        """
        interval = self._interval()
        most = now + _TURNS * self.limit * interval
        self._told_until = min(max(self._told_until, now) + choices * interval, most)
        return max(self._told_until - now, (self._open + choices - self.limit) * interval)

    def _interval(self) -> float:
        """Return the seconds between two answers' ends while all slots are busy."""
        return self._speeds.service_s(_UNKNOWN_S) / self.slots

    def _check_slo(self, now: float, prompt_tokens: int, max_tokens: int, choices: int) -> None:
        if self.slo is None:
            return
        wait = max(0, self._open + choices - self.slots) * self._interval()
        prefill = self._speeds.prefill.predict(prompt_tokens)
        if self.slo.ttft_s is not None and prefill is not None and wait + prefill > self.slo.ttft_s:
            self._refuse_late(now, wait, prefill, self.slo.ttft_s)
        load = min(self._open + choices, self.slots)
        known = self._speeds.tpot(load) if max_tokens > 1 else None
        if self.slo.tpot_s is not None and known is not None and known.value > self.slo.tpot_s:
            self._refuse_slow(now, known, self.slo.tpot_s)

    def _refuse_late(self, now: float, wait: float, prefill: float, limit: float) -> None:
        if self._ttft_trial is None:
            self._ttft_trial = now
        left = self._ttft_trial + _TRIAL_S - now
        if left <= 0:
            self._ttft_trial = now
            return
        after = wait + prefill - limit if prefill <= limit else left  # a shorter queue, or another measurement
        message = f"the first token would take {wait + prefill:.3g} s: this server keeps to {limit:g} s"
        raise RefusedError(message, 429, code="slo_ttft", retry_after_s=after)

    def _refuse_slow(self, now: float, known: Average, limit: float) -> None:
        left = known.at + _TRIAL_S - now
        if left <= 0:
            known.at = now
            return
        after = min(left, self._interval()) if self._open else left  # one fewer beside it, or another measurement
        message = f"a token would take {known.value:.3g} s: this server keeps to {limit:g} s"
        raise RefusedError(message, 429, code="slo_tpot", retry_after_s=after)

    # -- what admitted requests tell ------------------------------------------------------------------------------

    def learn_first(self, place: AdmittedRequest, now: float) -> None:
        """Learn from a first token."""
        place.load = min(self._open, self.slots)
        if place.began is not None:
            self._speeds.prefill.add(place.prompt_tokens, max(0.0, now - place.began))

    def learn_end(self, place: AdmittedRequest, now: float, tokens: int | None) -> None:
        """Free places; learn from a request whose answers came to their end with `tokens` in all, None if they did not.

        The time per token of several answers is that of one with their mean length.
        """
        load = min(self._open, self.slots)
        self._open -= place.choices
        began = place.first if place.began is None else place.began
        if began is not None:
            self._speeds.ran(max(0.0, now - began), now)
        if tokens is None or place.first is None:
            return
        tpot, each = 0.0, tokens / place.choices
        if each > 1:
            tpot = max(0.0, now - place.first) / (each - 1)
            self._speeds.decoded(tpot, whole_load(place.load, load), now)
        if self.slo is not None:
            kept = self.slo.kept(place.first - place.at, tpot)
            self._kept, self._missed = self._kept + kept, self._missed + (not kept)
