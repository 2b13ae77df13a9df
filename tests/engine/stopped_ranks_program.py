"""Ranks as processes, stopped at random while steps run: `python stopped_ranks_program.py signal|hook STEPS SEED`.

`signal`: SIGSTOP at any moment. `hook`: at the boundaries a trace knows: before the gate, between ticket and work,
before finished portions are reported, behind the last phase. Every step's logits must be those of one thread alone.
Prints how many steps were equal and how many stops there were.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable

import numpy as np
from engine.naive_models import random_model
from engine.one_sequence import one_sequence
from engine.rank_stops import Stops, clear_stops, stop_at

from llmproc.checkpoints.weight_source import MemorySource
from llmproc.config import EngineOptions
from llmproc.engine.batch import Chunk
from llmproc.engine.filling import fill
from llmproc.engine.forward import Forward
from llmproc.engine.loading import make_model, plan_weights
from llmproc.kernels import calls
from llmproc.processes.system import set_parent_death_signal

RANKS = 3
MODEL = {"dim": 64, "hidden_dim": 160, "n_layers": 2, "n_heads": 4, "n_kv_heads": 2, "vocab_size": 200, "seq_len": 320}
PAGES = list(range(20))
IDS = [(7 * i + 3) % 200 for i in range(320)]
# few tokens and many, attention in one piece and in several; (position, tokens)
CHUNKS = [(0, 1), (0, 9), (9, 1), (10, 40), (50, 3), (53, 120), (173, 100), (273, 1), (274, 1), (275, 2), (277, 1)]


class ProcessTeam:
    """Ranks 1 and up as forked processes; the caller is rank 0."""

    def __init__(self, record: int, ranks: int) -> None:
        self._record, self._serve, self._open_gate = record, calls.linked("serve"), calls.linked("open_gate")
        self.pids = [self._fork(rank) for rank in range(1, ranks)]

    def _fork(self, rank: int) -> int:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                set_parent_death_signal(signal.SIGKILL)
                self._serve(self._record, rank, 0)
                code = 0
            finally:
                os._exit(code)
        return pid

    @property
    def tasks(self) -> list[int]:
        return [os.getpid(), *self.pids]

    def start(self) -> None:
        """Rank 0 opens the gate when it comes."""

    def wait(self) -> None:
        self._serve(self._record, 0, 1)

    def close(self) -> None:
        self._open_gate(self._record)
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in self.pids]
        assert codes == [0] * len(self.pids), codes


def steps(forward: Forward) -> list[np.ndarray]:
    return [forward.run([Chunk(IDS[at : at + n], at, PAGES, True)])[0].copy() for at, n in CHUNKS]


def stop_by_signal(team: ProcessTeam, forward: Forward, draw: random.Random) -> Stops:
    pid = draw.choice(team.pids)
    os.kill(pid, signal.SIGSTOP)
    return lambda: os.kill(pid, signal.SIGCONT)


def stop_by_hook(team: ProcessTeam, forward: Forward, draw: random.Random) -> Stops:
    rank = draw.randrange(1, RANKS)
    stop_at(forward, rank, draw.randrange(1, 5))
    return lambda: clear_stops(forward, rank)


def disturb(stop: Callable[[], Stops], draw: random.Random, over: threading.Event) -> list[int]:
    """Stop one rank after the other for a moment, until it is over; returns how often, in a list."""
    count = 0
    while not over.is_set():
        go_on = stop()
        time.sleep(draw.choice((0, 0.0002, 0.001, 0.004)))  # what is measured, not a synchronisation
        go_on()
        count += 1
        time.sleep(draw.choice((0, 0.0001, 0.0005)))
    return [count]


def main(how: str, count: int, seed: int) -> None:
    description, weights = random_model(5, "int8", 16, **MODEL)
    with one_sequence((description, weights), EngineOptions(threads=1)) as alone:
        expected = steps(alone.forward_pass)
    options = EngineOptions(threads=RANKS, traced=how == "hook")
    packing = plan_weights(description, weights)
    memory = memoryview(bytearray(packing.size))
    fill(packing, MemorySource.of(weights), memory, "random", None)
    made, draw, over, found = make_model(packing, memory, options), random.Random(seed), threading.Event(), []
    with Forward(made, options, len(PAGES), team=lambda record: ProcessTeam(record, RANKS)) as forward:
        team, stop_one = forward._team, {"signal": stop_by_signal, "hook": stop_by_hook}[how]
        assert isinstance(team, ProcessTeam)
        thread = threading.Thread(
            target=lambda: found.extend(disturb(lambda: stop_one(team, forward, draw), draw, over))
        )
        sys.setswitchinterval(0.0002)  # the stopping thread comes often enough
        thread.start()
        done = 0
        try:
            while done < count:
                forward.use(random.Random(done).choice((RANKS, RANKS, 2, 1)))
                for got, wanted in zip(steps(forward), expected, strict=True):
                    assert got.tobytes() == wanted.tobytes(), f"step {done} differs"
                    done += 1
        finally:
            over.set()
            thread.join()
    print(done, found[0])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
