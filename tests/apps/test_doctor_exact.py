"""`doctor --exact`: that it sees a difference of each kind, with a made-up engine; and a real run."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from support.chatting import Chat, run
from support.processes import children
from support.waiting import until

from llmproc.apps.doctor import app, exact, replay
from llmproc.apps.doctor.prompts import TEXTS, Question, questions
from llmproc.config import EngineOptions
from llmproc.errors import RequestError, StartError
from llmproc.text.templates.registry import built_in_template
from llmproc.text.tokenizers.tokenizer import load_tokenizer

ASKED = [Question("one", [1, 2, 3], 0.0, 1.0, 1), Question("two", [1, 2, 4], 0.8, 0.9, 2)]
Trouble = Callable[["FakeEngine"], int]


@dataclass
class FakeEngine:
    """Answers with sums of ids and positions; `trouble` is added to the third token of the second request."""

    options: EngineOptions
    trouble: Trouble
    waiting: list[Any] = field(default_factory=list)
    known: set[tuple[int, ...]] = field(default_factory=set)
    most: int = 0  # requests at once

    @property
    def busy(self) -> bool:
        return bool(self.waiting)

    def add(self, request: Any) -> None:
        self.waiting.append(request)

    def step(self) -> list[Any]:
        from llmproc.engine.events import Finish, Token

        batch, self.waiting = self.waiting[: self.options.sequences], self.waiting[self.options.sequences :]
        self.most = max(self.most, len(batch))
        events: list[Any] = []
        for request in batch:
            ids = [sum(request.tokens) + request.seed + i for i in range(request.max_tokens)]
            if request.seed == 2:
                ids[2] += self.trouble(self)
            cached = len(request.tokens) - 1 if request.tokens in self.known else 0
            self.known.add(request.tokens)
            events += [Token(request.request_id, token, True) for token in ids]
            end = Finish.plain(
                request.request_id, "length", prompt_tokens=len(request.tokens), new_tokens=len(ids), draws=0
            )
            events.append(structs.replace(end, cached_tokens=cached))
        return events


def faked(trouble: Trouble) -> exact.Replay:
    def run_here(order: dict[str, Any]) -> Any:
        json.dumps(order)
        return replay.replay(order, lambda options: FakeEngine(options, trouble))

    return run_here


def compare(trouble: Trouble, threads: tuple[int, ...] = (1, 2)) -> list[exact.Outcome]:
    return list(exact.compare(Path("m"), EngineOptions(), ASKED, 4, threads, faked(trouble)))


def test_the_settings_are_all_of_them() -> None:
    found = exact.settings((1, 2))
    assert len(set(found)) == len(found) == 17
    assert found[0] == exact.EngineSetting(1, 1, 512, "cold"), "the reference: one at a time, whole, nothing cached"
    for threads in (1, 2):
        for sequences in (1, 16):
            for batch_tokens in (512, 5):
                at = found.index(exact.EngineSetting(threads, sequences, batch_tokens, "first"))
                again = exact.EngineSetting(threads, sequences, batch_tokens, "again")
                assert found[at + 1] == again, "on the same engine"


def test_equal() -> None:
    outcomes = compare(lambda engine: 0)
    assert [outcome.setting for outcome in outcomes] == exact.settings((1, 2))
    assert not any(outcome.difference for outcome in outcomes)
    assert outcomes[0].answers == [[7, 8, 9, 10], [9, 10, 11, 12]]
    assert [outcome.cached for outcome in outcomes[:3]] == [0, 0, 4], "only the second run finds its prompts"
    assert outcomes[0].row(True).endswith("reference") and outcomes[1].row(False).endswith("  equal")


@pytest.mark.parametrize(
    ("trouble", "which"),
    [
        (lambda engine: engine.options.threads == 2, lambda s: s.threads == 2),
        (lambda engine: engine.most > 1, lambda s: s.sequences == 16),
        (lambda engine: engine.options.batch_tokens < 100, lambda s: s.batch_tokens == 5),
        (lambda engine: (1, 2, 4) in engine.known, lambda s: s.prefix == "again"),
    ],
    ids=["threads", "batch", "chunks", "prefix"],
)
def test_a_difference_of_each_kind_is_seen(trouble: Trouble, which: Callable[[exact.EngineSetting], bool]) -> None:
    for outcome in compare(trouble):
        said = "two: token 2 is 12, in the reference 11" if which(outcome.setting) else ""
        assert outcome.difference == said, outcome.setting


def test_first_difference() -> None:
    wanted = [[1, 2, 3], [4, 5]]
    assert exact.first_difference(ASKED, wanted, [[1, 2, 3], [4, 5]]) == ""
    assert exact.first_difference(ASKED, wanted, [[1, 2], [9, 9]]) == "one: token 2 is missing, in the reference 3"
    assert (
        exact.first_difference(ASKED, wanted, [[1, 2, 3], [4, 5, 6]]) == "two: token 2 is 6, in the reference missing"
    )


def test_a_request_that_fails_is_an_error() -> None:
    class Failing(FakeEngine):
        def step(self) -> list[Any]:
            from llmproc.engine.events import Finish

            request = self.waiting.pop()
            return [Finish.plain(request.request_id, "failed", prompt_tokens=3, draws=0, message="NaN")]

    order = {"engine": {}, "questions": [vars_of(ASKED[0])], "tokens": 2, "runs": [vars_of(exact.settings((1,))[0])]}
    with pytest.raises(RequestError, match="one: NaN"):
        list(replay.replay(order, lambda options: Failing(options, lambda engine: 0)))


def vars_of(thing: Any) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in thing.__dataclass_fields__}


def test_the_prompts_share_beginnings_and_fit(quick: Path) -> None:
    tokenizer = load_tokenizer(quick.with_name("tokenizer.bin"), 2048)
    found = questions(tokenizer, built_in_template(tokenizer.template_name), 100, 20)
    assert len(found) == 2 * len(TEXTS) == 24 and len({question.seed for question in found}) == 24
    assert max(len(question.ids) for question in found) == 80 and min(len(question.ids) for question in found) < 40
    assert sum(question.temperature == 0 for question in found) == 12
    assert found[8].ids[:60] == found[10].ids[:60] == found[12].ids[:60] and found[0].ids[:60] != found[8].ids[:60]


# -- the child --------------------------------------------------------------------------------------------------------


def order(quick: Path | str) -> dict[str, Any]:
    return {
        "checkpoint": str(quick),
        "engine": vars_of(EngineOptions(threads=1)),
        "questions": [vars_of(question) for question in ASKED],
        "tokens": 3,
        "runs": [vars_of(setting) for setting in exact.settings((1,))[:2]],
    }


def test_a_childs_error_is_ours() -> None:
    with pytest.raises(Exception, match=r"/none\.bin") as caught:
        list(exact.run_child(order("/none.bin")))
    assert type(caught.value).__name__ == "CheckpointError"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os; os.kill(os.getpid(), 9)", r"signal 9.*threads 1.*it said nothing"),
        ("import sys; sys.stdin.read(); sys.exit('too bad')", r"status 1.*too bad"),
        ("import sys; sys.stdin.read(); print('{\"answers\": []}')", r"status 0.*batch_tokens 512, prefix first"),
    ],
)
def test_a_child_that_dies_is_named(monkeypatch: pytest.MonkeyPatch, quick: Path, code: str, said: str) -> None:
    monkeypatch.setattr(exact, "child_command", lambda module: [sys.executable, "-c", code])
    with pytest.raises(StartError, match=said):
        list(exact.run_child(order(quick)))


def test_whoever_stops_listening_leaves_no_child(quick: Path) -> None:
    running = exact.run_child(order(quick))
    assert len(next(iter(running))["answers"]) == 2  # type: ignore[call-overload]
    running.close()  # type: ignore[attr-defined]


# -- the whole verb ---------------------------------------------------------------------------------------------------


def test_a_difference_is_exit_1(
    quick: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(exact, "run_child", faked(lambda engine: engine.options.threads == 2))
    assert app.main(["--exact", "--model", str(quick), "--tokens", "4"]) == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[-1] == "8 of 17 settings DIFFER" and "prompt 2, greedy: token 2 is" in shown[-2]
    assert app.main(["--exact", "--model", str(quick), "--tokens", "4", "--threads", "1"]) == 0
    assert capsys.readouterr().out.endswith("all 9 settings equal\n")


def test_a_real_run(tmp_path: Path, quick: Path) -> None:
    code, out, err = run(
        tmp_path, "doctor", "--exact", "--json", "--model", quick, "--tokens", 12, "--threads", "1,2",
        module="llmproc", timeout=200.0,
    )  # fmt: skip
    found = json.loads(out)
    assert (code, err) == (0, "") and found["equal"], found["settings"]
    assert len(found["settings"]) == 17 and all(setting["equal"] for setting in found["settings"])
    assert found["settings"][0]["found_ids"] == 0, "the reference found nothing in the prefix cache"
    assert all(setting["found_ids"] > 0 for setting in found["settings"] if setting["prefix"] == "again")
    assert len(found["questions"]) == 24 and all(len(question["answer"]) == 12 for question in found["questions"])


def test_ctrl_c_leaves_nothing(tmp_path: Path, slow: Path) -> None:
    arguments = ("doctor", "--exact", "--model", slow, "--tokens", 400)
    with Chat(tmp_path, *arguments, module="llmproc") as doctor:
        until(lambda: len(children(doctor.pid)))
        doctor.interrupt(signal.SIGINT)
        assert doctor.wait() == 130 and doctor.logged() == ""
