"""Thousands of requests of five prompts through litellm, without max_tokens: `litellm_mass.py BASE_URL`.

The shape of a stress run that users have: REQUESTS in all (25,000 unless $REQUESTS says otherwise), at most $IN_FLIGHT
(100) at the same time. An exception is an error, never a success. $RETRIES: litellm's num_retries for each (0).
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import Counter
from typing import Any

import litellm
from cases import named, serve

URL = sys.argv[1] + "/v1"
COUNT, IN_FLIGHT = int(os.environ.get("REQUESTS", "25000")), int(os.environ.get("IN_FLIGHT", "100"))
RETRIES = int(os.environ.get("RETRIES", "0"))
PROMPTS = (
    "Tell me a story about a fox.",
    "What is the capital of France?",
    "Write one sentence about the sea.",
    "Why is the sky blue?",
    "Count to ten.",
)
litellm.telemetry = False


def causes(error: BaseException | None) -> str:
    """An exception and those behind it: litellm's own says no more than `Connection error`."""
    found = []
    while error is not None and len(found) < 6:
        found.append(f"{type(error).__name__}: {error}"[:200])
        error = error.__cause__ or error.__context__
    return " <- ".join(found)


async def one(number: int, places: asyncio.Semaphore, state: Counter[str], errors: list[str]) -> None:
    """Ask once, when there is a place, and count what came."""
    messages = [{"role": "user", "content": PROMPTS[number % len(PROMPTS)]}]
    async with places:
        state["in flight"] += 1
        state["most in flight"] = max(state["most in flight"], state["in flight"])
        begun = time.monotonic()
        try:
            answer: Any = await litellm.acompletion(
                model="openai/llama3.2", api_base=URL, api_key="none", messages=messages, num_retries=RETRIES
            )
            choice = answer.choices[0]
            state["complete"] += choice.finish_reason in ("stop", "length") and isinstance(choice.message.content, str)
            state["completion tokens"] += answer.usage.completion_tokens
        except Exception as error:
            state["errors"] += 1
            if len(errors) < 20:
                errors.append(f"{time.monotonic() - begun:.1f} s: {causes(error)}")
        state["in flight"] -= 1


async def mass() -> Any:
    state: Counter[str] = Counter({"complete": 0, "errors": 0})
    errors: list[str] = []
    places = asyncio.Semaphore(IN_FLIGHT)
    begun = time.monotonic()
    await asyncio.gather(*(one(number, places, state, errors) for number in range(COUNT)))
    return {**state, "requests": COUNT, "seconds": time.monotonic() - begun, "first errors": errors}


serve("litellm", named(mass))
