"""Writing and reading tokenizer.bin and its sidecar; what holds without one; which entries are special."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.errors import TokenizerError
from llmproc.text.tokenizers.sidecar import Sidecar, read_sidecar, sidecar_path, write_sidecar
from llmproc.text.tokenizers.tokenizer import Tokenizer, load_tokenizer, write_tokenizer
from llmproc.text.tokenizers.vocabulary import parse_vocabulary, read_vocabulary

PIECES = [b"<unk>", b"<s>", b"</s>", b"a", b"b", b"ab"]
SIDECAR = Sidecar(bos=None, eos=(2, 5), unk=0, template="plain")


def test_the_written_bytes(tmp_path: Path) -> None:
    path = tmp_path / "t.bin"
    write_tokenizer(path, [b"a", b"bc"], [0.5, -1])
    assert (
        path.read_bytes()
        == struct.pack("<i", 2) + struct.pack("<fi", 0.5, 1) + b"a" + struct.pack("<fi", -1, 2) + b"bc"
    )
    assert path.stat().st_mode & 0o777 == 0o644
    assert os.listdir(tmp_path) == ["t.bin"]


@settings(max_examples=60, deadline=None)
@given(
    pieces=st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=20, unique=True),
    score=st.floats(width=32, allow_nan=False, allow_infinity=False),
)
def test_written_files_read_back(pieces: list[bytes], score: float, tmp_path_factory) -> None:
    path = tmp_path_factory.mktemp("written") / "t.bin"
    write_tokenizer(path, pieces, [score] * len(pieces))
    vocabulary = read_vocabulary(path, len(pieces))
    assert list(vocabulary.pieces) == pieces
    assert set(vocabulary.scores) == {score}
    assert vocabulary.longest == max(map(len, pieces))


BAD = [
    ([], [], "vocabulary size|longest"),
    ([b"a"], [], "number of scores"),
    ([b"a", b"a"], [0, 0], "entry 0 is the same"),
    ([b"a", b""], [0, 0], "length of entry 1"),
    ([b"a"], [float("nan")], "score of entry 0 is nan"),
    ([b"a"], [float("inf")], "score of entry 0 is inf"),
    ([b"a"], [1e39], "score of entry 0 is 1e"),
    ([b"a" * 5000], [0], "longest-token field is 5000"),
]


@pytest.mark.parametrize(("pieces", "scores", "words"), BAD, ids=[words for *_, words in BAD])
def test_the_writer_refuses_what_the_reader_would(pieces, scores, words: str, tmp_path: Path) -> None:
    path = tmp_path / "t.bin"
    path.write_bytes(b"before")
    with pytest.raises(TokenizerError, match=words):
        write_tokenizer(path, pieces, scores)
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["t.bin"]


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "t.bin").mkdir()
    with pytest.raises(OSError):
        write_tokenizer(tmp_path / "t.bin", PIECES, [0] * 6)
    assert os.listdir(tmp_path) == ["t.bin"]


def test_the_longest_field_may_be_generous_but_is_not_believed(tmp_path: Path) -> None:
    data = struct.pack("<i", 4096) + struct.pack("<fi", 0, 1) + b"a"
    assert parse_vocabulary(tmp_path, data, 1).longest == 1


def test_the_shared_tokenizer(smollm: Tokenizer) -> None:
    assert (smollm.vocab_size, smollm.bos, smollm.eos, smollm.unk) == (49152, 1, (2,), 0)
    assert smollm.template_name == "chatml" and not smollm.byte_tokens
    assert sorted(smollm.special.values()) == list(range(17))
    assert sum(1 for token in range(49152) if not _valid_utf8(smollm.piece(token))) == 313


def _valid_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_the_shared_tokenizer_written_again_is_the_same_file(smollm: Tokenizer, shared_data: Path, tmp_path) -> None:
    again = tmp_path / "again.bin"
    write_tokenizer(again, smollm._pieces, smollm._scores)
    assert again.read_bytes() == (shared_data / "smollm-tokenizer.bin").read_bytes()


@pytest.mark.parametrize("size", [49151, 49153, 512])
def test_the_checkpoint_says_how_many_entries(size: int, shared_data: Path) -> None:
    with pytest.raises(TokenizerError, match=f"{size} entries"):
        load_tokenizer(shared_data / "smollm-tokenizer.bin", size)


def load(folder: Path, pieces: list[bytes], meta: Sidecar | None = None) -> Tokenizer:
    write_tokenizer(folder / "t.bin", pieces, [-float(token) for token in range(len(pieces))])
    if meta is not None:
        write_sidecar(folder / "t.meta.json", meta, len(pieces))
    return load_tokenizer(str(folder / "t.bin"), len(pieces))


def test_without_sidecar_plain_with_the_ids_of_llama2c(tmp_path: Path) -> None:
    tokenizer = load(tmp_path, PIECES)
    assert (tokenizer.bos, tokenizer.eos, tokenizer.unk, tokenizer.template_name) == (1, (2,), 0, "plain")
    assert load(tmp_path, [b"a", b"b", b"c"]).unk is None
    assert (load(tmp_path, [b"a"]).bos, load(tmp_path, [b"a"]).eos) == (None, ())


def test_without_sidecar_chatml_only_by_both_markers(tmp_path: Path) -> None:
    assert load(tmp_path, [b"x", b"<|im_start|>", b"<|im_end|>"]).template_name == "chatml"
    assert load(tmp_path, [b"x", b"<|im_end|>", b"<|im_start|>"]).template_name == "plain"
    assert load(tmp_path, [b"<|im_start|>", b"<|im_end|>", b"x"]).template_name == "plain"
    assert load(tmp_path, [b"x", b"<|im_start|>", b"y"]).template_name == "plain"


def test_the_sidecar_is_found_by_the_stem_and_obeyed(tmp_path: Path) -> None:
    assert sidecar_path(tmp_path / "a.b.bin") == tmp_path / "a.b.meta.json"
    tokenizer = load(tmp_path, PIECES, SIDECAR)
    assert (tokenizer.bos, tokenizer.eos, tokenizer.unk, tokenizer.template_name) == (None, (2, 5), 0, "plain")
    assert tokenizer.special == {b"<unk>": 0, b"<s>": 1, b"</s>": 2, b"ab": 5}
    assert tokenizer.encode("ab") == [3, 4]  # an end token never comes out of text


def test_another_sidecar_may_be_named(tmp_path: Path) -> None:
    load(tmp_path, PIECES, SIDECAR)
    other = tmp_path / "other.json"
    write_sidecar(other, Sidecar(bos=1, eos=(2,), unk=None, template="plain"), 6)
    assert load_tokenizer(tmp_path / "t.bin", 6, other).bos == 1


@settings(max_examples=60, deadline=None)
@given(
    bos=st.none() | st.integers(0, 99),
    unk=st.none() | st.integers(0, 99),
    eos=st.lists(st.integers(0, 99), min_size=1, max_size=64, unique=True),
    template=st.sampled_from(["chatml", "plain"]),
)
def test_written_sidecars_read_back(bos, unk, eos, template: str, tmp_path_factory) -> None:
    path = tmp_path_factory.mktemp("sidecar") / "t.meta.json"
    sidecar = Sidecar(bos=bos, eos=tuple(eos), unk=unk, template=template)
    write_sidecar(path, sidecar, 100)
    assert read_sidecar(path, 100) == sidecar


def test_a_sidecar_cannot_be_changed_or_written_wrong(tmp_path: Path) -> None:
    with pytest.raises(AttributeError):
        SIDECAR.bos = 3  # type: ignore[misc]
    with pytest.raises(TokenizerError, match=r"field eos\[1\] is 5"):
        write_sidecar(tmp_path / "t.meta.json", SIDECAR, 5)
    assert os.listdir(tmp_path) == []


def test_the_family_is_told_by_the_byte_tokens(tmp_path: Path) -> None:
    start = [b"<unk>", b"\n<s>\n", b"\n</s>\n", *(b"<0x%02X>" % byte for byte in range(256))]
    tokenizer = load(tmp_path, [*start, b" ", b"a"])
    assert tokenizer.byte_tokens
    assert tokenizer.special == {b"<unk>": 0, b"\n<s>\n": 1, b"\n</s>\n": 2}
    assert tokenizer.encode("a\n") == [259, 260, 13]
    assert not load(tmp_path, [b"x", b"y", b"z", b"<0x01>"]).byte_tokens


def test_markers_are_special_wherever_they_stand(tmp_path: Path) -> None:
    tokenizer = load(tmp_path, [b"a", b"b", b"c", b"<|tool|>", b"<tag>", b"<||>", b"<|a|b|>"])
    assert set(tokenizer.special.values()) == {1, 2, 3}
