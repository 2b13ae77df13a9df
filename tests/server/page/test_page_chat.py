"""The chat, in a headless Chromium, before a server that answers by a script."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from server.page.chromium import BrowserPage, Chromium
from server.page.scripted_server import (
    DONE,
    ENDING,
    ScriptedAnswer,
    ScriptedServer,
    chunk,
    refusal,
    scripted_server,
)
from support.waiting import until

TEXT, FIGURES, ERROR, NOTE = "[data-text]", "[data-figures]", "[data-error]", "[data-note]"


@pytest.fixture(scope="module")
def script() -> Iterator[ScriptedServer]:
    """The server."""
    with scripted_server() as made:
        yield made


@pytest.fixture
def page(chromium: Chromium, script: ScriptedServer) -> Iterator[BrowserPage]:
    """A fresh tab with the page; nothing is left of earlier scripts."""
    script.answers.clear()
    script.asked.clear()
    script.key, script.gone = "", 0
    with chromium.page(script.url) as opened:
        opened.wait("#workers > header [data-word]", lambda word: word == "live")
        yield opened


def say(page: BrowserPage, text: str) -> None:
    """Type a question and send it, with the keyboard alone: the field has the focus."""
    page.run("document.querySelector('[data-input]').focus()")
    page.type(text)
    page.enter()


def last(script: ScriptedServer) -> list[tuple[str, str]]:
    return [(each["role"], each["content"]) for each in script.asked[-1]["messages"]]


def test_streaming_answer_is_read_as_it_comes(page: BrowserPage, script: ScriptedServer) -> None:
    more = threading.Event()
    script.answers.append(ScriptedAnswer([chunk("A pro"), chunk("cess"), more, chunk(" is."), *ENDING]))
    assert page.run("document.activeElement.id") == "input", "one can type at once"
    page.type("What is a process?")
    page.enter()
    page.wait(TEXT, lambda text: text == "A process")
    assert page.text("[data-question]") == "You: What is a process?"
    assert page.run("document.querySelector('[data-answer]').ariaBusy") == "true", "read out when it is complete"
    assert page.shown("[data-stop]") and not page.shown("[data-send]")
    more.set()
    line = page.wait(FIGURES, lambda text: "seed" in text)
    assert line.startswith("3 tokens · ") and "tokens/s · first token after" in line and line.endswith(" · seed 7")
    assert page.text(TEXT) == "A process is." and not page.shown(NOTE) and not page.shown("[data-again]")
    assert page.run("document.querySelector('[data-answer]').ariaBusy") == "false"
    assert page.text("[data-status]") == "Answer complete."
    assert page.run("document.querySelector('[data-input]').value") == ""
    asked = script.asked[-1]
    assert asked["stream"] is True and asked["stream_options"] == {"include_usage": True} and asked["seed"] >= 0
    assert page.complaints() == [] and all(address.startswith(script.url) for address in page.requested)


def test_a_conversation_goes_on_and_a_new_one_begins(page: BrowserPage, script: ScriptedServer) -> None:
    script.answers.extend([ScriptedAnswer([chunk(text), *ENDING]) for text in ("one", "two", "three")])
    for number, question in enumerate(("first?", "second?"), 1):
        say(page, question)
        page.wait_for(f"document.querySelectorAll('[data-state=ended]').length === {number}")
    assert last(script) == [("user", "first?"), ("assistant", "one"), ("user", "second?")]
    page.click("[data-new]")
    assert page.text("[data-log]") == ""
    say(page, "third?")
    page.wait(TEXT, lambda text: text == "three")
    assert last(script) == [("user", "third?")]


def test_settings_are_sent(page: BrowserPage, script: ScriptedServer) -> None:
    script.answers.append(ScriptedAnswer([chunk("ok"), chunk(finish="length"), DONE]))
    page.click("summary")
    for name, text in (("system", "Be brief."), ("temperature", "0"), ("max_tokens", "2"), ("seed", "42x")):
        page.run(f"document.querySelector('[name={name}]').focus()")
        page.type(text)
    say(page, "Hi")
    assert page.text("[data-wrong]").startswith("Seed is a whole number")
    assert (
        page.run("document.activeElement.name") == "seed" and page.run("document.activeElement.ariaInvalid") == "true"
    )
    assert script.asked == [] and page.run("document.querySelector('[data-input]').value") == "Hi", "nothing is lost"
    page.press("Backspace", 8)
    page.run("document.querySelector('[data-input]').focus()")
    page.enter()
    page.wait(NOTE, lambda text: text == "Cut off: the limit of tokens was reached.")
    asked = script.asked[-1]
    assert (asked["temperature"], asked["max_tokens"], asked["seed"]) == (0, 2, 42)
    assert last(script) == [("system", "Be brief."), ("user", "Hi")] and page.text("[data-wrong]") == ""


def test_enter_sends_and_shift_enter_is_a_new_line(page: BrowserPage, script: ScriptedServer) -> None:
    page.enter()
    page.type("   ")
    page.enter()
    script.answers.append(ScriptedAnswer([chunk("x"), *ENDING]))
    page.type("a")
    page.enter(shift=True)
    page.type("b")
    page.enter()
    page.wait(FIGURES, bool)
    assert [last(script), len(script.asked)] == [[("user", "a\nb")], 1], "an empty question is none"


@pytest.mark.parametrize("how", ["button", "escape"])
def test_stop_ends_the_answer_and_keeps_what_came(page: BrowserPage, script: ScriptedServer, how: str) -> None:
    never = threading.Event()
    script.answers.extend([ScriptedAnswer([chunk("half"), never]), ScriptedAnswer([chunk("x"), *ENDING])])
    say(page, "Tell me all")
    page.wait(TEXT, lambda text: text == "half")
    if how == "button":
        page.click("[data-stop]")
    else:
        page.press("Escape", 27)
    assert page.wait(NOTE, bool) == "Stopped."
    assert page.text(FIGURES).startswith("about 1 token · ") and "seed " in page.text(FIGURES)
    until(lambda: script.gone == 1, "the server still makes it")
    say(page, "Go on")
    page.wait(TEXT, lambda text: text == "x")
    assert last(script) == [("user", "Tell me all"), ("assistant", "half"), ("user", "Go on")]


def test_text_is_text(page: BrowserPage, script: ScriptedServer) -> None:
    evil = "<img src=x onerror=\"document.title='evil'\"><script>document.title='evil'</script>&amp;"
    script.answers.append(ScriptedAnswer([chunk(evil), chunk(reasoning=evil), *ENDING]))
    say(page, evil)
    page.wait(FIGURES, bool)
    assert page.text(TEXT) == page.text("[data-reasoning]") == evil and page.text("[data-question]") == "You: " + evil
    assert page.run("document.querySelectorAll('#chat img, #chat script').length") == 0
    assert page.run("document.title") == "llmproc"


def test_reasoning_is_folded(page: BrowserPage, script: ScriptedServer) -> None:
    script.answers.append(ScriptedAnswer([chunk(reasoning="Let me "), chunk(reasoning="see."), chunk("Yes."), *ENDING]))
    say(page, "Is it?")
    page.wait(FIGURES, bool)
    assert page.text(TEXT) == "Yes." and page.text("[data-reasoning]") == "Let me see."
    assert page.shown("[data-thinking] summary") and not page.shown("[data-reasoning]")
    page.click("[data-thinking] summary")
    assert page.shown("[data-reasoning]")


SEEN = threading.Event()  # what comes just before a connection breaks off is lost in the browser
BROKEN = b'event: error\ndata: {"error": {"message": "the worker died"}}\n\n'


@pytest.mark.parametrize(
    ("answer", "words", "complaint"),
    [
        (refusal(400, "the prompt is too long"), "The server refused this: the prompt is too long.", "400"),
        (refusal(429, "the queue is full", **{"retry-after": "3"}),
         "The server is busy: the queue is full. Try again in 3 s.", "429"),
        (ScriptedAnswer([chunk("half"), BROKEN, threading.Event()], cut=True),
         "The answer broke off: the worker died.", "ERR_"),
        (ScriptedAnswer([chunk("half"), SEEN], cut=True),
         "The answer broke off: the connection to the server was lost.", "ERR_"),
        (ScriptedAnswer([chunk("half")]), "The answer broke off: the server ended it early.", ""),
    ],
    ids=["refused", "busy", "failed", "cut", "short"],
)  # fmt: skip
def test_failures_in_plain_words_and_once_more(
    page: BrowserPage, script: ScriptedServer, answer: ScriptedAnswer, words: str, complaint: str
) -> None:
    page.expected = complaint
    SEEN.clear()
    script.answers.extend([answer, ScriptedAnswer([chunk("whole"), *ENDING])])
    say(page, "Well?")
    if answer.cut:
        page.wait(TEXT, lambda text: text == "half")
        SEEN.set()
    assert page.wait(ERROR, bool) == words == page.text("[data-status]")
    assert page.text(TEXT) == ("half" if answer.status == 200 else "")
    page.click("[data-again]")
    page.wait(TEXT, lambda text: text == "whole")
    assert last(script) == [("user", "Well?")] and page.run("document.querySelectorAll('.turn').length") == 1
    assert script.asked[0]["seed"] == script.asked[1]["seed"], "the same question"


def test_many_tokens_are_drawn_together(page: BrowserPage, script: ScriptedServer) -> None:
    script.answers.append(ScriptedAnswer([*(chunk(f"{number} ") for number in range(3000)), *ENDING]))
    say(page, "Count")
    page.wait(FIGURES, bool)
    assert page.text(TEXT) == "".join(f"{number} " for number in range(3000))
    nodes = page.run("document.querySelector('[data-text]').childNodes.length")
    assert nodes < 1500, "one node a frame, not one a token"
    below = "(() => { const l = document.querySelector('[data-log]');"
    below += " return l.scrollHeight - l.scrollTop - l.clientHeight; })()"
    assert page.run(below) < 40, "the end of the answer is seen"


def test_the_key_is_asked_for_and_kept_in_this_tab_alone(page: BrowserPage, script: ScriptedServer) -> None:
    page.expected = "401"
    script.key = "secret"
    until(lambda: page.shown("#key-dialog"), "it is not asked for")
    assert not page.shown("[data-refused]")
    for text, refused in (("wrong", True), ("secret", False)):
        page.run("document.querySelector('[name=key]').focus()")
        page.type(text)
        page.enter()
        if refused:
            until(lambda: page.shown("[data-refused]"), "a wrong key is not told")
    page.wait("#workers > header [data-word]", lambda word: word == "live")
    assert not page.shown("#key-dialog")
    kept = page.run("[Object.values(sessionStorage), Object.values(localStorage), document.cookie]")
    assert kept == [["secret"], [], ""]
    page.reload()
    page.wait("#workers > header [data-word]", lambda word: word == "live")


def test_who_gives_no_key_is_told_and_may_give_it_later(page: BrowserPage, script: ScriptedServer) -> None:
    page.expected = "401"
    script.key = "secret"
    until(lambda: page.shown("#key-dialog"))
    page.click("[data-close]")
    assert page.text("[data-trouble]") == "The server wants a valid API key." and page.shown("#key-again")
    count = len(script.looks)
    page.click("#key-again")
    page.type("secret")
    page.enter()
    page.wait("#workers > header [data-word]", lambda word: word == "live")
    assert len(script.looks) > count and not page.shown("#key-again")


def test_everything_has_a_name_for_a_screen_reader(page: BrowserPage, script: ScriptedServer) -> None:
    script.answers.append(ScriptedAnswer([chunk("x"), *ENDING]))
    say(page, "Hi")
    page.wait(FIGURES, bool)
    page.click("#chat form summary")
    tree = page.call("Accessibility.getFullAXTree")["nodes"]
    roles = ("button", "textbox", "log", "heading", "DisclosureTriangle", "link", "main", "complementary", "article")
    named = {(node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree if not node["ignored"]}
    found = {(role, name) for role, name in named if role in roles}
    for wanted in (
        ("textbox", "Your message"), ("button", "Send"), ("log", "Conversation"), ("main", "Chat"),
        ("textbox", "Temperature"), ("textbox", "Seed"), ("textbox", "System prompt"), ("article", "Worker 0"),
        ("complementary", "Workers"),
    ):  # fmt: skip
        assert wanted in found, found
    assert not [role for role, name in found if name == "" and role not in ("article",)], found
