"""`compare-modes --url` on stub servers of different speed: counts, their measured slowness, ideals, the table."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from experiments.test_compare_figures import run
from remote.token_servers import stubs

from llmproc.apps.compare_modes import app as compare_modes
from llmproc.apps.compare_modes.options import parse_options
from llmproc.config import Environment
from llmproc.dispatch.simulation import simulate
from llmproc.errors import UsageError
from llmproc.experiments.compare_modes.figures import figures_of, slowness_of
from llmproc.experiments.compare_modes.plan import BASELINE, ModeSetting
from llmproc.experiments.compare_modes.runner import RunSample

LENGTHS = (6, 1, 5, 2, 4, 3, 6, 1, 5, 2, 4, 3)


@pytest.fixture(scope="session", autouse=True)
def fonts_are_open(tmp_path_factory: pytest.TempPathFactory) -> None:
    """matplotlib keeps its font files open for good, which is no leak of ours."""
    from llmproc.report.figure import panels, save

    save(panels([1.0], "title", ["note"], sharex=False)[0], tmp_path_factory.mktemp("fonts") / "x.png")


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMPROC_RUN_DIR", "none")
    monkeypatch.chdir(tmp_path)


def prompts(folder: Path, lengths: tuple[int, ...] = LENGTHS) -> str:
    rows = [{"prompt": f"q{number}", "tokens": tokens, "cost": tokens} for number, tokens in enumerate(lengths)]
    (folder / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "mine.jsonl"


def compared(folder: Path, capsys: pytest.CaptureFixture[str], urls: list[str], *more: str) -> Any:
    flags = [part for url in urls for part in ("--url", url)]
    assert compare_modes.main([prompts(folder), *flags, "--json", *more]) == 0
    return json.loads(capsys.readouterr().out)


def test_two_servers_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with stubs(tmp_path, {"token_s": 0.004}, {"token_s": 0.012}) as found:
        urls = [stub.url for stub in found]
        modes = ("--modes", "sp,ws,lpt,queue", "--connections", "1", "--repeat", "1")
        result = compared(tmp_path, capsys, urls, *modes)
        asked = Counter(prompt for stub in found for prompt in stub.prompts())
        first = found[0].requests()[0]
    settings = [(row["mode"], row["workers"]) for row in result["results"]]
    assert settings == [("seq", 1), *((mode, 2) for mode in ("sp", "ws", "lpt", "queue"))]
    assert sum(len(run["rows"]) for run in result["runs"]) == 5 * len(LENGTHS)
    assert all(asked[f"q{number}"] >= 5 for number in range(12)) and first["ignore_eos"] is True
    warm_up = 2 + 4 * 4  # two prompts for each connection of each setting
    assert sum(asked.values()) == 5 * len(LENGTHS) + warm_up
    assert [server["url"] for server in result["servers"]] == urls
    assert result["servers"][0]["slowness"] == 1 and result["servers"][1]["slowness"] > 1
    assert result["same_answers"] is True and not any(row["failed"] for row in result["results"])
    assert result["options"]["urls"] == urls and result["options"]["threads"] == 0
    assert not any("CPU" in warning for warning in result["warnings"]), "connections need none"


def test_the_table_says_what_workers_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with stubs(tmp_path, {"token_s": 0.0}) as found:
        flags = ["--url", found[0].url, "--connections", "2", "--repeat", "1", "--chart", "x.png"]
        assert compare_modes.main([prompts(tmp_path), *flags]) == 0
        assert f"workers are connections to {found[0].url}\n" in capsys.readouterr().out
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


def test_a_request_that_fails_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with stubs(tmp_path, {"token_s": 0.0, "always": "400"}) as found:
        flags = ["--url", found[0].url, "--connections", "2", "--repeat", "1", "--json"]
        assert compare_modes.main([prompts(tmp_path), *flags]) == 1
    result = json.loads(capsys.readouterr().out)
    assert result["results"][0]["failed"] == 12 and "said 400" in result["runs"][0]["rows"][0]["error"]


def by_hand() -> list[RunSample]:
    """Costs 4 and 2 on the first server; the second takes three times as long."""
    base = run([(0, 0, 4), (0, 4, 6)])
    stolen = run([(0, 0, 4), (1, 0, 6)])
    return [RunSample(BASELINE, 0, 0, base), RunSample(ModeSetting("ws", 2), 0, 1, stolen)]


def test_slowness_and_ideals_by_hand() -> None:
    assert slowness_of(by_hand(), 2) == (1, 3) and slowness_of(by_hand(), 1) == (1.0,)
    found = figures_of(by_hand(), ModeSetting("ws", 2), 1, (1, 3))
    assert found.ideal_s == simulate("queue", [4, 2], 2, slowness=[1, 3]).makespan == 6
    assert found.above_ideal is not None and found.above_ideal.mean == pytest.approx(1)
    assert found.above_own is not None and found.above_own.median == pytest.approx(1)
    assert found.slowdown is not None and found.slowdown.mean == pytest.approx(1), "a slow server is no slowdown"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--url", "http://a", "--workers", "2"), "--workers cannot be used with --url"),
        (("--url", "http://a", "--work", "wait"), "--work cannot be used with --url"),
        (("--url", "http://a", "--threads", "1"), "--threads cannot be used with --url"),
        (("--url", "http://a", "--connections", "1,x"), "--connections is 1,x: must be numbers from 1 to 1024"),
        (("--modes", "sp,queue"), "--modes is sp,queue: .* queue needs --url"),
        (("--connections", "2"), "--connections needs --url"),
    ],
)
def test_what_does_not_go_together(arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_options("x", arguments, Environment())


def test_connections_are_counted_over_all_servers() -> None:
    found = parse_options("x", ["--url", "http://a", "--url", "http://b", "--connections", "1,4"], Environment())
    assert found.workers == (2, 8) and found.remote is not None and found.remote.connections == 4


@pytest.mark.soak
def test_workstealing_is_near_the_shared_queues_ideal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two servers, one three times slower: at most 10 % above the ideal of one queue for servers of these speeds."""
    with stubs(tmp_path, {"token_s": 0.02}, {"token_s": 0.06}) as found:
        urls = [stub.url for stub in found]
        result = compared(tmp_path, capsys, urls, "--modes", "sp,ws,queue", "--connections", "1,2", "--repeat", "5")
    for row in result["results"]:
        if row["mode"] == "ws":
            assert row["above_ideal"]["median"] <= 1.10, row
