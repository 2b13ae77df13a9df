"""Bodies of /v1/completions: texts and ids in all four shapes, and what this version cannot do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from server.made_answers import TEXT, WORDS

from llmproc.config import MAX_CHOICES
from llmproc.server.asking import DEFAULT_MAX_TOKENS, Asked
from llmproc.server.openai.reading import MAX_ANSWERS
from llmproc.server.openai.requests import CompletionRequest, without_effect
from llmproc.server.refusals import RefusedError


def read(**fields: Any) -> Asked:
    return TEXT.read(json.dumps({"prompt": "Once", **fields}).encode())


def refusal(**fields: Any) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        read(**fields)
    assert refused.value.status == 400 and "\n" not in refused.value.message
    return refused.value


@pytest.mark.parametrize(
    ("prompt", "prompts"),
    [
        ("Once", ("Once",)),
        ("", ("",)),
        (["Once"], ("Once",)),
        (["Once", "Twice"], ("Once", "Twice")),
        ([1, 2, 3], ([1, 2, 3],)),
        ([[1, 2], [3]], ([1, 2], [3])),
        (["Once", [3]], ("Once", [3])),
    ],
)
def test_a_prompt_is_texts_or_ids(prompt: Any, prompts: tuple[Any, ...]) -> None:
    asked = read(prompt=prompt)
    assert asked.prompts == prompts and asked.raw, "it is continued as it stands"


def test_defaults() -> None:
    sampling = read().sampling
    assert (sampling.temperature, sampling.top_p, sampling.max_tokens) == (1.0, 1.0, DEFAULT_MAX_TOKENS)
    assert (sampling.seed, sampling.n, sampling.logprobs) == (77, 1, None) and not read().echo


def test_logprobs_of_completions_are_a_number() -> None:
    assert read(logprobs=0).sampling.logprobs == 0 and read(logprobs=5).sampling.logprobs == 5
    assert refusal(logprobs=True).param == "logprobs"


def test_echo_and_its_limits() -> None:
    assert read(echo=True).echo and read(echo=True, prompt=["a", "b"]).echo
    assert "logprobs must be absent" in refusal(echo=True, logprobs=0).message
    assert "prompts must be texts" in refusal(echo=True, prompt=[[1]]).message


CLIENTS: dict[str, dict[str, Any]] = {
    "langchain": {
        "prompt": ["Once"], "n": 1, "logprobs": None, "seed": None, "frequency_penalty": 0, "presence_penalty": 0,
        "max_tokens": 9, "temperature": 0.7, "top_p": 1,
    },
    "llama-index": {"stream": False, "temperature": 0.1, "max_tokens": 9},
    "guidellm": {
        "stream": True, "stream_options": {"include_usage": True, "continuous_usage_stats": True}, "ignore_eos": True,
        "max_tokens": 9,
    },
    "vllm bench": {"stream": True, "repetition_penalty": 1.0, "logprobs": None, "max_tokens": 9, "temperature": 0.0},
    "sglang bench": {"best_of": 1, "max_tokens": 9, "ignore_eos": True, "temperature": 0.0},
    "nothing": {"max_tokens": 9, "suffix": "", "echo": False, "best_of": None, "stop": [], "logit_bias": {}},
    "newer name": {"max_tokens": 99, "max_completion_tokens": 9},
}  # fmt: skip


@pytest.mark.parametrize("client", CLIENTS)
def test_rule_10_known_no_refusal_of_completions(client: str) -> None:
    asked = read(model="m", **CLIENTS[client])
    assert asked.prompts == ("Once",) and asked.sampling.max_tokens == 9 and not asked.ignored


def test_fields_without_effect_are_fewer_than_those_of_chats() -> None:
    names = without_effect(CompletionRequest)
    assert "user" in names and "tool_choice" not in names
    assert read(user="ann").ignored == ("user",)
    assert refusal(tool_choice="auto").message.startswith("tool_choice is unknown here")


@pytest.mark.parametrize(
    ("fields", "param", "words"),
    [
        ({"prompt": None}, "prompt", "is null"),
        ({"prompt": []}, "prompt", "1 or more items"),
        ({"prompt": [[]]}, "prompt[0]", "1 or more items"),
        ({"prompt": [1.5]}, "prompt[0]", "is 1.5"),
        ({"prompt": [True]}, "prompt[0]", "is true"),
        ({"prompt": [-1]}, "prompt[0]", "from 0 to 2147483647"),
        ({"prompt": [1 << 31]}, "prompt[0]", "from 0 to 2147483647"),
        ({"prompt": [[1, "a"]]}, "prompt[0][1]", "is 'a'"),
        ({"prompt": [1, "a"]}, "prompt", "mixes token ids with prompts"),
        ({"prompt": [len(WORDS)]}, "prompt", f"must be from 0 to {len(WORDS) - 1}"),
        ({"prompt": [[0], [len(WORDS)]]}, "prompt", f"must be from 0 to {len(WORDS) - 1}"),
        ({"prompt": ["a"] * 9, "n": MAX_CHOICES}, "prompt", f"9 times {MAX_CHOICES} answers: must be {MAX_ANSWERS}"),
        ({"best_of": 2}, "best_of", "must be a whole number that is 1"),
        ({"suffix": "end"}, "suffix", "must be empty"),
        ({"messages": []}, "messages", "is unknown here"),
        ({"min_tokens": 5, "max_completion_tokens": 4}, "min_tokens", "max_tokens, 4"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(fields: dict[str, Any], param: str, words: str) -> None:
    error = refusal(**fields)
    assert error.param == param and error.message.startswith(param) and words in error.message


def test_as_many_answers_as_are_allowed() -> None:
    assert len(read(prompt=["a"] * (MAX_ANSWERS // 2), n=2).prompts) * 2 == MAX_ANSWERS
    assert refusal(prompt=["a"] * (MAX_ANSWERS + 1)).param == "prompt"
