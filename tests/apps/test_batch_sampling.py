"""Sampling options of `llmproc batch`: by flags, by rows of its own and of OpenAI's, in a resume."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from apps.batching import batch, lasting, options, rows_of
from support.paths import ROOT

from llmproc import LLM, SamplingParams
from llmproc.batch.record import ChoiceRow
from llmproc.session.result import Result

README = (ROOT / "logs" / "README.md").read_text()
EVERYTHING: dict[str, Any] = {
    "temperature": 0.9, "seed": 5, "top_k": 40, "min_p": 0.01, "presence_penalty": 0.5, "frequency_penalty": 0.25,
    "repetition_penalty": 1.2, "logit_bias": {"70": 3.0}, "ignore_eos": True, "logprobs": 2, "n": 3, "stop": ["qq"],
    "min_tokens": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def wanted(quick: Path) -> list[Result]:
    """What the Python API gives for the prompt `a` with everything, and for `b` with nothing."""
    with LLM(quick, quick.with_name("tokenizer.bin"), threads=1) as llm:
        everything = SamplingParams(max_tokens=20, **{**EVERYTHING, "logit_bias": {70: 3.0}})
        return llm.generate(["a", "b"], [everything, SamplingParams(max_tokens=20)])


def check(row: dict[str, Any], result: Result) -> None:
    assert (row["status"], row["text"], row["finish_reason"]) == ("ok", result.text, result.finish_reason)
    assert len(row["choices"]) == 3 and row["choices"][0]["text"] == row["text"]
    for index, (own, choice) in enumerate(zip(row["choices"], result.choices, strict=True)):
        assert (own["seed"], own["text"], own["new_tokens"]) == (5 + index, choice.text, choice.new_tokens)
        said = choice.logprobs or ()
        assert [token for token, _, _ in own["logprobs"]] == list(choice.token_ids)
        assert [logprob for _, logprob, _ in own["logprobs"]] == [pytest.approx(one.logprob, abs=1e-6) for one in said]
        assert all(len(top) == 2 for _, _, top in own["logprobs"])
    assert row["logprobs"] == row["choices"][0]["logprobs"]


@pytest.mark.parametrize("mode", ["seq", "ws"])
def test_rows_of_both_kinds_give_what_the_python_api_gives(
    tmp_path: Path, quick: Path, wanted: list[Result], mode: str
) -> None:
    openai = {**EVERYTHING, "logprobs": True, "top_logprobs": 2, "max_completion_tokens": 20, "max_tokens": 3}
    body = {"model": "m", "messages": [{"role": "user", "content": "a"}], **openai}
    lines = [{"prompt": "a", **EVERYTHING}, {"prompt": "b"}, {"custom_id": "x", "body": body}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    settings = options(quick, mode=mode, workers=2, sequences=4)
    code, told, _ = batch(tmp_path, tmp_path / "in.jsonl", "-o", tmp_path / "r.jsonl", "--json", *settings)
    own, plain, theirs = rows_of(tmp_path / "r.jsonl")
    assert code == 0
    check(own, wanted[0])
    check(theirs, wanted[0])
    assert plain["text"] == wanted[1].text and "choices" not in plain and "logprobs" not in plain
    tokens = sum(choice["new_tokens"] for row in (own, theirs) for choice in row["choices"]) + plain["new_tokens"]
    assert json.loads(told)["new_tokens"] == tokens
    section = README.split("## results.jsonl")[1].split("\n## ")[0]
    assert all(f"`{name}`" in section for name in ChoiceRow.__struct_fields__)


def test_flags_are_for_rows_that_say_nothing_and_a_resume_with_others_is_refused(
    tmp_path: Path, quick: Path, wanted: list[Result]
) -> None:
    (tmp_path / "in.jsonl").write_text('{"prompt": "a"}\n' + json.dumps({"prompt": "a", "n": 1, "seed": 6}) + "\n")
    flags: list[object] = []
    for name, value in EVERYTHING.items():
        text = {"logit_bias": "70=3", "stop": "qq"}.get(name, value)
        flags += [f"--{name.replace('_', '-')}"] + ([] if value is True else [text])
    out = tmp_path / "r.jsonl"
    arguments = [tmp_path / "in.jsonl", "-o", out, *options(quick), *flags]
    assert batch(tmp_path, *arguments)[0] == 0
    first, second = rows_of(out)
    check(first, wanted[0])
    assert second["text"] == wanted[0].choices[1].text and "choices" not in second
    with (tmp_path / "in.jsonl").open("a") as file:
        file.write('{"prompt": "c"}\n')
    code, _, err = batch(tmp_path, *arguments, "--top-k", 41, "--resume")
    assert code == 2 and "was started with a different input, model or options: line 1 is not what row 0 was" in err
    code, told, _ = batch(tmp_path, *arguments, "--resume", "--json")
    assert code == 0 and json.loads(told)["reused"] == 2
    assert lasting(rows_of(out))[:2] == lasting([first, second]) and len(rows_of(out)) == 3


def test_streaming_shows_every_answer(tmp_path: Path, quick: Path) -> None:
    code, told, _ = batch(tmp_path, "-", "--stream", "--n", 2, *options(quick, sequences=2), text="one\ntwo\n")
    assert code == 0
    for name in (0, 1):
        assert f"[{name}] " in told and f"[{name}, answer 2] " in told
