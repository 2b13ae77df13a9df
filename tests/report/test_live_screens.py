"""The screens of `top`: what each writes, and which one a terminal gets."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from apps.topping import count, instance

from llmproc.monitor.live import InstanceView, LiveView, ProcessRow
from llmproc.report import live_screens
from llmproc.report.live_screens import JsonStream, PlainScreen, RichScreen, TableStream, terminal_screen

ROW = ProcessRow("worker", 0, 4720, 9, "R", "BATCH", 10, 1, (1,), 187.55, 3.0, 12.5, 123_400_000)
VIEW = LiveView(3723.0, (InstanceView(instance(count(), started_t=1.0), (ProcessRow("main", pid=4711), ROW)),))
EMPTY = LiveView(1.0, ())


def written(capsys: pytest.CaptureFixture[str]) -> str:
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_a_stream_gets_a_table_per_look(capsys: pytest.CaptureFixture[str]) -> None:
    screen = TableStream("nothing runs")
    screen.enter()
    screen.show(VIEW, None, "")
    first = written(capsys)
    assert first.splitlines()[1].split()[:3] == ["PID", "ROLE", "S"] and "worker 0" in first and "\x1b" not in first
    screen.show(VIEW, (4720, 9), "a message has no place here")
    assert written(capsys) == f"\n{first}", "a blank line between two, nothing selected"
    screen.show(EMPTY, None, "")
    screen.leave()
    assert written(capsys) == "\nnothing runs\n"
    assert not screen.first_view, "rates need two looks"


def test_json_is_one_object_per_look(capsys: pytest.CaptureFixture[str]) -> None:
    screen = JsonStream("nothing runs")
    for view in (VIEW, EMPTY):
        screen.show(view, None, "")
    full, empty = map(json.loads, written(capsys).splitlines())
    (found,) = full["instances"]
    assert [row["pid"] for row in found["processes"]] == [4711, 4720]
    assert (full["t"], found["processes"][1]["user_percent"], empty["instances"]) == (3723.0, 187.55, [])


@pytest.mark.parametrize(("term", "again"), [("xterm", "\x1b[H\x1b[J"), ("dumb", ""), (None, "")])
def test_a_plain_screen_draws_over_the_last_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, term: str | None, again: str
) -> None:
    monkeypatch.delenv("TERM", raising=False) if term is None else monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(live_screens.sys.stdout, "fileno", lambda: 1, raising=False)
    monkeypatch.setattr(live_screens.os, "get_terminal_size", lambda fd: os.terminal_size((100, 12)))
    screen = PlainScreen(1.0, "nothing runs")
    screen.show(VIEW, (4720, 9), "nice 5")
    text = written(capsys)
    assert text.startswith(f"{again}  llmproc top") and screen.first_view
    assert next(line for line in text.splitlines() if line.startswith(">")).split()[:3] == [">", "4720", "worker"]
    assert "nice 5" in text and len(text.splitlines()) <= 11 and max(map(len, text.splitlines())) <= 100


class FakeLive:
    """Instead of rich's: keeps what happens."""

    def __init__(self, **options: Any) -> None:
        assert options["screen"] and not options["auto_refresh"], "the alternate screen, drawn when we say"
        self.calls: list[str] = []

    def start(self) -> None:
        self.calls.append("start")

    def stop(self) -> None:
        self.calls.append("stop")

    def update(self, text: Any, refresh: bool) -> None:
        assert refresh
        self.calls.append(text.plain)


def test_rich_takes_and_restores_the_terminal_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rich_live = pytest.importorskip("rich.live")
    monkeypatch.setattr(rich_live, "Live", FakeLive)
    screen = RichScreen(1.0, "nothing runs")
    screen.leave()
    screen.enter()
    live = screen._live
    screen.show(VIEW, (4720, 9), "")
    screen.leave()
    screen.leave()
    assert live.calls[0] == "start" and "worker 0" in live.calls[1] and live.calls[2:] == ["stop"]


@pytest.mark.parametrize(
    ("term", "plain", "installed", "kind"),
    [
        ("xterm", False, True, RichScreen),
        ("xterm", True, True, PlainScreen),
        ("dumb", False, True, PlainScreen),
        ("xterm", False, False, PlainScreen),
    ],
)
def test_the_best_screen(
    monkeypatch: pytest.MonkeyPatch, term: str, plain: bool, installed: bool, kind: type[object]
) -> None:
    if kind is RichScreen:
        pytest.importorskip("rich")
    monkeypatch.setenv("TERM", term)
    if not installed:
        monkeypatch.setattr(live_screens.importlib.util, "find_spec", lambda name: None)
    assert isinstance(terminal_screen(1.0, "", plain), kind)
