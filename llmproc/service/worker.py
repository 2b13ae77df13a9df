"""The child side: a worker's loop around an engine. It never compiles, never touches stdin, keeps no state of main's.

rings of the board -> Claims.claim -> Engine.add -> Engine.step -> Outgoing -> Events frame -> event pipe
request pipe       -> Wakeup (look again), Cancel, STOP
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Protocol

from llmproc.dispatch import victims
from llmproc.engine.batch import PAGE
from llmproc.engine.cost_meter import CostMeter, ProcessTimes
from llmproc.engine.engine import Engine
from llmproc.engine.events import Finish, Token
from llmproc.engine.forward import Forward
from llmproc.engine.rank_adapter import RankAdapter, adapter_of
from llmproc.engine.sequence import SequenceRequest
from llmproc.errors import RequestError
from llmproc.grammars.matching import Grammars
from llmproc.grammars.token_table import read_tokens
from llmproc.processes import protocol
from llmproc.processes.boardview import BoardView
from llmproc.processes.channel import WorkerChannel
from llmproc.processes.health import HealthCell
from llmproc.processes.template import WorkerContext
from llmproc.service.claims import Claim, Claims
from llmproc.service.messages import (
    Cancel,
    FinishReason,
    Generate,
    Message,
    RanksInUse,
    Taken,
    Wakeup,
    from_frame,
    to_frame,
)
from llmproc.service.outgoing import Outgoing
from llmproc.service.prepare import Loaded


class Runner(Protocol):
    """The part that runs requests: an engine, or its stand-in."""

    @property
    def load(self) -> int:
        """Return how many requests it has."""

    def add(self, request_id: int, order: Generate) -> None:
        """Accept one. RequestError, and nothing changed, if it cannot be run."""

    def cancel(self, request_id: int) -> object:
        """End one with the next step, if it is there."""

    def patience(self) -> float | None:
        """Return the seconds until a step has something to do; 0: now, None: not before something is added."""

    def step(self) -> Sequence[Token | Finish]:
        """Make a token for each that is due, and the ends."""


class WorkerLoop:
    """Takes requests while the runner has room, and says everything that becomes of them."""

    def __init__(
        self, runner: Runner, claims: Claims, channel: WorkerChannel, health: HealthCell, sequences: int
    ) -> None:
        self._runner, self._claims, self._channel, self._health = runner, claims, channel, health
        self._sequences, self._outgoing = sequences, Outgoing()
        self._held: tuple[int, Generate] | None = None  # suspect: it begins when everything else has ended
        self._alone = False  # the last one that began is suspect
        self._stopped = False

    def run(self) -> None:
        """Work until STOP, end of the request pipe (main is gone) or SIGTERM."""
        self._channel.ready()
        while not (self._stopped or self._channel.ended):
            if self._runner.patience() == 0:
                self._outgoing.extend(self._runner.step())
                self._health.step()
            self._claim()  # an end, and what is begun in its place, are one message
            self._health.set_busy(self._runner.load > 0)
            self._rest()

    def _rest(self) -> None:
        """Read the pipe; wait there while there is nothing to do, which must be said before the last look at the rings.

        Main appends first and looks then whether the worker rests: one of the two sees what the other did.
        """
        if self._runner.patience() == 0:
            return self._listen(0)
        self._health.set_resting(True)
        self._claims.fence()
        self._claim()
        self._health.set_busy(self._runner.load > 0)
        self._listen(self._runner.patience())
        return self._health.set_resting(False)

    def _listen(self, patience: float | None) -> None:
        """Read what main says, for as long as there is nothing else to do."""
        while (frame := self._channel.receive(patience)) is not None:
            patience = 0
            if frame.type == protocol.STOP:
                self._stopped = True
                return
            self._obey(frame.request_id, from_frame(frame))

    def _obey(self, request_id: int, message: Message) -> None:
        if isinstance(message, Wakeup):
            for cell in message.cells:
                self._claims.publish(cell)
        elif isinstance(message, Cancel):
            if self._held and self._held[0] == request_id:
                self._outgoing.add(_ended(*self._held, "cancelled", ""))
                self._held = None
                self._send()
            self._runner.cancel(request_id)

    def _claim(self) -> None:
        """Win requests while there is room; then send what is due, and everything when there is time to."""
        if self._held and not self._runner.load:
            self._begin(*self._held)
            self._held, self._alone = None, True
        while self._has_room() and (claim := self._claims.claim()):
            self._accept(claim)
        self._send()

    def _has_room(self) -> bool:
        load = self._runner.load
        return not self._held and load < self._sequences and not (self._alone and load)

    def _accept(self, claim: Claim) -> None:
        request_id, order = claim.frame.request_id, from_frame(claim.frame)
        self._outgoing.add(Taken(request_id, claim.ring, time.monotonic()))
        if not isinstance(order, Generate):
            raise TypeError(f"request {request_id} of the board is {type(order).__name__}")
        self._health.set_busy(True)
        if claim.cancelled:
            self._outgoing.add(_ended(request_id, order, "cancelled", ""))
        elif order.alone and self._runner.load:
            self._held = request_id, order
        else:
            self._alone = order.alone
            self._begin(request_id, order)

    def _begin(self, request_id: int, order: Generate) -> None:
        try:
            self._runner.add(request_id, order)
        except RequestError as error:
            self._outgoing.add(_ended(request_id, order, "failed", str(error)))

    def _send(self) -> None:
        """Send what is due; everything when there is nothing else to do."""
        if self._outgoing and (self._outgoing.due() or self._runner.patience() != 0):
            self._channel.send(to_frame(self._outgoing.collect()))


def _ended(request_id: int, order: Generate, reason: FinishReason, message: str) -> Finish:
    """Return the end of a request that did not begin."""
    return Finish.plain(request_id, reason, prompt_tokens=len(order.ids), draws=order.draws, message=message)


class EngineRunner:
    """An engine as a Runner; between its steps the number of ranks follows the CPUs that are free."""

    def __init__(
        self,
        engine: Engine,
        adapter: RankAdapter | None = None,
        tell: Callable[[RanksInUse], None] = lambda change: None,
        show: Callable[[], object] = lambda: None,
    ) -> None:
        """Take a running engine. `tell` is given every change of the ranks in use; `show` is called after each step."""
        self._engine, self._adapter, self._tell, self._show = engine, adapter, tell, show
        self.cancel = engine.cancel
        if adapter is not None and adapter.unable:
            tell(RanksInUse(adapter.ranks, adapter.ranks, adapter.unable, adapter.ranks))

    @property
    def load(self) -> int:
        """Return how many requests it has."""
        return self._engine.running + self._engine.waiting

    def add(self, request_id: int, order: Generate) -> None:
        """Accept a request."""
        self._engine.add(
            SequenceRequest(
                request_id=request_id,
                tokens=tuple(order.ids),
                max_tokens=order.max_tokens,
                end_tokens=frozenset(order.end_tokens),
                temperature=order.temperature,
                top_p=order.top_p,
                seed=order.seed,
                draws=order.draws,
                closing=order.closing,
                shaping=order.shaping,
            )
        )

    def step(self) -> Sequence[Token | Finish]:
        """Make a token for each that is due, and the ends."""
        events = self._engine.step()
        self._show()
        if self._adapter is not None and (change := self._adapter.look()):
            self._tell(RanksInUse(self._adapter.ranks, change.use, change.reason, change.cpus))
        return events

    def patience(self) -> float | None:
        """Return the seconds until a step has something to do; None: not before something is added."""
        return 0 if self._engine.busy else None


def serve(runner: Runner, post: WorkerContext, sequences: int, steals: bool) -> int:
    """Run requests of the board, until main wants no more; returns the exit code."""
    board_fd, _ = post.shared
    board = BoardView.attach(board_fd)
    claims = Claims(board, post.slot, steals, victims)
    WorkerLoop(runner, claims, post.channel, post.health, sequences).run()
    return 0


def child(context: Loaded, post: WorkerContext) -> int:
    """Run a worker over the model that the template loaded; return its exit code."""
    with ExitStack() as stack:
        forward = stack.enter_context(Forward(context.model, context.options, context.pages))
        times, adapter = ProcessTimes(), adapter_of(forward, context.options.adapt)
        stack.callback(times.close)
        grammars = Grammars(lambda: read_tokens(post.shared[1]))
        meter = CostMeter(forward.workspace.page_bytes, times.read)
        engine = Engine(forward, context.options, meter=meter, grammars=grammars)
        if adapter is not None:
            stack.callback(adapter.close)
        show = post.health.show  # what `service.kv_gauges` reads
        show(context.pages, forward.workspace.page_bytes, PAGE, first=2)
        runner = EngineRunner(
            engine,
            adapter,
            lambda change: post.channel.send(to_frame(change)),
            lambda: show(context.pages - engine.pages_free, engine.preempted),
        )
        return serve(runner, post, context.options.sequences, context.steals)
