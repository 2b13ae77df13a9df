"""Which server is meant, and where that was read; a key is in no note and no repr."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmproc.client.dotenv import DotenvError, parse_dotenv
from llmproc.client.endpoint import EndpointVariables, RemoteEndpoint, find_endpoint, is_loopback, normalised
from llmproc.errors import UsageError

KEY = "sk-secret"


def found(folder: Path, url: str | None = None, key: str | None = None, **environ: str) -> RemoteEndpoint:
    return find_endpoint(url, key, None, EndpointVariables.read(folder, environ))


def test_the_option_goes_before_the_environment_before_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"LOCAL_API_BASE=http://file:1/v1\nOPENAI_API_KEY={KEY}\n")
    assert found(tmp_path).base_url == "http://file:1/v1"
    assert found(tmp_path, LOCAL_API_BASE="http://env:1/v1").base_url == "http://env:1/v1"
    assert found(tmp_path, OPENAI_BASE_URL="http://openai:1").base_url == "http://openai:1/v1"
    assert found(tmp_path, "option:1", OPENAI_BASE_URL="http://env:1").base_url == "http://option:1/v1"
    assert found(tmp_path).headers == {"Authorization": f"Bearer {KEY}"}
    assert found(tmp_path, OPENAI_API_KEY="other").key == "other" and found(tmp_path, key="mine").key == "mine"


def test_where_it_was_read_is_told_and_keys_never(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"OPENAI_BASE_URL=http://file:1\nOPENAI_API_KEY={KEY}\n")
    endpoint = found(tmp_path)
    assert endpoint.notes == (
        f"server http://file:1/v1, from OPENAI_BASE_URL of {tmp_path / '.env'}",
        f"key from OPENAI_API_KEY of {tmp_path / '.env'}",
    )
    assert KEY not in repr(endpoint)


def test_no_server_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"give --url, or set OPENAI_BASE_URL or LOCAL_API_BASE"):
        found(tmp_path)
    (tmp_path / ".env").write_text('OPENAI_BASE_URL="http://x\n')
    with pytest.raises(UsageError, match=r"\.env: line 1: OPENAI_BASE_URL must be NAME=value") as error:
        found(tmp_path)
    assert "http://x" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000/v1"),
        ("http://h/", "http://h/v1"),
        ("https://h/v1/", "https://h/v1"),
        ("http://h/openai/v1/chat/completions", "http://h/openai/v1"),
        ("http://[::1]:8/v1", "http://[::1]:8/v1"),
    ],
)
def test_urls(url: str, base: str) -> None:
    assert normalised(url, "--url") == base


@pytest.mark.parametrize(
    "url",
    ["", "ftp://h", "http://", "http://h:99999", "http://h/?a=1", "http://u:p@h", "u:p@h:99999", "a b", "http://h:0"],
)
def test_bad_urls_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match="--url") as error:
        normalised(url, "--url")
    assert "u:p" not in str(error.value)


@pytest.mark.parametrize("key", ["", "a b", "é", "a\n"])
def test_keys_that_no_header_carries(key: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="API key"):
        found(tmp_path, "h", key)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("0.0.0.0", True),
        ("example.org", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("export A = b c # x", "b c"),
        ("A=b#c", "b#c"),
        ("A=", ""),
        ("A=#c", ""),
        ('A="x \\" \\n y" # z', 'x " \n y'),
        ("A='q # \\n'", "q # \\n"),
        ("\ufeffA=b\r", "b"),
    ],
)
def test_settings(line: str, value: str) -> None:
    assert parse_dotenv(f'# c\n\nB: yaml\n{line}\nKEY="several\nlines"\n' if line[0] != "\ufeff" else line, {"A"}) == {
        "A": value
    }


@pytest.mark.parametrize("line", ['A="b', "A='b'c", "A='b"])
def test_a_wanted_line_that_is_broken_is_refused_without_its_value(line: str) -> None:
    with pytest.raises(DotenvError, match=r"^line 1: A must"):
        parse_dotenv(line, {"A"})
    assert parse_dotenv(line, {"B"}) == {}


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    for line in (text, f"A={text}"):
        try:
            parse_dotenv(line, {"A"})
        except DotenvError as error:
            assert str(error).startswith("line ")
