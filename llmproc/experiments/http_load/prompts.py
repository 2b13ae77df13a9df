"""Requests whose prompts have a known number of tokens, each another one. Pure: text in, bytes out.

A prompt is a row of digits: in vocabularies that split numbers into digits (SmolLM's, Llama 2's) each is one token,
which an answer's `usage` confirms. No two begin alike, so no server finds much of one in a cache of earlier ones.
Source of the fields: OpenAI's API reference, completions; `ignore_eos` is an extension that both llama-server and we
have. llama-cpp-python's server knows neither `ignore_eos` nor `stream_options`, and leaves out what it does not know.
"""

from __future__ import annotations

import json
import random

PATH = "/v1/completions"


def digits(count: int, seed: int) -> str:
    """Return a prompt of `count` digits."""
    return "".join(random.Random(seed).choices("0123456789", k=count))


def completion_body(prompt: str, new_tokens: int) -> str:
    """Return the JSON of a request for exactly `new_tokens` more, streamed, the likeliest one each time."""
    return json.dumps(
        {
            "model": "any",
            "prompt": prompt,
            "max_tokens": new_tokens,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
            "ignore_eos": True,
        }
    )


def bodies_for(clients: int, each: int, prompt_tokens: int, new_tokens: int, first_seed: int) -> list[list[str]]:
    """Return the requests of each client; those of another `first_seed`, at least their number away, are others."""
    return [
        [
            completion_body(digits(prompt_tokens, first_seed + client * each + number), new_tokens)
            for number in range(each)
        ]
        for client in range(clients)
    ]
