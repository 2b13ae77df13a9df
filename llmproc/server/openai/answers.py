"""Complete answers as one JSON document, and what they and the ends of streams have in common. Used by the dialects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from llmproc.server.asking import About, Asked, Ended, Piece
from llmproc.server.one_line import one_line
from llmproc.server.openai.fresh import Fresh
from llmproc.server.openai.logprobs import TokenPieces, of_chat, of_text
from llmproc.server.openai.responses import (
    AnsweredCall,
    AnsweredFunction,
    AnswerMessage,
    CachedTokens,
    ChatChoice,
    ChatCompletion,
    FinishWord,
    ReasoningTokens,
    TextChoice,
    TextCompletion,
    Usage,
)
from llmproc.server.refusals import RefusedError
from llmproc.service.messages import FinishReason

_Choice = TypeVar("_Choice", ChatChoice, TextChoice)
_WORDS: dict[FinishReason, FinishWord] = {"end": "stop", "stop": "stop", "length": "length", "context": "length"}
CHAT_ID, TEXT_ID, CALL_ID = "chatcmpl-", "cmpl-", "call_"


def finish_word(ended: Ended) -> FinishWord | None:
    """Return OpenAI's word for how an answer ended; None if it failed or was cancelled."""
    if ended.calls_functions:
        return "tool_calls"
    return None if ended.result.error else _WORDS.get(ended.result.finish_reason)


def failure(ended: Sequence[Ended]) -> str | None:
    """Return what to tell a client of the first answer that did not end by itself; None if all did."""
    bad = next((one for one in ended if finish_word(one) is None), None)
    return None if bad is None else bad.result.error or f"the answer was {bad.result.finish_reason}"


def usage(asked: Asked, ended: Sequence[Ended]) -> Usage:
    """Return the tokens of a request; `ended` in the order of choices."""
    n = asked.sampling.n
    by_prompt = [ended[first : first + n] for first in range(0, len(ended), n)]
    prompt = sum(group[0].result.prompt_tokens for group in by_prompt)
    cached = sum(min(one.result.cached_tokens for one in group) for group in by_prompt)
    completion = sum(one.result.new_tokens for one in ended)
    reasoning = sum(one.reasoning_tokens for one in ended)
    return Usage(prompt, completion, prompt + completion, CachedTokens(cached), ReasoningTokens(reasoning))


def chat_completion(
    asked: Asked, about: About, pieces: Sequence[Piece], ended: Sequence[Ended], tokens: TokenPieces, fresh: Fresh
) -> bytes:
    """Return the body of a complete chat answer. RefusedError (500) if a choice failed."""

    def choice(one: Ended, word: FinishWord, own: Sequence[Piece]) -> ChatChoice:
        calls = [
            AnsweredCall(CALL_ID + fresh.word(), "function", AnsweredFunction(call.name, call.arguments))
            for call in one.calls
        ]
        said = None if calls and not one.text else one.text
        message = AnswerMessage("assistant", said, one.reasoning or None, calls or None)
        logprobs = None if asked.sampling.logprobs is None else of_chat(own, tokens)
        return ChatChoice(one.choice, message, logprobs, word, one.result.timings, one.bill)

    return one_line(
        ChatCompletion(
            CHAT_ID + fresh.word(),
            "chat.completion",
            int(fresh.now()),
            about.model,
            about.fingerprint,
            _choices(choice, pieces, ended),
            usage(asked, ended),
            asked.sampling.seed,
        )
    )


def text_completion(
    asked: Asked, about: About, pieces: Sequence[Piece], ended: Sequence[Ended], tokens: TokenPieces, fresh: Fresh
) -> bytes:
    """Return the body of complete continuations. RefusedError (500) if a choice failed."""

    def choice(one: Ended, word: FinishWord, own: Sequence[Piece]) -> TextChoice:
        logprobs = None if asked.sampling.logprobs is None else of_text(own, tokens)
        return TextChoice(one.choice, one.text, logprobs, word, one.result.timings, one.bill)

    return one_line(
        TextCompletion(
            TEXT_ID + fresh.word(),
            "text_completion",
            int(fresh.now()),
            about.model,
            about.fingerprint,
            _choices(choice, pieces, ended),
            usage(asked, ended),
            asked.sampling.seed,
        )
    )


def _choices(
    make: Callable[[Ended, FinishWord, Sequence[Piece]], _Choice], pieces: Sequence[Piece], ended: Sequence[Ended]
) -> list[_Choice]:
    own: list[list[Piece]] = [[] for _ in ended]
    for piece in pieces:
        own[piece.choice].append(piece)
    found = []
    for one in ended:
        word = finish_word(one)
        if word is None:
            raise RefusedError(failure(ended) or "", 500, code="request_failed")
        found.append(make(one, word, own[one.choice]))
    return found
