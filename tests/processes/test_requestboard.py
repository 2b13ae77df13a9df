"""Main's side of the request board. Workers are played by plain Python here, one at a time.

What comes of it when they are not one at a time is `tests/service/board`'s.
"""

from __future__ import annotations

import os
import platform
import struct
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.errors import BoardFullError, ProtocolError, RequestError, UsageError
from llmproc.processes import requestboard
from llmproc.processes.boardlayout import State, Word, lap_of, unpack_cell
from llmproc.processes.boardview import BoardView
from llmproc.processes.frames import HEADER_SIZE, MAX_PAYLOAD, Frame, encode_frame
from llmproc.processes.requestboard import PUBLICATION, Producer, RequestBoard

PRODUCERS: tuple[Producer, ...] = ("main", "owner")


class Player:
    """A worker without haste: what `kernels.rings` does, where nobody disturbs it."""

    def __init__(self, board: RequestBoard, producer: Producer) -> None:
        self.view = BoardView.attach(os.dup(board.fd))
        self.producer = producer

    def publish(self, ring: int, payload: bytes, tail: bool = True) -> None:
        assert bool(payload) == (self.producer == "owner")
        if payload:
            position, cell = PUBLICATION.unpack(payload)
            self.view._words[self.view.layout.cell(ring, position)] = cell % (1 << 64)
            if tail:
                self.view._words[self.view.layout.tail(ring)] = position + 1

    def step_head(self, ring: int) -> int | None:
        """The slot of the oldest cell, which is gone from the ring now; its word is as it was."""
        view = self.view
        head = view._words[view.layout.head(ring)]
        lap, _, slot = unpack_cell(view._words[view.layout.cell(ring, head)])
        if lap != lap_of(head, view.layout.cells):
            return None
        view._words[view.layout.head(ring)] = head + 1
        return slot

    def win(self, slot: int, worker: int) -> None:
        word = self.view.word(slot)
        assert word.state is State.WAITING
        mine = Word(State.RUNNING, worker, word.attempt, word.generation)
        self.view._words[self.view.layout.words + slot] = mine.pack()

    def take(self, ring: int, worker: int) -> int | None:
        slot = self.step_head(ring)
        if slot is not None:
            self.win(slot, worker)
        return slot


@pytest.fixture(params=PRODUCERS)
def producer(request: pytest.FixtureRequest) -> Producer:
    """Both ways of producing."""
    chosen: Producer = request.param
    return chosen


@pytest.fixture
def board(producer: Producer) -> Iterator[RequestBoard]:
    """Two rings of three cells, five slots of 256 bytes."""
    made = RequestBoard.create(2, 3, 5, 256, producer)
    yield made
    made.close()


@pytest.fixture
def player(board: RequestBoard, producer: Producer) -> Iterator[Player]:
    """Somebody who takes from the board."""
    made = Player(board, producer)
    yield made
    made.view.close()


def frame(number: int, size: int = 10) -> Frame:
    return Frame(16, number, bytes([number % 256]) * size)


def submit(board: RequestBoard, player: Player, ring: int, number: int) -> int:
    slot = board.write_request(frame(number))
    player.publish(ring, board.append(ring, slot))
    return slot


# the life of a request


def test_a_request_comes_out_as_it_went_in(board: RequestBoard, player: Player) -> None:
    slot = submit(board, player, 1, 7)
    assert board.word(slot) == player.view.word(slot) == Word(State.WAITING, 0, 0, 1)
    assert player.take(0, worker=0) is None
    assert player.take(1, worker=0) == slot
    assert player.view.read_request(slot) == frame(7)
    assert board.word(slot) == Word(State.RUNNING, 0, 0, 1)
    board.release(slot)
    assert board.word(slot) == Word(State.FREE, 0, 0, 1)
    assert player.take(1, worker=0) is None


def test_a_ring_gives_the_oldest_first_lap_after_lap(board: RequestBoard, player: Player) -> None:
    waiting = []
    for number in range(40):
        waiting.append(submit(board, player, 0, number))
        assert board.lengths() == player.view.lengths() == [len(waiting), 0]
        while len(waiting) > number % 3:
            slot = player.take(0, 1)
            assert slot == waiting.pop(0)
            board.release(slot)


def test_a_slot_used_again_has_another_generation(board: RequestBoard, player: Player) -> None:
    for number in range(1, 6):
        slot = submit(board, player, 0, number)
        assert (slot, board.word(slot).generation) == (0, number)
        player.take(0, 0)
        board.release(slot)


def test_generations_and_attempts_begin_anew_after_their_last(board: RequestBoard, player: Player) -> None:
    board._written[0] = Word(State.FREE, 0, 0, (1 << 32) - 1).pack()
    slot = submit(board, player, 0, 1)
    assert board.word(slot) == Word(State.WAITING, 0, 0, 0)
    player.take(0, 1)
    board._words[board.layout.words + slot] |= 0xFFFF << 32
    board.take_back(slot, frame(1))
    assert board.word(slot) == Word(State.WAITING, 0, 0, 1)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PRODUCERS), st.data())
def test_nothing_is_lost_in_any_life(producer: Producer, data: st.DataObject) -> None:
    """Submit, take, finish, lose a worker with a request in its hand or running: one thing at a time, in any order."""
    with closing(RequestBoard.create(2, 2, 6, 64, producer)) as board:
        player = Player(board, producer)
        with closing(player.view):
            live(board, player, data)


def live(board: RequestBoard, player: Player, data: st.DataObject) -> None:
    hands: list[list[int]] = [[], []]  # taken from a ring, word not won
    running: list[list[int]] = [[], []]
    open_slots: dict[int, int] = {}
    ended: list[int] = []
    submitted = 0
    steps = st.tuples(
        st.sampled_from(["submit", "submit", "hand", "win", "finish", "die"]), st.integers(0, 1), st.integers(0, 1)
    )
    for what, worker, ring in [*data.draw(st.lists(steps, max_size=60)), ("die", 0, 0), ("die", 1, 0)]:
        if what == "submit" and board.free_slots and board.room(ring):
            open_slots[submit(board, player, ring, submitted)] = submitted
            submitted += 1
        elif what == "hand" and (slot := player.step_head(ring)) is not None:
            hands[worker].append(slot)
        elif what == "win" and hands[worker]:
            slot = hands[worker].pop(0)
            if board.word(slot).state is State.WAITING:
                assert player.view.read_request(slot).request_id == open_slots[slot]
                player.win(slot, worker)
                running[worker].append(slot)
        elif what == "finish" and running[worker]:
            slot = running[worker].pop(0)
            ended.append(open_slots.pop(slot))
            board.release(slot)
        elif what == "die":
            assert sorted(board.reaped(worker)) == sorted(running[worker])
            for slot in running[worker]:
                board.take_back(slot, frame(open_slots[slot]))
            hands[worker], running[worker] = [], []
            for slot in board.stranded():
                for other in (ring, 1 - ring):
                    if board.room(other):
                        player.publish(other, board.append(other, slot))
                        break
        known = board.in_rings() | {slot for hand in hands for slot in hand} | set(board.stranded())
        assert all(slot in known or board.word(slot).state is State.RUNNING for slot in open_slots)
        assert board.free_slots == 6 - len(open_slots)
    assert sorted([*ended, *open_slots.values()]) == list(range(submitted))


# room


def test_a_full_ring_says_so(board: RequestBoard, player: Player) -> None:
    for number in range(3):
        assert board.room(0) == 3 - number
        submit(board, player, 0, number)
    slot = board.write_request(frame(9))
    with pytest.raises(BoardFullError, match="ring 0 holds 3 requests: it is full"):
        board.append(0, slot)
    assert board.stranded() == [slot], "it waits all the same"
    player.take(0, 1)
    assert board.room(0) == 1
    player.publish(0, board.append(0, slot))
    assert board.room(0) == 0 and board.stranded() == []


def test_a_board_without_a_free_slot_says_so(board: RequestBoard, player: Player) -> None:
    for number in range(5):
        assert board.free_slots == 5 - number
        board.write_request(frame(number))
    with pytest.raises(BoardFullError, match="request 77: all 5 slots of the board are taken"):
        board.write_request(frame(77))


def test_a_frame_larger_than_a_slot_is_refused_by_name(board: RequestBoard, player: Player) -> None:
    with pytest.raises(RequestError, match="request 12 is 257 bytes as a frame: a slot of the request board holds 256"):
        board.write_request(frame(12, 256 - HEADER_SIZE + 1))
    assert board.free_slots == 5
    slot = board.write_request(frame(12, 256 - HEADER_SIZE))
    player.publish(0, board.append(0, slot))
    player.take(0, 1)
    assert player.view.read_request(slot) == frame(12, 256 - HEADER_SIZE)
    with pytest.raises(RequestError, match="request 12 is 300 bytes"):
        board.take_back(slot, frame(12, 300 - HEADER_SIZE))
    assert board.word(slot).state is State.RUNNING, "refused before anything was changed"


def test_a_free_slot_cannot_be_appended_and_a_waiting_one_not_ended(board: RequestBoard, player: Player) -> None:
    with pytest.raises(ValueError, match="slot 0 is free: it holds no request to append"):
        board.append(0, 0)
    slot = submit(board, player, 0, 1)
    for wrong in (lambda: board.release(slot), lambda: board.take_back(slot, frame(1))):
        with pytest.raises(ValueError, match="slot 0 is waiting: only a running request can be ended or taken back"):
            wrong()
    player.take(0, 0)
    board.release(slot)
    with pytest.raises(ValueError, match="slot 0 is free"):
        board.release(slot)


# cancelling


def test_a_cancel_is_seen_by_whoever_takes_the_request_and_only_then(board: RequestBoard, player: Player) -> None:
    slot = submit(board, player, 0, 1)
    other = submit(board, player, 0, 2)
    board.set_cancel(slot)
    assert (player.view.cancelled(slot), player.view.cancelled(other)) == (True, False)
    player.take(0, 0)
    board.take_back(slot, frame(1))
    assert player.view.cancelled(slot), "a death changes nothing about it"
    player.publish(1, board.append(1, slot))
    player.take(1, 0)
    board.release(slot)
    assert submit(board, player, 1, 3) == slot
    assert not player.view.cancelled(slot), "the slot belongs to somebody else"


# deaths


def test_a_dead_workers_requests_are_named_and_wait_again(board: RequestBoard, player: Player) -> None:
    mine, others = submit(board, player, 0, 1), submit(board, player, 0, 2)
    waiting = submit(board, player, 0, 3)
    player.take(0, worker=1)
    player.take(0, worker=0)
    assert board.reaped(1) == [mine]
    assert board.reaped(0) == [others]
    board.take_back(mine, Frame(16, 1, b"what is left of it"))
    assert board.word(mine) == Word(State.WAITING, 0, 1, 2), "another attempt, and cells of the first mean nothing"
    assert board.stranded() == [mine]
    player.publish(1, board.append(1, mine))
    assert board.stranded() == [] and board.in_rings() == {mine, waiting}
    assert player.take(1, worker=0) == mine
    assert player.view.read_request(mine).payload == b"what is left of it"


def test_what_a_dead_worker_had_in_its_hand_is_stranded(board: RequestBoard, player: Player) -> None:
    slot = submit(board, player, 0, 1)
    assert player.step_head(0) == slot
    assert board.reaped(0) == []
    assert board.stranded() == [slot]


def test_a_request_in_a_ring_twice_is_stranded_by_neither(board: RequestBoard, player: Player) -> None:
    slot = submit(board, player, 0, 1)
    player.publish(1, board.append(1, slot))
    assert player.step_head(0) == slot
    assert board.in_rings() == {slot} and board.stranded() == []


def test_a_cell_of_an_earlier_use_stands_for_nothing(board: RequestBoard, player: Player) -> None:
    slot = submit(board, player, 0, 1)
    player.publish(1, board.append(1, slot))
    player.take(0, 0)
    board.release(slot)
    assert board.write_request(frame(2)) == slot
    assert board.in_rings() == set() and board.stranded() == [slot]
    player.publish(0, board.append(0, slot))
    assert board.in_rings() == {slot}


# who produces


def test_main_produces_where_stores_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    for machine, expected in (("x86_64", "main"), ("AMD64", "main"), ("aarch64", "owner"), ("riscv64", "owner")):
        monkeypatch.setattr(platform, "machine", lambda machine=machine: machine)
        assert requestboard.producer_here() == expected
        board = RequestBoard.create(1, 1, 1, 32)
        assert board.producer == expected
        assert bool(board.append(0, board.write_request(Frame(16)))) == (expected == "owner")
        board.close()


def test_main_stores_nothing_into_a_ring_whose_owner_produces() -> None:
    board = RequestBoard.create(1, 2, 3, 64, "owner")
    ring = slice(board.layout.head(0), board.layout.words)
    payloads = [board.append(0, board.write_request(frame(number))) for number in range(2)]
    assert not any(board._words[ring])
    assert [PUBLICATION.unpack(payload)[0] for payload in payloads] == [0, 1]
    assert board.room(0) == 0 and board.in_rings() == {0, 1}, "what is on its way takes up room and is not lost"
    board.close()


def test_a_cell_with_its_highest_bit_set_travels_too() -> None:
    board = RequestBoard.create(1, 1, 1, 32, "owner")
    position = (1 << 24) - 2
    board._ends[0] = board._words[board.layout.head(0)] = position
    cell = PUBLICATION.unpack(board.append(0, board.write_request(Frame(16))))[1]
    assert cell < 0 and unpack_cell(cell % (1 << 64))[0] == lap_of(position, 1)
    board.close()


@pytest.mark.parametrize("stored", [0, 1, 2, 3])
@pytest.mark.parametrize("tail", [True, False])
@pytest.mark.parametrize("taken", [0, 1])
def test_what_a_dead_owner_had_not_published_is_appended_again(stored: int, tail: bool, taken: int) -> None:
    """It died behind the cell or the tail of any of three publications; a thief has taken one of them or not."""
    if taken > stored:
        return
    board = RequestBoard.create(2, 3, 5, 64, "owner")
    player = Player(board, "owner")
    slots = [board.write_request(frame(number)) for number in range(3)]
    payloads = [board.append(0, slot) for slot in slots]
    for number in range(stored):
        player.publish(0, payloads[number], tail or number < stored - 1)
    for number in range(taken):
        assert player.take(0, worker=1) == slots[number]
    assert board.stranded() == [], "they are on their way"
    assert board.reaped(0) == []
    assert board.stranded() == slots[stored:]
    assert board.room(0) == 3 - (stored - taken)
    assert board.lengths() == [stored - taken, 0], "thieves see the last one too"
    for slot in slots[stored:]:
        player.publish(0, board.append(0, slot))
    assert [player.take(0, 1) for _ in slots[taken:]] == slots[taken:]
    player.view.close()
    board.close()


# what cannot be read


def test_every_damaged_byte_of_a_frame_is_noticed(board: RequestBoard, player: Player) -> None:
    slot = submit(board, player, 0, 5)
    at, size = board._arena + slot * 256, len(encode_frame(frame(5)))
    for offset in range(size):
        board._memory[at + offset] ^= 0x40
        with pytest.raises(ProtocolError):
            player.view.read_request(slot)
        board._memory[at + offset] ^= 0x40
    assert player.view.read_request(slot) == frame(5)


def test_a_torn_frame_is_noticed(board: RequestBoard, player: Player) -> None:
    slot = submit(board, player, 0, 5)
    at, after = board._arena + slot * 256, encode_frame(frame(6))
    for torn in range(1, len(after)):
        board._memory[at : at + len(after)] = after[:torn] + encode_frame(frame(5))[torn:]
        if bytes(board._memory[at : at + len(after)]) not in (after, encode_frame(frame(5))):
            with pytest.raises(ProtocolError):
                player.view.read_request(slot)


def test_a_length_beyond_the_slot_is_refused_before_anything_is_read(board: RequestBoard, player: Player) -> None:
    slot = submit(board, player, 0, 5)
    at = board._arena + slot * 256
    for length in (256 - HEADER_SIZE + 1, MAX_PAYLOAD, (1 << 32) - 1):
        board._memory[at + 12 : at + 16] = struct.pack("<I", length)
        with pytest.raises(
            ProtocolError, match=f"frame in slot {slot} is {length + HEADER_SIZE} bytes: a slot has 256"
        ):
            player.view.read_request(slot)
    empty = board.write_request(frame(1))
    board._memory[board._arena + empty * 256 : board._arena + empty * 256 + HEADER_SIZE] = bytes(HEADER_SIZE)
    with pytest.raises(ProtocolError, match="magic"):
        player.view.read_request(empty)


def memfd(data: bytes) -> int:
    fd = os.memfd_create("test", os.MFD_CLOEXEC)
    os.write(fd, data)
    return fd


def header(*words: int) -> bytes:
    return struct.pack("=6Q", *words)


GOOD = (int.from_bytes(b"LPboard\0", "little"), 1, 1, 1, 1, 32)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is 0 bytes: its header is 48"),
        (header(*GOOD)[:47], "is 47 bytes"),
        (header(1, *GOOD[1:]), "magic and version are 0x1 and 1: must be 0x6472616f62504c and 1"),
        (header(GOOD[0], 2, *GOOD[2:]), "version are 0x6472616f62504c and 2"),
        (header(*GOOD[:2], 0, *GOOD[3:]), "workers is 0"),
        (header(*GOOD[:2], 1 << 63, *GOOD[3:]), "workers is 9223372036854775808"),
        (header(*GOOD), "is 48 bytes: its header implies 4128"),
        (header(*GOOD).ljust(5000), "is 5000 bytes"),
    ],
)
def test_what_is_no_board_is_not_mapped(data: bytes, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        BoardView.attach(memfd(data))


def test_a_board_of_wrong_sizes_leaves_nothing_behind() -> None:
    with pytest.raises(UsageError, match="cells is 0"):
        RequestBoard.create(1, 0, 1, 32)


def test_pages_that_nobody_has_written_to_take_no_memory() -> None:
    board = RequestBoard.create(4, 64, 1000, 1 << 20)
    assert board.layout.size > 1000 << 20
    assert os.fstat(board.fd).st_blocks * 512 < 64 << 10
    board.close()


def test_an_address_is_given_out_while_the_board_is_mapped(board: RequestBoard) -> None:
    assert board.address % 4096 == 0 and board.address > 0
    view = BoardView.attach(os.dup(board.fd))
    assert view.address not in (0, board.address)
    view.close()
