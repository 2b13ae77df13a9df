"""The child side: a worker's loop around an engine. It never compiles, never touches stdin, keeps no state of main's.

request pipe -> receive() -> Engine.add / cancel -> Engine.step() -> one Events frame -> event pipe
"""

from __future__ import annotations

from llmproc.engine.engine import Engine
from llmproc.engine.forward import Forward
from llmproc.engine.sequence import SequenceRequest
from llmproc.errors import RequestError
from llmproc.processes import protocol
from llmproc.processes.channel import WorkerChannel
from llmproc.processes.frames import Frame
from llmproc.processes.health import HealthCell
from llmproc.service import messages
from llmproc.service.prepare import Loaded


def child(context: Loaded, channel: WorkerChannel, health: HealthCell) -> int:
    """Serve requests until STOP, end of the request pipe (main is gone) or SIGTERM; returns the exit code."""
    with Forward(context.model, context.options, context.pages) as forward:
        engine = Engine(forward, context.options)
        channel.ready()
        while True:
            while (frame := channel.receive(block=not engine.busy)) is not None:
                if frame.type == protocol.STOP:
                    return 0
                _accept(engine, frame, channel)
                health.set_busy(engine.busy)
            if channel.ended:
                return 0
            if engine.busy:
                events = engine.step()
                health.step()
                if events:
                    channel.send(messages.to_frame(messages.Events(events)))
                health.set_busy(engine.busy)


def _accept(engine: Engine, frame: Frame, channel: WorkerChannel) -> None:
    message = messages.from_frame(frame)
    if isinstance(message, messages.Cancel):
        engine.cancel(frame.request_id)
    elif isinstance(message, messages.Generate):
        try:
            engine.add(_request(frame.request_id, message))
        except RequestError as error:
            refused = messages.Finish(
                frame.request_id, "failed", str(error), len(message.ids), 0, 0, message.coins, None, 0, 0.0, 0.0
            )
            channel.send(messages.to_frame(messages.Events([refused])))


def _request(request_id: int, message: messages.Generate) -> SequenceRequest:
    return SequenceRequest(
        request_id=request_id,
        tokens=tuple(message.ids),
        max_tokens=message.max_tokens,
        end_tokens=frozenset(message.end_tokens),
        temperature=message.temperature,
        top_p=message.top_p,
        seed=message.seed,
        coins=message.coins,
        closing=message.closing,
    )
