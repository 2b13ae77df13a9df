"""The page before a real server: it types, reads a streamed answer, sees strips move and a worker replaced."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest
from server.page.chromium import BrowserPage, Chromium
from server.page.strips import NEWS, STATE, drawn
from server.served import Served, served
from support.waiting import until

LOAD = {"prompt": "A thread is", "max_tokens": 900, "ignore_eos": True, "n": 4}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The shipped model in one worker, with a key."""
    with served(tmp_path_factory.mktemp("page"), "--threads", 1, "--api-key", "secret") as made:
        assert made.port
        yield made
        assert made.end() == 0


@pytest.fixture
def page(chromium: Chromium, server: Served) -> Iterator[BrowserPage]:
    """The page, with the key given."""
    with chromium.page(f"http://127.0.0.1:{server.port}/") as opened:
        opened.expected = "401"
        until(lambda: opened.shown("#key-dialog"), "no key is asked for")
        opened.type("secret")
        opened.enter()
        opened.wait(STATE, lambda word: word == "live")
        yield opened


def load(server: Served) -> threading.Thread:
    """Some work for the worker."""
    key = {"Authorization": "Bearer secret"}
    thread = threading.Thread(target=lambda: server.ask("POST", "/v1/completions", LOAD, headers=key))
    thread.start()
    return thread


def test_a_question_is_typed_and_a_streamed_answer_read(page: BrowserPage, server: Served) -> None:
    for name, text in (("temperature", "0"), ("seed", "11")):
        page.run(
            f"document.querySelector('[data-settings]').open = true; document.querySelector('[name={name}]').focus()"
        )
        page.type(text)
    page.run("document.querySelector('[data-input]').focus()")
    page.type("What is a process?")
    page.enter()
    line = page.wait("[data-figures]", lambda text: "seed" in text)
    asked = {"messages": [{"role": "user", "content": "What is a process?"}], "temperature": 0, "seed": 11}
    told = server.ask("POST", "/v1/chat/completions", asked, headers={"Authorization": "Bearer secret"}).json
    assert page.text("[data-text]") == told["choices"][0]["message"]["content"]
    assert line.startswith(f"{told['usage']['completion_tokens']} tokens · ") and line.endswith("seed 11")
    page.type("And a thread?")
    page.enter()
    until(lambda: page.run("document.querySelectorAll('[data-state=ended]').length") == 2, "no second answer")
    assert page.text("[data-error]") == "" and page.text("[data-text]") != ""
    page.complaints()
    assert all(address.startswith(f"http://127.0.0.1:{server.port}/") for address in page.requested)


def test_strips_move_while_it_works(page: BrowserPage, server: Served) -> None:
    page.wait("[data-user]", lambda text: text.endswith("%"))
    assert page.text("[data-model]") == "llmproc-shipped" and page.text("[data-pss]").endswith("MB")
    before = drawn(page)["user"]
    for name in ("user", "speed"):  # each is seen within a look or two of its beginning
        thread = load(server)
        page.wait(f"[data-{name}]", lambda text: float(text.rstrip(" %").replace("–", "0")) > 5)
        thread.join()
    until(lambda: drawn(page)["user"] > before, "the strip does not move")


def test_a_killed_worker_is_shown_as_replaced(page: BrowserPage, server: Served) -> None:
    old = page.wait("[data-pid]", lambda text: text.startswith("pid ")).removeprefix("pid ")
    os.kill(int(old), signal.SIGKILL)
    news = page.wait(NEWS, lambda text: "took over" in text)
    new = page.text(".worker [data-pid]").removeprefix("pid ")
    assert news.endswith(f"process {old} ended; {new} took over") and old != new
    page.wait(".worker [data-restarts]", lambda text: text == "1")
