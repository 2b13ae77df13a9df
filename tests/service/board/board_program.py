"""A board among real processes: `python board_program.py ORDERS`, JSON. Prints what came of it, one line of JSON.

    requests   how many            workers   forked children that take        cells, slots   of the board
    producer   main or owner       steals    whether they steal               kills          how many die by SIGKILL
    python     take by `Claims`, one at a time; else by a compiled loop, as fast as it goes

This process is main: one thread. Every child tells (slot, request, attempt) of what it took, and again when it is done
with it; main counts. What main hears from a child and a child from main goes through two pipes, all else by the board.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import struct
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from llmproc import kernels
from llmproc.kernels import environment

kernels.load(kernels.RINGS)
environment.prepare()

import numpy as np  # noqa: E402
from numba import njit, types  # noqa: E402

from llmproc.kernels import cache_misses, rings  # noqa: E402
from llmproc.processes.boardlayout import WORD, State  # noqa: E402
from llmproc.processes.boardview import BoardView  # noqa: E402
from llmproc.processes.frames import Frame  # noqa: E402
from llmproc.processes.requestboard import PUBLICATION, RequestBoard  # noqa: E402
from llmproc.service.claims import Claims  # noqa: E402
from llmproc.simd.scalars import get_i64  # noqa: E402

TAKEN, DONE = 0, 1
EVENT = struct.Struct("<qqqq")  # kind, slot, request, attempt
PUBLISH = struct.Struct("<B16s")  # what a bell is made of: whether there is a publication, and it
BATCH = 128  # events of a compiled loop written at once: 4096 bytes, which a pipe takes whole
I64 = types.int64


@dataclass(frozen=True)
class Orders:
    """See above."""

    requests: int
    workers: int = 3
    cells: int = 64
    slots: int = 400
    producer: str = "main"
    steals: bool = True
    kills: int = 0
    python: bool = False
    seed: int = 0


take = njit(rings.take, cache=True)


@njit(I64(I64[::1], I64, I64, I64, I64, I64, I64, I64, I64[:, ::1]), nogil=True, cache=True)
def take_many(order, cells, words, slots, worker, arena, slot_bytes, steals, events):  # type: ignore[no-untyped-def]
    """Fill `events` with what can be taken: from the first ring of `order`, then, if it steals, from the others."""
    count = 0
    for number in range(len(order) if steals else 1):
        while count < len(events):
            slot = take(order[number], cells, words, slots, worker)
            if slot < 0:
                break
            events[count, 0] = DONE
            events[count, 1] = slot
            events[count, 2] = get_i64(arena + slot * slot_bytes + 4)  # the request id of its frame
            events[count, 3] = get_i64(words + slot * 8) >> 32 & 0xFFFF
            count += 1
    return count


def others_round(lengths: Any, me: int) -> list[int]:
    """Any order will do."""
    return [(me + step) % len(lengths) for step in range(1, len(lengths)) if lengths[(me + step) % len(lengths)]]


def child(orders: Orders, fd: int, worker: int, wakeups: int, told: int) -> None:
    """A worker until its pipe is closed."""
    misses = cache_misses()
    board = BoardView.attach(fd)
    claims = Claims(board, worker, orders.steals, others_round)
    layout, base = board.layout, board.address
    order = np.array([base + layout.head((worker + i) % orders.workers) * WORD for i in range(orders.workers)])
    where = (order, layout.cells, base + layout.words * WORD, layout.slots, worker)
    events = np.zeros((BATCH, 4), np.int64)
    while rung := os.read(wakeups, 1 << 16):
        for at in range(0, len(rung), PUBLISH.size):
            full, payload = PUBLISH.unpack_from(rung, at)
            claims.publish(payload if full else b"")
        if orders.python:
            while (claim := claims.claim()) is not None:
                event = claim.slot, claim.frame.request_id, claim.attempt
                assert claim.frame.payload == payload_of(*event[1:])
                os.write(told, EVENT.pack(TAKEN, *event))
                spin(claim.frame.request_id % 5 * 50e-6)
                os.write(told, EVENT.pack(DONE, *event))
                if select.select([wakeups], [], [], 0)[0]:
                    break  # there may be something to publish
            else:
                continue
            os.write(told, EVENT.pack(-1, 0, 0, 0))  # asks for a bell: it has not looked to the end
        else:
            arena = base + layout.arena
            while count := take_many(*where, arena, layout.slot_bytes, int(orders.steals), events):
                spin(2e-3 if orders.kills else 0)
                os.write(told, events[:count].tobytes())
    assert cache_misses() == misses


def spin(seconds: float) -> None:
    """Work."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def payload_of(request: int, attempt: int) -> bytes:
    """What main writes for an attempt: of many lengths."""
    return bytes([attempt & 255]) * (request % 200)


@dataclass
class Child:
    """Main's end of a child."""

    pid: int
    wakeups: int
    told: int
    rest: bytes = b""
    dying: bool = False


@dataclass
class Main:
    """Main: deals requests round, counts what comes back."""

    orders: Orders
    board: RequestBoard
    children: list[Child] = field(default_factory=list)
    waiting: deque[int] = field(default_factory=deque)  # slots to be appended again
    attempts: dict[int, int] = field(default_factory=dict)  # of requests that were taken back
    running: dict[int, int] = field(default_factory=dict)  # slot -> request
    taken: Counter[tuple[int, int]] = field(default_factory=Counter)
    submitted: int = 0
    finished: int = 0
    killed: int = 0
    buried: int = 0

    def run(self) -> dict[str, Any]:
        """Until every request has ended."""
        orders, started = self.orders, time.monotonic()
        ends = bytearray(orders.requests)
        for worker in range(orders.workers):
            self.children.append(self.fork(worker))
        chance = random.Random(orders.seed)
        next_kill = 0
        while self.finished < orders.requests or self.buried < self.killed:
            self.deal()
            wanted = self.killed < orders.kills or (orders.kills > 0 and not self.attempts)  # till one had something
            if wanted and next_kill <= self.finished < orders.requests:
                self.kill(chance)
                next_kill = self.finished + chance.randrange(orders.requests // (orders.kills + 1) + 1)
            ready, _, _ = select.select([child.told for child in self.children], [], [], 1)
            for worker in range(orders.workers):
                if self.children[worker].told in ready:
                    self.hear(worker, ends)
        for other in self.children:
            os.close(other.wakeups)
        codes = [os.waitstatus_to_exitcode(os.waitpid(other.pid, 0)[1]) for other in self.children]
        return {
            "once": ends.count(1), "codes": codes, "killed": self.killed, "taken_back": len(self.attempts),
            "twice": sum(count > 1 for count in self.taken.values()), "free": self.board.free_slots,
            "stranded": len(self.board.stranded()), "seconds": time.monotonic() - started,
        }  # fmt: skip

    def fork(self, worker: int) -> Child:
        """A child for the ring of that number; it keeps nothing of main's but its two ends."""
        bells_read, bells_write = os.pipe()
        told_read, told_write = os.pipe()
        os.set_blocking(bells_write, False)
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                for other in self.children:
                    os.close(other.wakeups)
                    os.close(other.told)
                os.close(bells_write)
                os.close(told_read)
                child(self.orders, os.dup(self.board.fd), worker, bells_read, told_write)
                status = 0
            finally:
                os._exit(status)
        os.close(bells_read)
        os.close(told_write)
        made = Child(pid, bells_write, told_read)
        self.ring(made, b"")
        return made

    def kill(self, chance: random.Random) -> None:
        """The bell has just been rung: they wake, and take. Every other time one is killed that has taken something."""
        victim = chance.randrange(self.orders.workers)
        end = time.perf_counter() + 2e-3
        while self.killed % 2 and time.perf_counter() < end:
            words = [self.board.word(slot) for slot in self.running]
            if running := [word.worker for word in words if word.state is State.RUNNING]:
                victim = running[0]
                break
        spin(chance.random() * 100e-6)
        if not self.children[victim].dying:
            os.kill(self.children[victim].pid, signal.SIGKILL)
            self.children[victim].dying = True
            self.killed += 1

    def ring(self, to: Child, payload: bytes) -> None:
        """Wake a child. A full pipe has wakeups enough in it, but a publication must not be lost: it is tried again."""
        while True:
            try:
                os.write(to.wakeups, PUBLISH.pack(bool(payload), payload))
                return
            except BlockingIOError:
                if not payload:
                    return
                select.select([], [to.wakeups], [])
            except BrokenPipeError:
                return  # dead: it will be heard of

    def deal(self) -> None:
        """Append whatever there is room for, and ring."""
        board, workers = self.board, self.orders.workers
        rung = set()
        for ring in range(workers):
            room = board.room(ring)
            while room and (self.waiting or (self.submitted < self.orders.requests and board.free_slots)):
                if self.waiting:
                    slot = self.waiting.popleft()
                else:
                    request = self.submitted
                    slot = board.write_request(
                        Frame(16, request, payload_of(request, 0) if self.orders.python else b"")
                    )
                    self.running[slot] = request
                    self.submitted += 1
                payload = board.append(ring, slot)
                room -= 1
                rung.add(ring)
                if payload:
                    self.ring(self.children[ring], payload)
        if rung:
            for other in self.children:
                self.ring(other, b"")

    def hear(self, worker: int, ends: bytearray) -> None:
        """Events of a child, or its end."""
        to = self.children[worker]
        data = os.read(to.told, 1 << 16)
        if not data:
            self.bury(worker)
            return
        data = to.rest + data
        whole = len(data) // EVENT.size * EVENT.size
        to.rest = data[whole:]
        for kind, slot, request, attempt in EVENT.iter_unpack(data[:whole]):
            if kind < 0:
                self.ring(to, b"")
            elif kind == TAKEN:
                self.taken[request, attempt] += 1
            else:
                assert self.running.pop(slot) == request and self.attempts.get(request, 0) == attempt
                ends[request] += 1
                self.finished += 1
                self.board.release(slot)
                if slot in self.waiting:
                    self.waiting.remove(slot)

    def bury(self, worker: int) -> None:
        """Its pipe is drained to the end: reap it, take back, append again, start another."""
        dead = self.children[worker]
        assert os.waitstatus_to_exitcode(os.waitpid(dead.pid, 0)[1]) == -signal.SIGKILL
        os.close(dead.wakeups)
        os.close(dead.told)
        for slot in self.board.reaped(worker):
            request = self.running[slot]
            attempt = self.attempts[request] = self.attempts.get(request, 0) + 1
            self.board.take_back(slot, Frame(16, request, payload_of(request, attempt) if self.orders.python else b""))
        self.waiting = deque(self.board.stranded())
        self.buried += 1
        del self.children[worker]
        self.children.insert(worker, self.fork(worker))


def main(orders: Orders) -> dict[str, Any]:
    """All of it."""
    board = RequestBoard.create(orders.workers, orders.cells, orders.slots, 256, orders.producer)  # type: ignore[arg-type]
    take_many(np.zeros(1, np.int64), 1, 0, 0, 0, 0, 0, 0, np.zeros((0, 4), np.int64))  # the first call is slow
    return Main(orders, board).run()


if __name__ == "__main__":
    assert PUBLICATION.size == 16
    json.dump(main(Orders(**json.loads(sys.argv[1]))), sys.stdout)
