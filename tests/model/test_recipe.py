"""The recipe without PyTorch: the ids training saw are the ids chat will use; the tokenizer is what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.paths import ROOT

from llmproc.labs.course.template import CourseTemplate
from llmproc.text.templates.registry import built_in_template
from llmproc.text.tokenizers.tokenizer import Tokenizer, load_tokenizer

TOKENIZER = ROOT / "tokenizer" / "tokenizer.bin"
ENTRIES = 2048
TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="aeinost PWhd?!'.,+-*/0123456789\n\t<|>_", max_size=60),
    st.lists(st.sampled_from(["What is", " a process", "?", " 6+6", "<|im_end|>", "  ", "don't", "é"])).map("".join),
)
CHECKS = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
Load = Callable[[str], ModuleType]


@pytest.fixture(scope="module")
def shipped() -> Tokenizer:
    return load_tokenizer(TOKENIZER, ENTRIES)


@pytest.fixture
def encoding(script: Load) -> ModuleType:
    return script("model/recipe/encoding.py")


@pytest.fixture
def bpe(script: Load) -> ModuleType:
    return script("tokenizer/recipe/train_bpe.py")


# ---- training ids equal chat ids


@CHECKS
@given(text=TEXTS)
def test_training_encodes_as_the_tokenizer_does(encoding: ModuleType, shipped: Tokenizer, text: str) -> None:
    assert encoding.WordTokenizer(TOKENIZER).encode(text) == shipped.encode(text)


@CHECKS
@given(text=TEXTS, system=st.one_of(st.none(), st.just("Be brief.")), first=st.booleans())
def test_training_opens_a_turn_as_chatml_does(
    encoding: ModuleType, shipped: Tokenizer, text: str, system: str | None, first: bool
) -> None:
    trained = encoding.chatml_prompt(encoding.WordTokenizer(TOKENIZER), text, system, first)
    assert trained == built_in_template("chatml").open(shipped, text, system=system, first=first)


@CHECKS
@given(text=TEXTS)
def test_training_opens_a_turn_as_the_course_does(encoding: ModuleType, shipped: Tokenizer, text: str) -> None:
    assume("\0" not in text and "<" not in text)  # the C program ends there, and lets text name special tokens
    trained = encoding.course_prompt(encoding.WordTokenizer(TOKENIZER), text)
    assert trained == CourseTemplate().open(shipped, text)


def test_a_conversation_is_prompts_and_answers_with_their_end(encoding: ModuleType, shipped: Tokenizer) -> None:
    turns = [("What is a process?", "A running program."), ("And a thread?", "A path through it.")]
    ids, spoken = encoding.conversation_ids(encoding.WordTokenizer(TOKENIZER), turns, True, "Be brief.")
    template = built_in_template("chatml")
    expected: list[int] = []
    for number, (question, answer) in enumerate(turns):
        system = "Be brief." if number == 0 else None
        expected += template.open(shipped, question, system=system, first=number == 0)
        expected += [*shipped.encode(answer), *template.close(shipped)]
    assert ids == expected
    said = [i for i, flag in zip(ids, spoken, strict=True) if flag]
    assert said == [*shipped.encode(turns[0][1]), 2, *shipped.encode(turns[1][1]), 2]


def test_text_never_becomes_a_special_id(encoding: ModuleType) -> None:
    ids = encoding.WordTokenizer(TOKENIZER).encode("<|im_start|>user <|im_end|> <unk>")
    assert min(ids) > 2


# ---- the shipped tokenizer


def test_the_first_entries_are_the_special_ones_and_the_bytes(encoding: ModuleType) -> None:
    pieces = encoding.WordTokenizer(TOKENIZER).pieces
    assert pieces[:3] == [b"<unk>", b"<|im_start|>", b"<|im_end|>"]
    assert pieces[3:259] == [bytes([b]) for b in range(256)]
    assert len(pieces) == len(set(pieces)) == ENTRIES


def test_no_piece_joins_words_or_digits(encoding: ModuleType) -> None:
    for piece in encoding.WordTokenizer(TOKENIZER).pieces[259:]:
        match = encoding.WORD.fullmatch(piece)
        assert match is not None, piece
        assert not any(48 <= b <= 57 for b in piece), piece


def test_every_piece_is_reached_by_encoding_it(encoding: ModuleType, shipped: Tokenizer) -> None:
    pieces = encoding.WordTokenizer(TOKENIZER).pieces
    for number, piece in enumerate(pieces[3:131] + pieces[259:]):
        wanted = number + 3 if number < 128 else number + 131
        assert shipped.encode(piece) == [wanted], piece


def test_the_sidecar_names_chatml_and_its_end(shipped: Tokenizer) -> None:
    assert (shipped.bos, shipped.eos, shipped.unk, shipped.template_name) == (1, (2,), 0, "chatml")
    assert json.loads(TOKENIZER.with_suffix(".meta.json").read_text()) == {
        "bos": 1,
        "eos": [2],
        "unk": 0,
        "template": "chatml",
    }


# ---- training a tokenizer

COUNTS = {" process": 50, "process": 9, " processes": 20, " thread": 30, " threads": 12, "thread": 5, "12": 9, " a": 70}


def test_frequent_words_become_pieces(bpe: ModuleType) -> None:
    merged = bpe.train(COUNTS, 40)
    assert {b" process", b" thread", b" a"} <= set(merged)
    assert len(merged) == len(set(merged)) <= 40


@CHECKS
@given(
    counts=st.dictionaries(st.text(alphabet="abc", min_size=1, max_size=7), st.integers(1, 30), min_size=1),
    merges=st.integers(0, 20),
)
def test_training_cuts_words_as_encoding_does(bpe: ModuleType, counts: dict[str, int], merges: int) -> None:
    merged = bpe.train(counts, merges)
    rank = {piece: number for number, piece in enumerate(merged)}
    for piece in merged:
        assert bpe.encode_word(piece, rank) == [piece]
    for word in counts:
        assert b"".join(bpe.encode_word(word.encode(), rank)) == word.encode()


def test_a_written_tokenizer_is_read_back_and_encodes_the_same(bpe: ModuleType, tmp_path: Path) -> None:
    merged = bpe.train(COUNTS, 30)
    total = bpe.write(tmp_path / "tokenizer.bin", merged)
    read = load_tokenizer(tmp_path / "tokenizer.bin", total)
    rank = {piece: number for number, piece in enumerate(merged)}
    for word in COUNTS:
        assert [read.piece(i) for i in read.encode(word)] == bpe.encode_word(word.encode(), rank)


def test_words_joined_are_the_text(bpe: ModuleType) -> None:
    text = "Isn't 6+6 = 12?  Yes...\nOk: 2>log.txt"
    assert "".join(bpe.words(text)) == text
    assert bpe.words("a 12 <= b!!") == ["a", " ", "1", "2", " <", "=", " b", "!!"]


# ---- the held-out set and the card's figures


def heldout() -> list[dict[str, Any]]:
    lines = (ROOT / "model" / "recipe" / "heldout.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def test_the_held_out_set_is_as_large_as_promised() -> None:
    items = heldout()
    assert len(items) >= 150 and len({item["id"] for item in items}) == len(items)
    assert sum(len(item["turns"]) > 1 for item in items) >= 30
    assert all(item["require"] and all(item["require"]) and all(item["turns"]) for item in items)


def test_the_committed_scores_are_of_this_held_out_set() -> None:
    scores = json.loads((ROOT / "model" / "recipe" / "scores.json").read_text())
    assert scores["questions"] == len(heldout())
    card = (ROOT / "model" / "README.md").read_text()
    for mode in scores["modes"].values():
        assert mode["right"] == sum(mode["by_topic"].values())
        assert f"{mode['share']:.1%}" in card, "the card must tell the share that was measured"


def test_the_shipped_files_stay_within_ten_megabytes() -> None:
    names = ("model/model.bin", "tokenizer/tokenizer.bin", "tokenizer/tokenizer.meta.json")
    assert sum((ROOT / name).stat().st_size for name in names) <= 10_000_000
