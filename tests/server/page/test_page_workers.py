"""The right side of the page: strips that move, processes that die, looks that rest."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator

import pytest
from server.page.chromium import BrowserPage, Chromium
from server.page.scripted_server import ScriptedServer, scripted_server, worker
from server.page.strips import NEWS, STATE, drawn
from support.waiting import until

LOOKS = "performance.getEntriesByType('resource').filter((e) => e.name.endsWith('/workers')).map((e) => e.startTime)"


@pytest.fixture(scope="module")
def script() -> Iterator[ScriptedServer]:
    """The server."""
    with scripted_server() as made:
        yield made


@pytest.fixture
def page(chromium: Chromium, script: ScriptedServer) -> Iterator[BrowserPage]:
    """A fresh tab with the page, before two idle workers."""
    script.workers = [worker(0, 108), worker(1, 110)]
    script.cpu_per_s = {"user": 0.0, "system": 0.0, "wait": 0.0}
    script.slow_s, script.down = 0.0, False
    with chromium.page(script.url) as opened:
        opened.wait(STATE, lambda word: word == "live")
        yield opened


def between(least: float, most: float) -> Callable[[str], bool]:
    return lambda text: least <= float(text.rstrip(" %") or -1) <= most


def wait_for_looks(script: ScriptedServer, count: int) -> None:
    until(lambda: len(script.looks) >= count, "it looks no more")


def test_what_is_told_of_server_and_workers(page: BrowserPage, script: ScriptedServer) -> None:
    script.workers = [worker(0, 108), worker(1, 110, requests=3, queue=2, ranks=4, ranks_in_use=2, restarts=1)]
    page.wait("[data-sequences]", lambda text: text == "3")
    assert (
        page.text("[data-model]") == "scripted" and page.text("[data-requests]") == "2 running, 3 waiting (264 at most)"
    )
    assert page.text("[data-main]").startswith("pid 5, ") and page.text("[data-main]").endswith(" CPU, 38.5 MB")
    names = ("title", "word", "pid", "queue", "pss", "threads", "restarts")
    told = [page.text(f".worker [data-{name}]") for name in names]
    assert told == ["Worker 1", "ready", "pid 110", "2", "15.7 MB", "2 of 4", "1"]
    assert page.run("document.querySelectorAll('.worker').length") == 2 and page.text(NEWS) == ""


def test_strips_move(page: BrowserPage, script: ScriptedServer) -> None:
    page.wait("[data-user]", lambda text: text == "0 %")
    assert drawn(page) == {"user": 0, "system": 0, "wait": 0}
    script.cpu_per_s = {"user": 0.5, "system": 0.125, "wait": 0.25}
    for name, least, most in (("user", 45, 55), ("system", 10, 15), ("wait", 20, 30)):
        page.wait(f"[data-{name}]", between(least, most))
    until(lambda: drawn(page)["user"] > 50, "nothing is drawn")
    seen = drawn(page)
    assert seen["system"] > 0 and seen["wait"] > 0 and seen["user"] > seen["wait"] > seen["system"]
    until(lambda: drawn(page)["user"] > seen["user"], "the strip stands still")


def test_strips_have_the_colours_of_the_scheme_and_the_width_of_the_window(
    page: BrowserPage, script: ScriptedServer
) -> None:
    script.cpu_per_s = {"user": 0.9, "system": 0.05, "wait": 0.05}
    until(lambda: drawn(page)["user"] > 50)
    light = page.run("getComputedStyle(document.documentElement).getPropertyValue('--user')")
    page.scheme("dark")
    assert page.run("getComputedStyle(document.documentElement).getPropertyValue('--user')") != light
    until(lambda: drawn(page)["user"] > 50, "it is not drawn in the colours of the dark scheme")
    for width in (360, 1300):
        page.resize(width, 800)
        right = "document.querySelector('canvas').getBoundingClientRect().right"
        page.wait_for(f"{right} <= {width}")
        assert page.run("document.documentElement.scrollWidth") <= width, "nothing is wider than the window"


def test_a_worker_that_dies_and_is_replaced_is_shown(page: BrowserPage, script: ScriptedServer) -> None:
    page.wait("[data-pid]", lambda text: text == "pid 110")
    script.workers = [worker(0, 108), worker(1, 0)]
    assert page.wait(NEWS, bool).endswith(": process 110 ended")
    assert page.text(".worker [data-pid]") == "no process" and page.text(".worker [data-word]") == "empty"
    assert page.text(".worker [data-user]") == "–", "what is not there uses nothing, and not 0 %"
    script.workers = [worker(0, 108), worker(1, 131, restarts=1)]
    assert page.wait(NEWS, lambda text: "131" in text).endswith(": process 110 ended; 131 took over")
    assert page.text(".worker [data-word]") == "ready" and page.text(".worker [data-restarts]") == "1"
    assert page.run("document.querySelector('[data-news]').textContent") == "", "the other one goes on"


def test_looks_are_at_most_two_a_second_and_one_at_a_time(page: BrowserPage, script: ScriptedServer) -> None:
    for slow_s in (0.0, 0.8):
        script.slow_s = slow_s
        first, script.most_looking = len(script.looks), 0
        wait_for_looks(script, first + 3)
        assert script.most_looking == 1
    begun = page.run(LOOKS)
    gaps = [b - a for a, b in itertools.pairwise(begun)]
    assert len(gaps) >= 5 and min(gaps) > 450, "ms, by when requests were sent"
    assert gaps[-1] > 795, "the one before took so long"


def test_a_hidden_page_asks_nothing(page: BrowserPage, script: ScriptedServer) -> None:
    hide = "Object.defineProperty(document, 'hidden', { configurable: true, get: () => %s });"
    page.run(hide % "true" + "document.dispatchEvent(new Event('visibilitychange')); 1")
    page.wait(STATE, lambda word: word == "paused")
    until(lambda: script.looking == 0)
    time.sleep(0.1)
    count = len(script.looks)
    time.sleep(1.2)
    assert len(script.looks) == count
    page.run(hide % "false" + "document.dispatchEvent(new Event('visibilitychange')); 1")
    page.wait(STATE, lambda word: word == "live")
    assert len(script.looks) > count


def test_a_server_that_is_down_is_told_and_found_again(page: BrowserPage, script: ScriptedServer) -> None:
    page.expected = "503"
    script.down = True
    page.wait("[data-trouble]", lambda text: text == "The server cannot answer now: no memory.")
    assert page.text(STATE) == "offline" and page.shown("[data-trouble]") and not page.shown("#key-again")
    script.down = False
    page.wait(STATE, lambda word: word == "live")
    assert not page.shown("[data-trouble]")
