"""The files of the page as HTTP answers, and what must not be in them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from server.http_serving import ask
from server.page.scripted_server import scripted_server
from starlette.datastructures import Headers

from llmproc.server.guards import Access
from llmproc.server.page import page_files
from llmproc.server.page.page_files import PREFIX, read_page, wants_html
from llmproc.server.refusals import RefusedError

FOLDER = Path(page_files.__file__).parent
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
OURS = [path for path in FOLDER.iterdir() if path.suffix in (".js", ".html", ".css")]
SCRIPTS = [path for path in OURS if path.suffix == ".js"]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server that has the page."""
    with scripted_server() as script:
        yield int(script.url.rsplit(":", 1)[1].strip("/"))


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        ("", False), ("*/*", False), ("text/*", False), ("application/json", False), ("text/htmlx", False),
        ("text/html", True), ("TEXT/HTML", True), (BROWSER["Accept"], True), ("*/*;q=0.1 , text/html ;q=0.5", True),
        ("text/html;q=0", False), ("text/html; q=0.000, */*", False), ("text/html;level=1", True),
    ],
)  # fmt: skip
def test_who_asks_for_html(accept: str, html: bool) -> None:
    assert wants_html(accept) is html


def test_the_root_is_a_page_for_browsers_and_a_word_for_others(port: int) -> None:
    page, words = ask(port, "GET", "/", headers=BROWSER), ask(port, "GET", "/", headers={"Accept": "*/*"})
    assert page.headers["content-type"] == "text/html; charset=utf-8" and b"<title>llmproc</title>" in page.body
    assert words.body == ask(port, "GET", "/").body == b"Ollama is running"
    assert page.headers["vary"] == words.headers["vary"] == "Accept"
    head = ask(port, "HEAD", "/", headers=BROWSER)
    assert head.status == 200 and int(head.headers["content-length"]) == len(page.body) and head.body == b""


def test_every_file_has_its_type_and_its_policy(port: int) -> None:
    found = read_page()
    assert {"page.js", "page.css", "icon.svg", "vendor/uPlot.esm.js", "vendor/LICENSE.txt"} <= found.keys()
    kinds = {
        "js": "text/javascript",
        "css": "text/css",
        "svg": "image/svg+xml",
        "html": "text/html",
        "txt": "text/plain",
    }
    for name, file in found.items():
        reply = ask(port, "GET", PREFIX + name)
        assert reply.status == 200 and reply.body == file.body == (FOLDER / name).read_bytes()
        assert reply.headers["content-type"].split(";")[0] == kinds[name.rpartition(".")[2]]
        assert reply.headers["x-content-type-options"] == "nosniff" and reply.headers["cache-control"] == "no-cache"
        policy = reply.headers["content-security-policy"]
        assert policy.startswith("default-src 'self';") and "unsafe" not in policy and "*" not in policy


def test_a_file_that_is_known_is_not_sent_again(port: int) -> None:
    tag = ask(port, "GET", "/page/page.js").headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        reply = ask(port, "GET", "/page/page.js", headers={"If-None-Match": known})
        assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", tag)
    assert ask(port, "GET", "/page/page.js", headers={"If-None-Match": '"other"'}).status == 200
    assert ask(port, "GET", "/", headers={**BROWSER, "If-None-Match": tag}).status == 200, "another file's"


@pytest.mark.parametrize(
    "path", ["nothing.js", "", "page_files.py", "__init__.py", "../page_files.py", "..%2f..%2fapp.py", "vendor",
             "vendor/", "vendor/README.md", "/etc/passwd", "%2fetc%2fpasswd", "vendor/../page.js"],
)  # fmt: skip
def test_nothing_else_can_be_had(port: int, path: str) -> None:
    assert ask(port, "GET", PREFIX + path).status == 404


def test_the_page_needs_no_key_and_what_it_asks_does() -> None:
    access, headers = Access(keys=("secret",)), Headers({"host": "localhost"})
    for path in ("/", "/page/page.js", "/page/vendor/uPlot.esm.js"):
        access.judge_key(path, headers)
    for path in ("/workers", "/v1/chat/completions", "/page", "/pages/x", "/x/page/"):
        with pytest.raises(RefusedError):
            access.judge_key(path, headers)


def test_files_name_only_files_that_there_are() -> None:
    named = set(re.findall(r'(?:href|src)="page/([^"]+)"', (FOLDER / "index.html").read_text()))
    for path in SCRIPTS:
        named |= set(re.findall(r'from "\./([^"]+)"', path.read_text()))
    files = read_page().keys()
    assert named <= files and {name for name in files if name.endswith(".js")} <= named


def test_nothing_of_another_server_is_loaded() -> None:
    for path in OURS:
        text = path.read_text()
        assert "@import" not in text and "url(" not in text
        for address in re.findall(r"https?://[^\s\"')]+", text):
            assert f'<a href="{address}" rel="noreferrer">' in text, f"{path.name}: {address}"


def test_text_is_never_read_as_html_nor_code() -> None:
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Function\(|setAttribute\(.(?:on|style)"
    for path in SCRIPTS:
        assert re.findall(ways, path.read_text()) == [], path.name
    page = (FOLDER / "index.html").read_text()
    assert not re.findall(r"<style|style=|\son\w+=|<script(?! type=\"module\" src=)", page)


def test_vendored_files_are_as_they_were_published() -> None:
    listed = re.findall(r"^    ([0-9a-f]{64})  (\S+)$", (FOLDER / "vendor/README.md").read_text(), re.M)
    assert {name for _, name in listed} == {path.name for path in (FOLDER / "vendor").iterdir()} - {"README.md"}
    for digest, name in listed:
        assert hashlib.sha256((FOLDER / "vendor" / name).read_bytes()).hexdigest() == digest, name


def test_files_are_small() -> None:
    assert {path.name: lines for path in OURS if (lines := len(path.read_text().splitlines())) > 200} == {}
