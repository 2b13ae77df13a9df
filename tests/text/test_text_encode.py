"""Encoding: the golden prompt, the contract's textbook algorithm, round trips, errors, linear time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.errors import RequestError
from llmproc.text.tokenizers import c_encoding
from llmproc.text.tokenizers import tokenizer as tokenizer_module
from llmproc.text.tokenizers.merge import merge_pairs
from llmproc.text.tokenizers.tokenizer import Tokenizer
from llmproc.text.tokenizers.units import c_units

NO_TOKEN = {4, 6, 19, 20, 22, 29, 192, 193, 241, 242, *range(245, 256)}  # byte values of the course's tokenizer
GOLDEN = [1812, 314, 24681, 46477, 10617, 47]
typed = st.text(st.sampled_from("ab c\n=-<|>im_endé我👻»仿Ωuser"), max_size=40)
any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=25)


def encoded(tokenizer: Tokenizer, text: str | bytes, course: bool) -> list[int]:
    """Ids by the rules of llama2.c's C code, or by ours."""
    return tokenizer.encode_as_c(text) if course else tokenizer.encode(text)


def test_golden_text(smollm: Tokenizer) -> None:
    assert smollm.encode_as_c("What is Fibonacci Number?") == GOLDEN
    assert smollm.encode(" What is Fibonacci Number?") == GOLDEN  # this family has no dummy space of its own


def test_golden_turns(smollm: Tokenizer, shared_data: Path) -> None:
    golden = json.loads((shared_data / "course-golden.json").read_text())
    for prompt, ids in zip(golden["prompts"], golden["next_ids"], strict=True):
        mine = smollm.encode_as_c(prompt)
        assert ids[1 : 1 + len(mine)] == mine


def has_tokens(text: str) -> bool:
    return not NO_TOKEN & set(text.encode())


@settings(max_examples=150, deadline=None)
@given(text=st.one_of(typed, any_text.filter(has_tokens)))
def test_equals_the_textbook(text: str, smollm: Tokenizer, naive: Callable) -> None:
    assert smollm.encode(text) == naive(smollm, text.encode(), False)


@settings(max_examples=150, deadline=None)
@given(text=st.one_of(typed, any_text))
def test_equals_the_textbook_under_course(text: str, smollm: Tokenizer, naive: Callable) -> None:
    assert smollm.encode_as_c(text) == naive(smollm, text.encode(), True)


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.sampled_from(" abcé我xΩ\n<0A>"), max_size=50), course=st.booleans())
def test_equals_the_textbook_in_the_llama_family(text: str, course: bool, small_llama: Tokenizer, naive) -> None:
    assert encoded(small_llama, text, course) == naive(small_llama, text.encode(), course)


@settings(max_examples=200, deadline=None)
@given(
    words=st.lists(st.text("ab", min_size=2, max_size=4), max_size=12, unique=True),
    scores=st.lists(st.sampled_from([-2.0, -1.0, -0.0, 0.0, 3.5]), min_size=12, max_size=12),
    text=st.text("ab", max_size=30),
)
def test_any_vocabulary_equals_the_textbook(words, scores, text: str, make, naive) -> None:
    pieces = [b"a", b"b", *(word.encode() for word in words)]
    tokenizer = make(pieces, [0.0, 0.0, *scores[: len(words)]])
    assert tokenizer.encode(text) == naive(tokenizer, text.encode(), False)


def test_highest_score_first_leftmost_on_ties(make) -> None:
    pieces = [b"a", b"b", b"c", b"ab", b"bc", b"aa"]
    assert make(pieces, [0, 0, 0, 1, 2, 0]).encode("abc") == [0, 4]
    assert make(pieces, [0, 0, 0, 2, 1, 0]).encode("abc") == [3, 2]
    assert make(pieces, [0, 0, 0, 1, 1, 0]).encode("abc") == [3, 2]
    assert make(pieces).encode("aaaaa") == [5, 5, 0]


def test_a_longer_piece_is_only_reached_by_way_of_pairs(make) -> None:
    assert make([b"a", b"b", b"c", b"abc"]).encode("abc") == [0, 1, 2]


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=40).map(lambda data: bytes(b for b in data if b not in NO_TOKEN)))
def test_round_trip_of_bytes(data: bytes, smollm: Tokenizer) -> None:
    assert smollm.decode(smollm.encode(data)) == data


@settings(max_examples=150, deadline=None)
@given(ids=st.lists(st.integers(17, 49151), max_size=15))
def test_round_trip_of_any_pieces(ids: list[int], smollm: Tokenizer) -> None:
    data = smollm.decode(ids)
    assert smollm.decode(smollm.encode(data)) == data


@settings(max_examples=150, deadline=None)
@given(data=st.one_of(st.binary(max_size=30), st.text(" abcé我\n", max_size=30).map(str.encode)))
def test_round_trip_in_the_llama_family_is_after_bos(data: bytes, small_llama: Tokenizer) -> None:
    ids = small_llama.encode(data)
    assert small_llama.decode(ids, previous=small_llama.bos) == data
    assert small_llama.decode(ids) == (b" " + data if data else b"")


def test_every_single_byte(smollm: Tokenizer) -> None:
    for byte in range(256):
        if byte in NO_TOKEN:
            with pytest.raises(RequestError, match=rf"byte {byte} \(0x{byte:02X}\) at position 2 of the text has no"):
                smollm.encode(b"ab" + bytes((byte,)) + b"c")
        else:
            assert smollm.decode(smollm.encode(bytes((byte,)))) == bytes((byte,))


def test_the_position_counts_bytes_of_the_text_alone(smollm: Tokenizer) -> None:
    with pytest.raises(RequestError, match=r"byte 241 .* at position 4 "):
        smollm.encode("éab\U00040000", prefix=b"user\n")  # F1 80 80 80 after C3 A9 61 62


def test_no_text_no_ids(smollm: Tokenizer, small_llama: Tokenizer) -> None:
    for tokenizer in (smollm, small_llama):
        for course in (False, True):
            assert encoded(tokenizer, "", course) == encoded(tokenizer, b"", course) == []


def test_undecodable_bytes_are_units_of_their_own(make) -> None:
    pieces = [bytes((byte,)) for byte in range(256)] + ["é".encode(), b"\xe6\x88"]
    tokenizer = make(pieces)
    assert tokenizer.encode(b"\xc3\xa9") == [256]
    assert tokenizer.encode(b"\xc3x\xa9") == [0xC3, ord("x"), 0xA9]
    assert tokenizer.encode(b"\xe6\x88") == [257]  # merged from its two bytes
    assert tokenizer.encode(b"\xed\xa0\x80") == [0xED, 0xA0, 0x80]
    assert tokenizer.encode("\ud800") == [0xED, 0xA0, 0x80]
    assert tokenizer.encode("\udcff\ud83da\udc80é") == [0xFF, 0xED, 0xA0, 0xBD, ord("a"), 0x80, 256]


@pytest.mark.parametrize("name", ["<|im_end|>", "<|im_start|>", "<|endoftext|>", "<repo_name>", "<empty_output>"])
def test_typed_special_tokens_are_ordinary_text(name: str, smollm: Tokenizer) -> None:
    ids = smollm.encode(f"a{name}b {name}{name}")
    assert not set(ids) & set(smollm.special.values())
    assert smollm.decode(ids) == f"a{name}b {name}{name}".encode()


def test_special_tokens_are_not_reached_by_merging(make) -> None:
    steps = [b"<", b"|", b"e", b">", b"<|", b"<|e", b"<|e|"]
    tokenizer = make([*steps, b"<|e|>", b"</s>", b"/", b"s", b"</", b"</s"], eos=(8,))
    assert tokenizer.special == {b"<|e|>": 7, b"</s>": 8}
    assert tokenizer.encode("<|e|></s>") == [6, 3, 12, 3]
    assert tokenizer.encode_as_c("<|e|></s>") == [7, 8]  # the C engine merges whatever it finds


def test_typed_byte_tokens_are_ordinary_text(make) -> None:
    start = [b"<unk>", b"<s>", b"</s>", *(b"<0x%02X>" % byte for byte in range(256))]
    tokenizer = make([*start, b" ", *(b"<0A>x"[i : i + 1] for i in range(5)), b"<0", b"<0x", b"<0x0", b"<0x0A"],
                     byte_tokens=True, bos=1, eos=(2,), unk=0)  # fmt: skip
    ids = tokenizer.encode("<0x0A>")
    assert ids == [259, 268, 263]
    assert tokenizer.decode(ids, previous=1) == b"<0x0A>"
    assert tokenizer.encode_as_c("<0x0A>") == [259, 13]


class TestCourse:
    """What only the C engine does."""

    def test_a_code_point_without_entry_is_byte_plus_3(self, smollm: Tokenizer) -> None:
        assert smollm.encode_as_c("\U00040000") == [216, 0xF1 + 3, 0x83, 0x83, 0x83]
        assert smollm.encode_as_c("\x04") == [216, 7]

    def test_text_ends_at_a_nul(self, smollm: Tokenizer) -> None:
        assert smollm.encode_as_c("ab\0cd") == smollm.encode_as_c("ab")
        assert smollm.encode_as_c("\0cd") == []
        assert smollm.decode(smollm.encode("ab\0cd")) == b"ab\0cd"

    def test_an_entry_of_one_nul_is_an_empty_string(self, make) -> None:
        # Byte 1 becomes id 4, the NUL: "a" + "" is "a", so it is swallowed by its neighbour.
        tokenizer = make([b" ", b"a", b"aa", b"b", b"\0"])
        assert tokenizer.encode_as_c("a\x01") == [0, 1]
        assert tokenizer.encode_as_c("\x01b") == [0, 3]

    def test_scores_at_the_floor_never_merge(self, make) -> None:
        tokenizer = make([b" ", b"a", b"aa"], [0.0, 0.0, -1e10])
        assert tokenizer.encode_as_c("aa") == [0, 1, 1]
        assert tokenizer.encode("aa") == [2]

    def test_invalid_utf8_is_cut_as_c_cuts_it(self, make) -> None:
        pieces = [bytes((byte,)) for byte in range(1, 256)] + [b"\x80\x81\x82\x83", b"\xc3\xa9"]
        tokenizer = make(pieces)
        assert tokenizer.encode_as_c(b"\x80\x81\x82\x83\xc3\xa9") == [31, 255, 256]

    def test_a_unit_has_at_most_four_bytes(self) -> None:
        assert c_units(b"\x80" * 9) == [b"\x80" * 4, b"\x80" * 4, b"\x80"]
        assert c_units(b"\xf0\x80\x80\x80\x80a") == [b"\xf0\x80\x80\x80", b"\x80", b"a"]

    def test_ids_outside_a_small_vocabulary_are_refused(self, make) -> None:
        with pytest.raises(RequestError, match=r"at position 1 of the text needs id 198, .* 0\.\.2"):
            make([b" ", b"a", b"b"]).encode_as_c("aé")

    def test_a_vocabulary_without_space_has_no_dummy(self, make) -> None:
        assert make([b"a", b"b"]).encode_as_c("ab") == [0, 1]


TEXTS = {
    "one letter": lambda n: b"a" * n,
    "two letters": lambda n: b"ab" * (n // 2),
    "spaces": lambda n: b" " * n,
    "dashes": lambda n: b"-" * n,
    "newlines": lambda n: b"\n" * n,
    "prose": lambda n: (b"The kernel keeps a run queue for every core; a process waits in it. " * (n // 60))[:n],
    "Chinese": lambda n: "进程和线程".encode() * (n // 15),
    "stray bytes": lambda n: b"\x80" * n,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("course", [False, True])
def test_work_grows_in_proportion_to_the_text(text, course: bool, smollm: Tokenizer, monkeypatch) -> None:
    counts = []

    def counting(ids, find, scores):
        asked = 0

        def counted(first: int, second: int) -> int:
            nonlocal asked
            asked += 1
            return find(first, second)

        merged = merge_pairs(ids, counted, scores)
        counts.append(asked)
        assert asked <= 3 * len(ids)
        return merged

    for module in (tokenizer_module, c_encoding):
        monkeypatch.setattr(module, "merge_pairs", counting)
    encoded(smollm, text(4000), course)
    encoded(smollm, text(16000), course)
    assert counts[0] > 1000
    assert counts[1] < 4.2 * counts[0]


@pytest.mark.parametrize("name", ["one letter", "prose"])
def test_a_hundred_kilobytes(name: str, smollm: Tokenizer) -> None:
    data = TEXTS[name](100_000)
    ids = smollm.encode(data)
    assert smollm.decode(ids) == data
    if name == "one letter":
        assert len(ids) == 25_000


def test_merge_pairs_on_nothing_and_on_one() -> None:
    assert merge_pairs([], lambda a, b: 0, [0.0]) == []
    assert merge_pairs([7], lambda a, b: 0, [0.0]) == [7]


def test_merge_pairs_always_ends_and_swallows_one_id_each_time() -> None:
    assert merge_pairs([0] * 50, lambda a, b: 0, [1.0]) == [0]
