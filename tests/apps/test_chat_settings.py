"""Sampling options in the prompt loop: /set and /show, several answers to a prompt, how likely each token was."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from support.chatting import PROMPT, SPEED, Chat, answers, run

from llmproc.apps.chat.settings import SETTINGS
from llmproc.config import SamplingParams


@pytest.fixture(scope="module")
def shared_chat(quick: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    """One program for all tests that leave it as they found it."""
    with Chat(tmp_path_factory.mktemp("settings"), "--model", quick, "--max-tokens", 8) as chat:
        chat.expect(PROMPT)
        chat.child("inference")
        yield chat
        chat.end_of_input()
        assert chat.wait() == 0


@pytest.fixture
def chat(shared_chat: Chat) -> Chat:
    shared_chat.ask("/clear")
    shared_chat.ask("/set seed 42")
    return shared_chat


@pytest.fixture(autouse=True)
def nothing_left_behind() -> None:
    """The shared program is left on purpose; its own context checks the rest."""


def texts(said: str) -> list[str]:
    """The answers in what was said to one prompt."""
    return [SPEED.split(part)[0] for part in re.split(r"\[INFO\] answer \d of \d, seed \d+\n", said)]


def test_every_sampling_option_can_be_set() -> None:
    assert set(SETTINGS) == {field.name for field in fields(SamplingParams)} | {"system", "verbose"}


def test_set_alone_lists_the_settings(chat: Chat) -> None:
    said = chat.ask("/set")
    for name, meaning in SETTINGS.items():
        assert re.search(rf"^  {name} +\S+ +{re.escape(meaning)}$", said, re.MULTILINE), name
    assert all(len(line) < 130 for line in said.splitlines())


GIVEN = {  # what is typed, what is said, what sets it back
    "top_k 40": ("top_k 40", "top_k 0"),
    "min_p 0.1": ("min_p 0.1", "min_p 0"),
    "presence_penalty -0.5": ("presence_penalty -0.5", "presence_penalty 0"),
    "frequency_penalty 1": ("frequency_penalty 1.0", "frequency_penalty 0"),
    "repetition_penalty 1.1": ("repetition_penalty 1.1", "repetition_penalty 1"),
    "logit_bias 7=2.5, 15=-100": ("logit_bias 7=2.5,15=-100", "logit_bias"),
    'logit_bias {"9": 1}': ("logit_bias 9=1", "logit_bias"),
    "stop The end": ('stop "The end"', "stop"),
    r'stop "\n"': (r'stop "\n"', "stop []"),
    'stop ["a", "bc"]': ('stop ["a", "bc"]', 'stop ""'),
    "logprobs 3": ("logprobs 3", "logprobs off"),
    "ignore_eos on": ("ignore_eos on", "ignore_eos off"),
    "min_tokens 2": ("min_tokens 2", "min_tokens 0"),
    "n 2": ("n 2", "n 1"),
    'json_schema {"type": "boolean"}': ('json_schema {"type":"boolean"}', "json_schema"),
}


@pytest.mark.parametrize("typed", GIVEN)
def test_an_option_is_set_shown_while_it_differs_and_set_back(chat: Chat, typed: str) -> None:
    told, back = GIVEN[typed]
    name, _, value = told.partition(" ")
    assert f"[INFO] {told}\n" in chat.ask(f"/set {typed}")
    assert re.search(rf"^  {name} +{re.escape(value)}$", chat.ask("/show"), re.MULTILINE)
    assert f"[INFO] {name} " in chat.ask(f"/set {back}")
    assert not re.search(rf"^  {name} ", chat.ask("/show"), re.MULTILINE)


ERRORS = {
    "/set top_k": "top_k is missing: must be a whole number",
    "/set top_k -2": "top_k is -2: must be from 1 to 1048576, or 0 for all tokens",
    "/set min_p 2": "min_p is 2.0: must be from 0 to 1",
    "/set presence_penalty 3": "presence_penalty is 3.0: must be from -2 to 2",
    "/set frequency_penalty x": "frequency_penalty is x: must be a number",
    "/set repetition_penalty 0": "repetition_penalty is 0.0: must be above 0",
    "/set logit_bias 5": "logit_bias is 5: must look like 15=-100,7=2.5",
    "/set logit_bias 5=200": "logit_bias is 200.0: must be from -100 to 100",
    "/set logprobs 21": "logprobs is 21: must be from 0 to 20",
    "/set ignore_eos": "ignore_eos is empty: must be on or off",
    "/set min_tokens 9": "min_tokens is 9: must be from 0 to max_tokens, 8",
    "/set json_schema [1]": "json_schema is '[1]': must be a JSON object",
    "/set n 0": "n is 0: must be from 1 to 128",
    "/set verbose maybe": "verbose is maybe: must be on or off",
}


@pytest.mark.parametrize("command", ERRORS)
def test_a_bad_value_is_an_error_and_changes_nothing(chat: Chat, command: str) -> None:
    before = chat.ask("/show")
    said = chat.ask(command)
    assert f"[INFO] error: {ERRORS[command]}" in said and said.count("\n") <= 2
    assert chat.ask("/show") == before


def test_an_answer_ends_before_a_stop_text(chat: Chat) -> None:
    (free,) = texts(chat.ask("Hello"))
    stop = free[6:8]
    chat.ask("/clear")
    chat.ask("/set seed 42")
    chat.ask(f"/set stop {json.dumps([stop])}")
    assert texts(chat.ask("Hello")) == [free.partition(stop)[0] + "\n"]
    chat.ask("/set stop")


def test_several_answers_stand_under_headings_and_the_first_goes_on(chat: Chat) -> None:
    alone = []
    for seed in (44, 43, 42):
        chat.ask("/clear")
        chat.ask(f"/set seed {seed}")
        alone.insert(0, texts(chat.ask("Hello"))[0])
    following = chat.ask("And then?")
    chat.ask("/clear")
    chat.ask("/set seed 42")
    chat.ask("/set n 3")
    said = chat.ask("Hello")
    assert re.findall(r"answer \d of 3, seed \d+", said) == [f"answer {i + 1} of 3, seed {42 + i}" for i in range(3)]
    assert texts(said)[1:] == alone and len(set(alone)) == 3
    again = chat.ask("/regen")
    assert len(texts(again)) == 4 and texts(again)[1:] != alone, "the random streams go on"
    chat.ask("/clear")
    chat.ask("/set seed 42")
    chat.ask("Hello")
    chat.ask("/set n 1")
    assert texts(chat.ask("And then?")) == texts(following)
    assert "turns        2\n" in chat.ask("/show")


def test_how_likely_each_token_was(chat: Chat) -> None:
    chat.ask("/set logprobs 2")
    said = chat.ask("Hello")
    rows = re.findall(r"^  '.*' +(\d+\.\d) %((?:   '.*?' \d+\.\d %){2})$", said, re.MULTILINE)
    assert len(rows) == 8 and re.search(r"^  in all: 8 tokens, log probability -\d+\.\d\d, perplexity", said, re.M)
    assert SPEED.search(said).end() < said.index("  token"), "the answer and its line come first"
    chat.ask("/set logprobs off")
    assert "in all:" not in chat.ask("Hello")


def test_a_saved_conversation_keeps_the_options(chat: Chat, tmp_path: Path) -> None:
    for setting in ("top_k 5", "logit_bias 9=1", "n 2", 'stop ["zzzz"]'):
        chat.ask(f"/set {setting}")
    chat.ask(f"/save {tmp_path / 's.json'}")
    shown = chat.ask("/show")
    for setting in ("top_k 0", "logit_bias", "n 1", "stop"):
        chat.ask(f"/set {setting}")
    plain = chat.ask("/show")
    chat.ask(f"/load {tmp_path / 's.json'}")
    assert chat.ask("/show") == shown != plain
    for setting in ("top_k 0", "logit_bias", "n 1", "stop"):
        chat.ask(f"/set {setting}")
    chat.ask(f"/save {tmp_path / 'p.json'}")
    saved = json.loads((tmp_path / "p.json").read_text())
    assert "sampling" not in saved, "a file without them can be read by earlier versions"
    (tmp_path / "bad.json").write_text(json.dumps({**saved, "sampling": {"n": 0}}))
    assert "error: n is 0: must be from 1 to 128" in chat.ask(f"/load {tmp_path / 'bad.json'}")
    (tmp_path / "bad.json").write_text(json.dumps({**saved, "sampling": {"colour": 1}}))
    assert "error: 'colour' is unknown" in chat.ask(f"/load {tmp_path / 'bad.json'}")
    assert chat.ask("/show") == plain


def test_options_of_the_command_line(tmp_path: Path, quick: Path) -> None:
    """Two answers by the flag are those of /set; the run folder says which options there were."""
    settings = ("--model", quick, "--max-tokens", 8, "--n", 2, "--stop", "zzzz", "--logit-bias", "9=1")
    code, out, _ = run(tmp_path, 42, *settings, text="Hello\n")
    assert code == 0 and len(re.findall(r"^\[INFO\] answer \d of 2, seed 4[23]$", out, re.MULTILINE)) == 2
    assert len(answers(out)) == 1
    kept = json.loads((tmp_path / "runs" / "latest" / "run.json").read_text())
    assert kept["sampling"] == {
        "temperature": 0.6, "top_p": 0.9, "n": 2, "stop": ["zzzz"], "logit_bias": {"9": 1.0},
    }  # fmt: skip
