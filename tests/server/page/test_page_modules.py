"""The page's modules that touch nothing of the page, run in the browser they are for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server.page.chromium import BrowserPage, Chromium
from server.page.scripted_server import scripted_server

MODULES = ("answer.js", "conversation.js", "format.js", "poll.js", "rates.js", "server.js", "settings.js", "sse.js")
EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def page(chromium: Chromium) -> Iterator[BrowserPage]:
    """A tab that may import the modules and runs none of them."""
    with scripted_server() as script, chromium.page(script.url + "page/icon.svg") as opened:
        opened.expected = "favicon.ico"  # it names no icon, being one
        for name in MODULES:  # here: with a request, Chromium may open a second connection and keep it, for no use
            opened.module(name, "return 0")
        yield opened


# -- server-sent events ---------------------------------------------------------------------------------------------


def parsed(page: BrowserPage, pieces: list[str]) -> list[list[str]]:
    code = "const p = new m.EventParser(); return v[0].flatMap(t => p.push(t)).map(e => [e.name, e.data]);"
    return list(page.module("sse.js", code, pieces))


def reference(text: str) -> list[list[str]]:
    """The events of a whole text, by the standard's rules, read line by line."""
    found, name, data = [], "", list[str]()
    for line in re.split(r"\r\n|\r|\n", text)[:-1]:
        if line == "":
            if data:
                found.append([name or "message", "\n".join(data)])
            name, data = "", []
        elif not line.startswith(":"):
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            name = value if field == "event" else name
            data = [*data, value] if field == "data" else data
    return found


LINES = st.sampled_from(
    ["data: a", "data:b", "data:  c", "data", "data:", ": note", ":", "event: error", "event:", "id: 1", "x", "", ""]
) | st.text("da:t \u00e9\u20ac\U0001f600", max_size=6)


@EXAMPLES
@given(st.lists(st.tuples(LINES, st.sampled_from(["\n", "\r\n", "\r"])), max_size=12), st.data())
def test_events_do_not_depend_on_how_the_text_is_cut(page: BrowserPage, lines: Any, data: Any) -> None:
    text = "".join(line + end for line, end in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert parsed(page, pieces) == reference(text)


def test_an_event_that_is_not_complete_is_none(page: BrowserPage) -> None:
    assert parsed(page, ["event: error\nda", "ta: {}\n\ndata: half\n"]) == [["error", "{}"]]


def test_streaming_bytes_are_decoded_across_reads(page: BrowserPage) -> None:
    code = """const bytes = new TextEncoder().encode('data: \u20ac\U0001f600\\n\\n');
      const body = new ReadableStream({ start(c) { for (const b of bytes) c.enqueue(Uint8Array.of(b)); c.close(); } });
      const found = []; for await (const e of m.events(body)) found.push(e.data); return found;"""
    assert page.module("sse.js", code) == ["\u20ac\U0001f600"]


# -- what is asked for ----------------------------------------------------------------------------------------------


def read(page: BrowserPage, **texts: str) -> Any:
    values = {"temperature": "", "max_tokens": "", "seed": "", **texts}
    code = "try { return m.readSettings(v[0], () => 0.5); } catch (e) { return [e.field, e.message]; }"
    return page.module("settings.js", code, values)


def test_settings_become_options(page: BrowserPage) -> None:
    assert read(page) == {"seed": 2**30}, "the seed is drawn, the rest is the server's"
    told = read(page, temperature=" 0.5 ", max_tokens="20", seed="-7")
    assert told == {"temperature": 0.5, "max_tokens": 20, "seed": -7}
    assert read(page, temperature="0", seed="0") == {"temperature": 0, "seed": 0}


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("temperature", "warm"), ("temperature", "-0.1"), ("temperature", "101"), ("temperature", "Infinity"),
        ("max_tokens", "0"), ("max_tokens", "1.5"), ("max_tokens", "1e3"), ("max_tokens", "1048577"),
        ("seed", "9007199254740993"), ("seed", "0.5"), ("seed", "x"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_sent_is_named(page: BrowserPage, field: str, text: str) -> None:
    name, message = read(page, **{field: text})
    assert name == field and message.startswith(field.replace("_", " ").capitalize() + " is a ")


def test_a_conversation_is_questions_and_answers_in_turn(page: BrowserPage) -> None:
    code = """const c = new m.Conversation();
      const say = (question, answer, state) => Object.assign(c.begin(question), { answer, state });
      say('a', 'A', 'done'); say('b', '', 'failed'); say('c', 'half', 'stopped'); say('d', '', 'stopped');
      say('e', 'part', 'failed'); const open = c.begin('f'); const all = c.messages(v[0]);
      c.remove(open); return [all, c.messages('').length];"""
    messages, left = page.module("conversation.js", code, "Be brief.")
    assert [f"{each['role'][0]}:{each['content']}" for each in messages] == [
        "s:Be brief.", "u:a", "a:A", "u:c", "a:half", "u:f",
    ]  # fmt: skip
    assert left == 4, "without a system prompt and the turn that was taken out"
    assert page.module("conversation.js", code, " \n")[0][0]["role"] == "user"


# -- what came of it ------------------------------------------------------------------------------------------------


def figures(page: BrowserPage, *chunks: tuple[float, dict[str, Any]]) -> Any:
    code = """const a = new m.Answer(1000, 5); for (const [t, c] of v[0]) a.take(c, t);
      return { ...a.figures(), text: a.text, reasoning: a.reasoning, finish: a.finish };"""
    return page.module("answer.js", code, chunks)


def delta(text: str = "", **more: Any) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text, **more}}]}


def test_figures_of_an_answer(page: BrowserPage) -> None:
    nothing = figures(page)
    assert (nothing["tokens"], nothing["tokensPerS"], nothing["firstS"], nothing["seed"]) == (None, None, None, 5)
    stopped = figures(page, (1200, delta(reasoning_content="hm")), (1300, delta("a")), (1600, delta("b")))
    assert (stopped["tokens"], stopped["exact"], stopped["firstS"]) == (3, False, 0.2)
    assert stopped["tokensPerS"] == pytest.approx(5) and (stopped["text"], stopped["reasoning"]) == ("ab", "hm")
    end = {"choices": [{"delta": {}, "finish_reason": "length", "timings": {"tokens_per_s": 88.5}}], "seed": 9}
    whole = figures(page, (1200, delta("a")), (1300, end), (1300, {"choices": [], "usage": {"completion_tokens": 4}}))
    assert (whole["tokens"], whole["exact"], whole["tokensPerS"], whole["seed"]) == (4, True, 88.5, 9)
    assert whole["finish"] == "length"


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("bytes(null)", "–"), ("bytes(0)", "0 B"), ("bytes(999)", "999 B"), ("bytes(15732736)", "15.7 MB"),
        ("bytes(999600)", "1.0 MB"), ("bytes(123456789012)", "123 GB"), ("percent(null)", "–"), ("percent(0)", "0 %"),
        ("percent(3.456)", "3.5 %"), ("percent(9.96)", "10 %"), ("percent(143.2)", "143 %"), ("rate(0.26)", "0.3"),
        ("seconds(null)", "–"), ("seconds(0.0123)", "12 ms"), ("seconds(0.9996)", "1.00 s"), ("seconds(61)", "61.00 s"),
        ("counted(1, 'token')", "1 token"), ("counted(0, 'token')", "0 tokens"),
        ("figuresLine({ seed: 3, tokens: 1, exact: false, tokensPerS: null, firstS: 0.5 })",
         "about 1 token · first token after 500 ms · seed 3"),
    ],
)  # fmt: skip
def test_numbers_as_people_read_them(page: BrowserPage, call: str, text: str) -> None:
    assert page.module("format.js", f"return m.{call};") == text


@pytest.mark.parametrize(
    ("status", "message", "after", "words"),
    [
        (400, "frob is unknown here", None, "The server refused this: frob is unknown here."),
        (413, None, None, "The server refused this (status 413)."),
        (429, "the queue is full", "3", "The server is busy: the queue is full. Try again in 3 s."),
        (503, "no memory", "1", "The server cannot answer now: no memory. Try again in 1 s."),
        (503, None, None, "The server cannot answer now."), (500, None, None, "The server failed (status 500)."),
        (401, "x", None, "The server wants a valid API key."),
    ],
)  # fmt: skip
def test_refusals_in_plain_words(page: BrowserPage, status: int, message: str, after: str, words: str) -> None:
    document = {"error": {"message": message}} if message else None
    assert page.module("server.js", "return m.refusalWords(...v);", status, document, after) == words


# -- rates ----------------------------------------------------------------------------------------------------------


def reading(t: float, user: float | None = 0.0, pid: int = 1) -> dict[str, Any]:
    return {"t": t, "pid": pid, "cpu_s": {"user": user, "system": user, "wait": user}}


@pytest.mark.parametrize(
    ("before", "after", "user"),
    [
        (reading(1, 0.0), reading(1.5, 0.25), 50), (reading(1, 1.0), reading(1.5, 0.5), 0), (None, reading(1), None),
        (reading(1, 0.0), reading(1.5, 0.25, pid=2), None), (reading(1, 0.0), reading(3.6, 0.25), None),
        (reading(1), reading(1), None), (reading(1, None), reading(2, 1.0), None), (reading(1), reading(2, None), None),
        (reading(1, pid=0), reading(2, pid=0), None),
    ],
)  # fmt: skip
def test_cpu_between_two_looks(page: BrowserPage, before: Any, after: Any, user: float | None) -> None:
    rates = page.module("rates.js", "return m.cpuRates(...v);", before, after)
    assert rates == (None if user is None else {"user": user, "system": user, "wait": user})


def test_tokens_per_second(page: BrowserPage) -> None:
    looks = [  # t, tokens, as of, requests -> rate
        ((0.0, 5, 0.0, 0), None), ((0.5, 5, 0.5, 0), 0), ((1.0, 25, 0.9, 1), 50), ((1.5, 25, 0.9, 1), 50),
        ((2.5, 25, 0.9, 1), 0), ((3.0, 65, 2.9, 1), 20), ((3.5, 70, 3.5, 0), 5 / 0.6), ((9.0, 90, 9.0, 0), None),
        ((9.5, 95, 9.5, 0), 10),
    ]  # fmt: skip
    code = """const r = new m.TokenRate(); return v[0].map(
      ([t, tokens, tokens_at, requests]) => r.take({ t, tokens, tokens_at, requests }));"""
    found = page.module("rates.js", code, [look for look, _ in looks])
    assert found == [pytest.approx(rate) if rate is not None else None for _, rate in looks]


def test_the_history_is_a_minute_with_gaps(page: BrowserPage) -> None:
    code = """const h = new m.History(); for (let t = 0; t <= 100; t += 0.5)
      h.add(t, t === 99 ? null : { user: 50, system: 10, wait: 30 }); return h.stacked();"""
    moments, *areas = page.module("rates.js", code)
    assert (moments[0], moments[-1], len(moments)) == (40, 100, 121)
    assert [area[-1] for area in areas] == [90, 60, 50] and [area[-3] for area in areas] == [None] * 3


@pytest.mark.parametrize(
    ("last", "pid", "words"),
    [(0, 0, ""), (0, 5, ""), (5, 5, ""), (5, 0, "process 5 ended"), (5, 6, "process 5 ended; 6 took over")],
)
def test_what_became_of_a_process(page: BrowserPage, last: int, pid: int, words: str) -> None:
    assert page.module("rates.js", "return m.happened(...v);", last, pid) == words


# -- when to look ---------------------------------------------------------------------------------------------------

POLL = """
  const tab = Object.assign(new EventTarget(), { hidden: false });
  const show = (shown) => { tab.hidden = !shown; tab.dispatchEvent(new Event('visibilitychange')); };
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  const begun = []; let open = 0, most = 0, takes = 0, fails = false;
  const look = async () => {
    begun.push(performance.now()); most = Math.max(most, ++open); await sleep(takes); open -= 1;
    if (fails) throw new Error('down');
  };
  const poll = new m.Poll(look, { every: 40, afterFailure: 200, page: tab });
  const gaps = () => begun.slice(1).map((t, i) => t - begun[i]);
"""


def test_looks_keep_their_distance_and_are_never_two_at_a_time(page: BrowserPage) -> None:
    code = """poll.start(); while (begun.length < 5) { poll.start(); show(true); await sleep(7); }
      const quick = gaps(); begun.length = 0; takes = 90; while (begun.length < 4) await sleep(5); poll.stop();
      await sleep(100); const left = begun.length; await sleep(100);
      return [quick, gaps(), most, begun.length - left];"""
    quick, slow, most, after = page.module("poll.js", POLL + code)
    assert min(quick) >= 39 and min(slow[1:]) >= 89 and (most, after) == (1, 0)


def test_nothing_is_asked_while_the_page_is_hidden(page: BrowserPage) -> None:
    code = """poll.start(); while (begun.length < 1) await sleep(5); show(false); await sleep(60);
      const before = begun.length; poll.start(); await sleep(200); const hidden = begun.length - before; show(true);
      while (begun.length === before) await sleep(5); poll.stop(); return hidden;"""
    assert page.module("poll.js", POLL + code) == 0


def test_a_server_that_is_down_is_asked_more_rarely(page: BrowserPage) -> None:
    code = "fails = true; poll.start(); while (begun.length < 4) await sleep(5); poll.stop(); return gaps();"
    assert min(page.module("poll.js", POLL + code)) >= 199
