"""How `top` looks: columns, widths, what goes when the terminal is small."""

from __future__ import annotations

import os

import pytest
from apps.topping import count, instance, lines_of

from llmproc.monitor.live import InstanceView, LiveView, ProcessRow
from llmproc.report import live_table

MAIN = ProcessRow("main", pid=4711, starttime=5, state="S", policy="OTHER", nice=0, core=0, allowed=(0, 1), queue=3,
           sequences=2, tokens_per_s=42.0)  # fmt: skip
WORKER = ProcessRow(
    "worker", 0, 4720, 9, "R", "BATCH", 10, 1, (1,), 187.55, 3.0, 12.5, 123_400_000, 1234.6, 42.0, 2, 1, 7, 2, 1
)
DEAD = ProcessRow("worker", 1, state="X", sequences=0, queue=0, steals=0)


def view(*groups: tuple[ProcessRow, ...]) -> LiveView:
    return LiveView(
        3723.0, tuple(InstanceView(instance(count(), started_t=1.0, pid=os.getpid()), rows) for rows in groups)
    )


def text(lines: list[live_table.Line]) -> list[str]:
    return live_table.plain(lines).splitlines()


def test_a_table() -> None:
    found = text(live_table.body(view((MAIN, WORKER, DEAD)), None))
    assert found[0] == f"{os.getpid()}: up 1:02:02   python3 -m llmproc.main 42"
    assert found[1].split() == [
        "PID", "ROLE", "S", "POLICY", "NICE", "CORE", "%USER", "%SYS", "%WAIT", "PSS", "MB", "SWITCH/S", "RANKS",
        "TOK/S", "SEQ", "QUEUE", "STEALS",
    ]  # fmt: skip
    assert found[3].split() == [
        "4720", "worker", "0", "R", "BATCH", "10", "=1" if (os.cpu_count() or 1) > 1 else "1", "187.6", "3.0", "12.5",
        "123.4", "1235", "1/2", "42.0", "2", "1", "7",
    ]  # fmt: skip
    assert found[4].split() == ["-", "worker", "1", "X", *"-" * 10, "0", "0", "0"]


def test_a_worker_that_starts_does_not_widen_the_column_of_letters() -> None:
    starting = ProcessRow("worker", 1, state="starting", sequences=0, queue=0, steals=0)
    header, *rows = text(live_table.body(view((MAIN, starting)), None))[1:]
    assert header == text(live_table.body(view((MAIN, DEAD)), None))[1]
    assert rows[1].split()[:4] == ["-", "worker", "1", "-"]


def test_columns_stand_under_their_headers() -> None:
    header, *rows = text(live_table.body(view((MAIN, WORKER)), None))[1:]
    for name, value in (("%USER", "187.6"), ("TOK/S", "42.0"), ("STEALS", "7")):
        end = header.index(name) + len(name)
        assert rows[1][:end].endswith(value)
    assert rows[1].index("worker") == header.index("ROLE") and rows[1].index("BATCH") == header.index("POLICY")


@pytest.mark.parametrize(
    ("width", "gone"),
    [
        (None, []),
        (200, []),
        (87, ["SWITCH/S"]),
        (80, ["SWITCH/S", "RANKS"]),
        (75, ["SWITCH/S", "RANKS", "STEALS"]),
        (68, ["SWITCH/S", "RANKS", "STEALS", "PSS MB"]),
        (20, ["SWITCH/S", "RANKS", "STEALS", "PSS MB", "CORE", "QUEUE"]),
    ],
)
def test_a_narrow_terminal_loses_the_least_important_columns(width: int | None, gone: list[str]) -> None:
    left = [column.header for column, _ in live_table.fitting(live_table.COLUMNS, (MAIN, WORKER), width)]
    assert [column.header for column in live_table.COLUMNS if column.header not in left] == sorted(
        gone, key=[column.header for column in live_table.COLUMNS].index
    )
    if width is not None and width >= 60:
        assert all(len(line) <= width for line in text(live_table.body(view((MAIN, WORKER)), width)))


def test_every_line_of_a_screen_fits() -> None:
    many = view(*[(MAIN, WORKER, DEAD)] * 4)
    for width, height in ((80, 24), (100, 10), (70, 6), (60, 5)):
        found = live_table.whole(many, width, height, None, "x" * 300, 1.0, "")
        assert len(found) <= height and all(len(line) <= width for line in text(found))


def test_the_selected_row_stays_on_a_low_screen() -> None:
    rows = tuple(ProcessRow("worker", n, 100 + n, 1, "S", "OTHER") for n in range(40))
    for selected in (0, 1, 20, 38, 39):
        found = live_table.whole(view((MAIN, *rows)), 100, 12, (100 + selected, 1), "", 1.0, "")
        chosen = [line for line in found if any(span.kind == "selected" for span in line)]
        assert len(found) == 12 and len(chosen) == 1
        assert f"worker {selected} " in live_table.plain(chosen)


def test_kinds_say_what_is_worth_a_look() -> None:
    (_, _, _, worker, dead) = live_table.body(view((MAIN, WORKER, DEAD)), None)
    kinds = {span.text.strip(): span.kind for span in worker}
    assert (kinds["R"], kinds["12.5"], kinds["BATCH"]) == ("busy", "waiting", "")
    assert {span.text.strip(): span.kind for span in dead}["X"] == "waiting"
    (_, _, _, worker, _) = live_table.body(view((MAIN, WORKER, DEAD)), None, (4720, 9))
    assert {span.kind for span in worker} == {"selected"}
    (_, _, _, other, _) = live_table.body(view((MAIN, WORKER, DEAD)), None, (4720, 10))
    assert "selected" not in {span.kind for span in other}, "another process under the same pid"


def test_title_message_and_keys() -> None:
    one = view((MAIN, WORKER))
    found = text(live_table.whole(one, 120, 24, None, "", 0.5, ""))
    assert "1 instance, every 0.5 s" in found[0] and "q: quit" in found[-1]
    assert text(live_table.whole(one, 120, 24, None, "worker 0: nice 5", 0.5, ""))[-1] == "worker 0: nice 5"
    nothing = text(live_table.whole(view(), 120, 24, None, "", 1.0, "nothing is running"))
    assert nothing[2] == "nothing is running" and "0 instances" in nothing[0]


def test_the_run_folder_is_shown_where_there_is_room() -> None:
    group = InstanceView(instance(run_folder="/home/user/logs/20260101-000000-4711"), (MAIN,))
    wide, narrow = (text(live_table.body(LiveView(1.0, (group,)), width))[0] for width in (200, 70))
    assert wide.endswith("   /home/user/logs/20260101-000000-4711") and "logs" not in narrow


def test_a_command_does_not_steer_the_terminal() -> None:
    group = InstanceView(instance(command="/bin/python3 -c '\x1b[31m\nx' \x07"), (MAIN,))
    (title, *_) = live_table.body(LiveView(1.0, (group,)), None)
    assert "\x1b" not in title[0].text and "\n" not in title[0].text and "\x07" not in title[0].text


def test_two_instances_stand_apart() -> None:
    found = text(live_table.body(view((MAIN, WORKER), (MAIN,)), None))
    assert found[4] == "" and len(found) == 8 and list(lines_of("a b\nc")) == [["a", "b"], ["c"]]
