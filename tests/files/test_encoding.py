"""UTF-16 and UTF-32 are told by their marks or their zero bytes, and nothing in UTF-8 is taken for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmproc.errors import UsageError
from llmproc.files.encoding import check_utf8, other_encoding

TEXT = "What is a pipe?\nAnd a process?\n"


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_with_and_without_a_mark(name: str) -> None:
    assert other_encoding(TEXT.encode(name)) == "UTF-16"
    assert other_encoding("\ufeff".encode(name) + TEXT.encode(name)) == "UTF-16"


@pytest.mark.parametrize("name", ["utf-32", "utf-32-le", "utf-32-be"])
def test_utf32_with_and_without_a_mark(name: str) -> None:
    assert other_encoding(TEXT.encode(name)) == "UTF-32"


def test_a_mark_is_enough_where_few_characters_are_ascii() -> None:
    assert other_encoding("进程".encode("utf-16")) == "UTF-16"


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_utf8_is_never_taken_for_another(text: str) -> None:
    assert other_encoding(text.encode()) == ""
    assert other_encoding(b"\xef\xbb\xbf" + text.encode()) == ""


@pytest.mark.parametrize("head", [b"", b"a", b"ab\0", b"\0\0\0\0\0\0\0\0", b"a\0b", b"caf\xe9 " * 20])
def test_other_bytes_are_no_encoding_of_ours(head: bytes) -> None:
    assert other_encoding(head) in ("", "UTF-32" if not head.strip(b"\0") and head else "")


@given(
    st.text(st.characters(max_codepoint=127, min_codepoint=32), min_size=8), st.sampled_from(["utf-16-le", "utf-16-be"])
)
def test_ascii_in_utf16_is_always_told(text: str, name: str) -> None:
    assert other_encoding(text.encode(name)) == "UTF-16"


def test_a_check_names_the_text_and_the_command_that_converts_it() -> None:
    check_utf8("stdin", TEXT.encode())
    check_utf8("stdin", b"caf\xe9\n")
    with pytest.raises(UsageError) as refused:
        check_utf8("p.txt", TEXT.encode("utf-32-be"))
    assert str(refused.value) == "p.txt: is not UTF-8, looks like UTF-32: iconv -f UTF-32 -t UTF-8 converts it"
