"""Complete answers: OpenAI's objects field by field, and ours beside them."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from server.made_answers import ABOUT, CHAT, TEXT, asked, ended, piece

from llmproc.engine.shaping import Likely
from llmproc.server.asking import Ended, Piece
from llmproc.server.openai.responses import ChatCompletion, TextCompletion
from llmproc.server.refusals import RefusedError

TOOK = {
    "timings": {"queue_s": 0.25, "prefill_s": 0.5, "decode_s": 1.0, "total_s": 1.75, "tokens_per_s": 3.0},
    "resources": {"cpu_user_s": 1.5, "cpu_system_s": 0.25, "cpu_wait_s": 0.125, "kv_bytes": 4096},
}


def whole(dialect: Any, ends: list[Ended], pieces: list[Piece] | None = None, prompts: int = 1, **options: Any) -> Any:
    return json.loads(dialect.whole(asked(prompts, **options), ABOUT, pieces or [], ends))


def test_a_chat_field_by_field() -> None:
    assert whole(CHAT, [ended()]) == {
        "id": "chatcmpl-abc",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "stories",
        "system_fingerprint": "stories-1a2b-0.1-avx2",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "A pipe"},
                "logprobs": None,
                "finish_reason": "stop",
                **TOOK,
            }
        ],
        "usage": {
            "prompt_tokens": 5,
            "completion_tokens": 3,
            "total_tokens": 8,
            "prompt_tokens_details": {"cached_tokens": 2},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
        "seed": 77,
    }


def test_a_completion_field_by_field() -> None:
    found = whole(TEXT, [ended(reason="length")])
    assert (found["id"], found["object"], found["seed"]) == ("cmpl-abc", "text_completion", 77)
    assert found["choices"] == [{"index": 0, "text": "A pipe", "logprobs": None, "finish_reason": "length", **TOOK}]


def test_reasoning_stands_apart_and_is_counted() -> None:
    found = whole(CHAT, [ended(text="4", reasoning="2 and 2", reasoning_tokens=3)])
    message = found["choices"][0]["message"]
    assert message == {"role": "assistant", "content": "4", "reasoning_content": "2 and 2"}
    assert found["usage"]["completion_tokens_details"] == {"reasoning_tokens": 3}


def test_choices_of_several_prompts() -> None:
    ends = [ended(choice, text=f"text {choice}", cached_tokens=choice) for choice in range(4)]
    found = whole(TEXT, ends, prompts=2, n=2)
    assert [(one["index"], one["text"]) for one in found["choices"]] == [(i, f"text {i}") for i in range(4)]
    usage = found["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (10, 12, 22)
    assert usage["prompt_tokens_details"]["cached_tokens"] == 2, "what neither choice of a prompt computed"


def test_log_probabilities_go_to_their_choice() -> None:
    pieces = [
        piece(2, 1, likely=[Likely(-1.0)]),
        piece(1, 0, likely=[Likely(-0.5)]),
        piece(6, 1, likely=[Likely(-2.0)]),
    ]
    found = whole(CHAT, [ended(0), ended(1)], pieces, n=2, logprobs=0)
    told = [[one["token"] for one in choice["logprobs"]["content"]] for choice in found["choices"]]
    assert told == [["A"], [" pipe", "."]]
    found = whole(TEXT, [ended(0), ended(1)], pieces, n=2, logprobs=0)
    assert [choice["logprobs"]["text_offset"] for choice in found["choices"]] == [[0], [0, 5]]


@pytest.mark.parametrize(("dialect", "kind"), [(CHAT, ChatCompletion), (TEXT, TextCompletion)])
def test_bodies_are_of_the_published_types(dialect: Any, kind: Any) -> None:
    body = dialect.whole(asked(logprobs=1), ABOUT, [piece(1, likely=[Likely(-1.0, [(2, -1.0)])])], [ended()])
    found = msgspec.json.decode(body, type=kind)
    assert (
        msgspec.to_builtins(found)["choices"][0]["logprobs"] and json.loads(body).keys() == kind.__annotations__.keys()
    )


@pytest.mark.parametrize("dialect", [CHAT, TEXT])
def test_a_failed_choice_fails_the_answer(dialect: Any) -> None:
    failed = ended(1, reason="failed")
    with pytest.raises(RefusedError, match="the answer was failed") as refused:
        dialect.whole(asked(n=2), ABOUT, [], [ended(0), failed])
    assert refused.value.status == 500 and refused.value.code == "request_failed"
    assert json.loads(dialect.errors.refusal(refused.value))["error"]["type"] == "server_error"


def test_an_error_wins_over_the_reason() -> None:
    with pytest.raises(RefusedError, match="the worker died three times"):
        CHAT.whole(asked(), ABOUT, [], [ended(reason="end", error="the worker died three times")])


def test_halves_of_surrogate_pairs_do_not_break_an_answer() -> None:
    assert whole(CHAT, [ended(text="a\ud800")])["choices"][0]["message"]["content"] == "a\ufffd"
