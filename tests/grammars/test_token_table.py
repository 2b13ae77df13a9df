"""The bytes of tokens as workers get them: special tokens have none, and the file is written once."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest
from support.paths import ROOT

from llmproc.grammars.token_table import TokenFile, read_tokens, token_bytes
from llmproc.session.model_files import read_model_files


def test_special_tokens_have_no_bytes_but_marks_of_calls_have() -> None:
    pieces = [b"<s>", b"</s>", b"a", b" b", b"<tool_call>", b"<|im_end|>"]
    tokenizer = SimpleNamespace(
        special={pieces[1]: 1, pieces[4]: 4, pieces[5]: 5}, eos=(1,), bos=0, vocab_size=6, piece=pieces.__getitem__
    )
    assert token_bytes(tokenizer) == [b"", b"", b"a", b" b", b"<tool_call>", b""]


def test_the_file_is_written_once() -> None:
    file, asked = TokenFile(), []

    def make() -> list[bytes]:
        asked.append(1)
        return [b"", b"\xff", b"word" * 5000]

    with pytest.raises(msgspec.DecodeError):
        read_tokens(file.fd)
    file.write(make)
    file.write(make)
    assert read_tokens(file.fd) == [b"", b"\xff", b"word" * 5000] and asked == [1]
    file.close()
    file.close()
    file.write(make)
    assert file.fd == -1 and asked == [1]


def test_the_shipped_vocabulary() -> None:
    tokenizer = read_model_files(ROOT / "model" / "model.bin").tokenizer
    table = token_bytes(tokenizer)
    assert len(table) == tokenizer.vocab_size and table[:3] == [b"", b"", b""] and {b"{", b'"', b"}"} <= set(table)
