"""The flags of token sampling: what becomes of them, and which verbs refuse which."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llmproc.apps.batch import options as batch
from llmproc.apps.chat import options as chat
from llmproc.apps.compare_modes import options as compare_modes
from llmproc.apps.threads import options as threads
from llmproc.config import Environment, SamplingParams
from llmproc.errors import UsageError

FLAGS = [
    "--top-k", "40", "--min-p", "0.05", "--presence-penalty", "-0.5", "--frequency-penalty", "0.25",
    "--repetition-penalty", "1.1", "--logit-bias", "15=-100,7=2.5", "--ignore-eos", "--min-tokens", "3",
]  # fmt: skip
WANTED: dict[str, Any] = {
    "top_k": 40, "min_p": 0.05, "presence_penalty": -0.5, "frequency_penalty": 0.25, "repetition_penalty": 1.1,
    "logit_bias": {15: -100, 7: 2.5}, "ignore_eos": True, "min_tokens": 3,
}  # fmt: skip
STOP = ["--stop", "a", "--stop", '["b"]']
VERBS: dict[str, tuple[Any, list[str]]] = {
    "chat": (chat.parse_options, []),
    "batch": (batch.parse_options, ["prompts.txt"]),
    "threads": (threads.parse_options, ["2", "42", "Hello"]),
    "compare-modes": (compare_modes.parse_options, []),
}


def sampling(verb: str, *flags: str) -> SamplingParams:
    parse, arguments = VERBS[verb]
    found = parse(verb, [*arguments, *flags], Environment())
    assert isinstance(found.sampling, SamplingParams)
    return found.sampling


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_that_answers_prompts_has_them(verb: str) -> None:
    assert sampling(verb) == SamplingParams()
    assert sampling(verb, *FLAGS) == SamplingParams(**WANTED)


@pytest.mark.parametrize("verb", ["chat", "batch"])
def test_several_answers_stop_texts_and_log_probabilities(verb: str) -> None:
    """A stop text of the command line is taken as it is: a shell has quotes of its own."""
    found = sampling(verb, *STOP, "--n", "3", "--logprobs", "2")
    assert found == SamplingParams(stop=("a", '["b"]'), n=3, logprobs=2)
    assert sampling("threads", *STOP).stop == ("a", '["b"]')


@pytest.mark.parametrize("verb", ["chat", "batch", "threads", "compare-modes"])
def test_a_schema_is_its_text_or_a_file(verb: str, tmp_path: Path) -> None:
    schema = '{"type": "boolean"}'
    (tmp_path / "schema.json").write_text(schema)
    for given in (schema, str(tmp_path / "schema.json")):
        assert sampling(verb, "--json-schema", given) == SamplingParams(json_schema=schema)
    with pytest.raises(UsageError, match=r"^--json-schema is no\.json: "):
        sampling(verb, "--json-schema", "no.json")
    with pytest.raises(UsageError, match=r"json_schema is '{': must be a JSON object"):
        sampling(verb, "--json-schema", "{")


@pytest.mark.parametrize(
    ("verb", "flags"),
    [
        ("threads", ["--n", "2"]), ("threads", ["--logprobs", "2"]), ("compare-modes", ["--n", "2"]),
        ("compare-modes", ["--logprobs", "2"]), ("compare-modes", ["--stop", "a"]),
    ],
)  # fmt: skip
def test_a_verb_that_cannot_refuses_by_name(verb: str, flags: list[str]) -> None:
    with pytest.raises(UsageError, match=f"unrecognized arguments: {flags[0]}"):
        sampling(verb, *flags)


@pytest.mark.parametrize(
    "flags", [["--n", "2"], ["--stop", "a"], ["--ignore-eos"], ["--min-tokens", "1"], ["--logprobs", "0"]]
)
@pytest.mark.parametrize("verb", ["chat", "threads"])
def test_what_changes_the_form_of_an_answer_is_refused_with_the_exercise(verb: str, flags: list[str]) -> None:
    with pytest.raises(UsageError, match=f"{flags[0]}( cannot be used with --course|.*--help)"):
        sampling(verb, "--course", *flags)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--top-k", "x"], "--top-k is x: must be a whole number"),
        (["--top-k", "-2"], "top_k is -2"),
        (["--logit-bias", "x"], "logit_bias is x: must look like 15=-100,7=2.5"),
        (["--logit-bias", "5=1e9"], "logit_bias is 1000000000.0: must be from -100 to 100"),
        (["--stop", ""], "stop is '': must have from 1 to 512 characters"),
        (["--min-tokens", "9", "--max-tokens", "8"], "min_tokens is 9: must be from 0 to max_tokens, 8"),
        (["--n", "129"], "n is 129: must be from 1 to 128"),
    ],
)
def test_a_bad_value_is_named(flags: list[str], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        sampling("batch", *flags)
    assert words in str(caught.value)
