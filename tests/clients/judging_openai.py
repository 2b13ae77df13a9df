"""OpenAI's shapes: what a whole answer and a stream must hold for the official clients and those built on them."""

from __future__ import annotations

from typing import Any

REASONS = ("stop", "length")


def limit_of(asked: dict[str, Any]) -> int | None:
    return asked.get("max_completion_tokens") or asked.get("max_tokens")


def prompts_of(asked: dict[str, Any]) -> int:
    """How many prompts a request brings: several texts, or lists of ids, of /v1/completions."""
    prompt = asked.get("prompt")
    return len(prompt) if isinstance(prompt, list) and not all(isinstance(one, int) for one in prompt) else 1


def judge_openai_document(asked: dict[str, Any], path: str, document: dict[str, Any]) -> None:
    """One JSON answer of /v1."""
    if path == "/v1/models":
        assert document["object"] == "list" and document["data"]
        for card in document["data"]:
            assert card["object"] == "model" and card["id"] and isinstance(card["created"], int) and "owned_by" in card
        return
    chat = path == "/v1/chat/completions"
    assert document["object"] == ("chat.completion" if chat else "text_completion")
    judge_head(document)
    choices = document["choices"]
    assert [choice["index"] for choice in choices] == list(range(prompts_of(asked) * (asked.get("n") or 1)))
    for choice in choices:
        assert choice["finish_reason"] in REASONS
        if chat:
            assert choice["message"]["role"] == "assistant" and isinstance(choice["message"]["content"], str)
        else:
            assert isinstance(choice["text"], str)
        judge_logprobs(asked, choice, chat)
    judge_usage(asked, document["usage"], [choice["finish_reason"] for choice in choices])


def judge_head(document: dict[str, Any]) -> None:
    assert isinstance(document["id"], str) and document["id"]
    assert isinstance(document["created"], int) and document["created"] > 1_600_000_000
    assert isinstance(document["model"], str) and document["model"]


def judge_usage(asked: dict[str, Any], usage: dict[str, Any], reasons: list[str]) -> None:
    prompt, completion = usage["prompt_tokens"], usage["completion_tokens"]
    assert usage["total_tokens"] == prompt + completion and prompt > 0
    if (limit := limit_of(asked)) is not None:
        assert completion <= limit * len(reasons)
        if asked.get("ignore_eos"):  # rule 11
            assert completion == limit * len(reasons) and set(reasons) == {"length"}


def judge_logprobs(asked: dict[str, Any], choice: dict[str, Any], chat: bool) -> None:
    if not asked.get("logprobs"):
        assert choice.get("logprobs") is None
    elif chat:
        for entry in choice["logprobs"]["content"]:
            judge_entry(entry)
            assert len(entry["top_logprobs"]) == (asked.get("top_logprobs") or 0)
            for top in entry["top_logprobs"]:
                judge_entry(top)
    else:
        found = choice["logprobs"]
        assert len(found["tokens"]) == len(found["token_logprobs"]) == len(found["text_offset"])


def judge_entry(entry: dict[str, Any]) -> None:
    assert isinstance(entry["token"], str) and entry["logprob"] <= 0
    assert entry["bytes"] is None or all(0 <= byte <= 255 for byte in entry["bytes"])


def judge_chunks(asked: dict[str, Any], path: str, chunks: list[dict[str, Any]]) -> None:
    """The events of a stream: rules 6 (role), 7 (fields), 9 (usage)."""
    chat = path == "/v1/chat/completions"
    options = asked.get("stream_options") or {}
    with_choices = [chunk for chunk in chunks if chunk["choices"]]
    reasons = judge_choices(with_choices, prompts_of(asked) * (asked.get("n") or 1), chat)
    assert len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in chunks}) == 1
    for chunk in chunks:
        judge_head(chunk)
        assert chunk["object"] == ("chat.completion.chunk" if chat else "text_completion")
        for choice in chunk["choices"]:
            judge_logprobs_of_chunk(asked, choice)
    if options.get("include_usage"):
        assert len(chunks) == len(with_choices) + 1 and chunks[-1]["choices"] == []
        judge_usage(asked, chunks[-1]["usage"], reasons)
    else:
        assert chunks == with_choices
    running = [chunk["usage"] for chunk in with_choices if chunk.get("usage") is not None]
    assert not running or options.get("continuous_usage_stats")
    counts = [usage["completion_tokens"] for usage in running]
    assert counts == sorted(counts)


def judge_choices(chunks: list[dict[str, Any]], expected: int, chat: bool) -> list[str]:
    """What each choice's chunks say one after another; return their reasons."""
    reasons: dict[int, str] = {}
    begun: set[int] = set()
    for choice in (choice for chunk in chunks for choice in chunk["choices"]):
        index, reason = choice["index"], choice["finish_reason"]
        assert index not in reasons, "a chunk after the one with the reason"
        assert reason is None or reason in REASONS
        if chat:
            assert (choice["delta"].get("role") == "assistant") is (index not in begun), "role: once, and first"
            assert "role" not in choice["delta"] or choice["delta"]["role"]
        else:
            assert isinstance(choice["text"], str)
        begun.add(index)
        if reason is not None:
            reasons[index] = reason
    assert sorted(reasons) == list(range(expected)), "each choice ends once"
    return [reasons[index] for index in sorted(reasons)]


def judge_logprobs_of_chunk(asked: dict[str, Any], choice: dict[str, Any]) -> None:
    if not asked.get("logprobs"):
        assert choice.get("logprobs") is None
    elif "delta" in choice and choice["delta"].get("content"):
        for entry in choice["logprobs"]["content"]:
            judge_entry(entry)
