"""Every rule of tokenizer.bin and its sidecar: one broken file each, one line that says so; random flips."""

from __future__ import annotations

import os
import random
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from text import invalid_tokenizers

from llmproc.errors import RequestError, TokenizerError
from llmproc.text.tokenizers.tokenizer import load_tokenizer

TABLE = vars(invalid_tokenizers)
INVALID, N = TABLE["INVALID"], TABLE["VOCAB_SIZE"]


@pytest.fixture(autouse=True)
def never_hangs() -> Iterator[None]:
    """A blocking open would hang the whole suite; the alarm's exception ends it instead."""

    def expired(*_: object) -> None:
        raise AssertionError("the reader hangs")  # not TimeoutError: that is an OSError, which the reader may catch

    before = signal.signal(signal.SIGALRM, expired)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def put(folder: Path, data: bytes, sidecar: str | bytes | None = None) -> Path:
    path = folder / "tokenizer.bin"
    path.write_bytes(data)
    if sidecar is not None:
        meta = folder / "tokenizer.meta.json"
        meta.write_bytes(sidecar if isinstance(sidecar, bytes) else sidecar.encode())
    return path


def test_the_table_is_big_and_names_are_unique() -> None:
    names = [case.name for case in INVALID]
    assert len(names) >= 120
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case.name)
def test_each_broken_file_is_named_in_one_line(case, tmp_path: Path) -> None:
    path = put(tmp_path, case.builder(N), case.sidecar)
    with pytest.raises(TokenizerError) as caught:
        load_tokenizer(path, N)
    message = str(caught.value)
    broken = "tokenizer.bin" if case.sidecar is None else "tokenizer.meta.json"
    assert "\n" not in message and len(message) < len(str(tmp_path)) + 350
    assert message.startswith(f"{tmp_path / broken}: ")
    for word in case.words:
        assert word in message
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("size", [300, 512, 1000])
@pytest.mark.parametrize("sidecar", [None, TABLE["SIDECAR"], TABLE["PLAIN_SIDECAR"]])
def test_the_files_they_were_made_from_are_valid(size: int, sidecar: str | None, tmp_path: Path) -> None:
    assert load_tokenizer(put(tmp_path, TABLE["valid"](size), sidecar), size).encode("ab")
    if sidecar != TABLE["SIDECAR"]:
        assert load_tokenizer(put(tmp_path, TABLE["valid_llama"](size), sidecar), size).byte_tokens


@pytest.mark.parametrize("size", [0, -1, 2**31])
def test_a_senseless_vocabulary_size_is_refused(size: int, tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match="vocabulary size"):
        load_tokenizer(put(tmp_path, TABLE["valid"]()), size)


def test_ids_end_where_the_vocabulary_ends(tmp_path: Path) -> None:
    meta = '{"bos": %d, "eos": [%d], "unk": null, "template": "plain"}'
    assert load_tokenizer(put(tmp_path, TABLE["valid"](), meta % (N - 1, N - 1)), N).bos == N - 1
    with pytest.raises(TokenizerError, match=rf"field bos is {N}: must be in 0..{N - 1}"):
        load_tokenizer(put(tmp_path, TABLE["valid"](), meta % (N, 0)), N)
    with pytest.raises(TokenizerError, match=rf"field eos\[0\] is {N}"):
        load_tokenizer(put(tmp_path, TABLE["valid"](), meta % (0, N)), N)


def test_the_byte_tokens_may_not_be_cut_by_the_vocabulary(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match="piece of entry 200 is missing"):
        load_tokenizer(put(tmp_path, TABLE["valid_llama"](200).replace(b"<0x100>", b"")), 200)


def test_a_sidecar_that_is_not_utf8(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match="not UTF-8 at byte 2"):
        load_tokenizer(put(tmp_path, TABLE["valid"](), b'{"\xff": 1}'), N)


def _directory(path: Path) -> None:
    path.mkdir()


def _dangling(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


MAKERS = [_directory, os.mkfifo, _dangling, _loop, _device]


@pytest.mark.parametrize("name", ["tokenizer.bin", "tokenizer.meta.json"])
@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_what_is_not_a_file_is_refused_and_never_waited_for(name: str, maker, tmp_path: Path) -> None:
    if name == "tokenizer.meta.json":
        put(tmp_path, TABLE["valid"]())
    maker(tmp_path / name)
    with pytest.raises(TokenizerError) as caught:
        load_tokenizer(tmp_path / "tokenizer.bin", N)
    assert str(caught.value).startswith(f"{tmp_path / name}: ")


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path may be 107 bytes long
    _socket(Path("tokenizer.bin"))
    with pytest.raises(TokenizerError, match="file is a socket: must be a regular file"):
        load_tokenizer("tokenizer.bin", N)


@pytest.mark.parametrize("name", ["none.bin", "a\0b", "x" * 300], ids=["absent", "NUL", "too long"])
def test_a_missing_file_or_an_impossible_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=r"no such file|file is unreadable .*: must be readable"):
        load_tokenizer(tmp_path / name, N)


def test_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, TABLE["valid"]())

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)  # file modes mean nothing to root
    with pytest.raises(TokenizerError, match=r"tokenizer\.bin: file is unreadable \(Permission denied\)"):
        load_tokenizer(path, N)


def test_a_read_error_and_a_file_that_shrinks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, TABLE["valid"]())
    real = os.read
    monkeypatch.setattr(os, "read", lambda fd, count: real(fd, min(count, 100)) if count > 2000 else b"")
    with pytest.raises(TokenizerError, match="must not change while it is read"):
        load_tokenizer(path, N)

    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "read", fail)
    with pytest.raises(TokenizerError, match="Input/output error"):
        load_tokenizer(path, N)


def test_a_sidecar_that_is_given_must_exist(tmp_path: Path) -> None:
    path = put(tmp_path, TABLE["valid"]())
    with pytest.raises(TokenizerError, match=r"other\.json: no such file"):
        load_tokenizer(path, N, tmp_path / "other.json")


def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.bin"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # sparse
    with pytest.raises(TokenizerError, match="file size is 1099511627776"):
        load_tokenizer(path, N)


def flip_and_load(folder: Path, count: int, seed: int) -> tuple[int, int]:
    """Loads `count` randomly damaged tokenizers; (refused, accepted). Anything but a TokenizerError is a failure."""
    rng = random.Random(seed)
    refused = accepted = 0
    for turn in range(count):
        parts = [bytearray(TABLE["valid" if turn % 2 else "valid_llama"]()), bytearray(TABLE["PLAIN_SIDECAR"].encode())]
        damaged = parts[turn % 5 == 0]
        for _ in range(rng.choice((1, 1, 2, 8))):
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        try:
            tokenizer = load_tokenizer(put(folder, bytes(parts[0]), bytes(parts[1])), N)
        except TokenizerError as error:
            refused += 1
            assert "\n" not in str(error)
            continue
        accepted += 1
        assert all(0 <= token < N for token in (tokenizer.bos or 0, tokenizer.unk or 0, *tokenizer.eos))
        try:
            ids = tokenizer.encode("abc de\n é\xff<|im_end|>")
        except RequestError:
            continue
        assert all(0 <= token < N for token in ids)
        assert tokenizer.decode(ids) is not None
    return refused, accepted


def test_random_flips_are_refused_or_harmless(tmp_path: Path) -> None:
    refused, accepted = flip_and_load(tmp_path, 300, seed=1)
    assert refused > 30 and accepted > 30


@pytest.mark.soak
def test_a_thousand_random_flips(tmp_path: Path) -> None:
    assert sum(flip_and_load(tmp_path, 1000, seed=2)) == 1000
