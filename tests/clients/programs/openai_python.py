"""The official Python client, 2.x and 3.x alike: `openai_python.py BASE_URL`."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import openai
from cases import named, serve
from openai_batches import (
    batch_begun,
    batch_cancelled,
    batch_completed,
    batch_expired,
    batch_fetched,
    batch_with_errors,
)

BASE, MODEL = sys.argv[1] + "/v1", "llama3.2"
HELLO: list[Any] = [{"role": "user", "content": "hello"}]
FIXED: dict[str, Any] = {"model": MODEL, "temperature": 0, "seed": 1, "max_tokens": 8}


def client(**settings: Any) -> openai.OpenAI:
    return openai.OpenAI(base_url=BASE, api_key="none", **settings)


def told(completion: Any) -> dict[str, Any]:
    """What a whole answer says."""
    return {
        "texts": [choice.message.content for choice in completion.choices],
        "reasons": [choice.finish_reason for choice in completion.choices],
        "usage": completion.usage.to_dict(),
        "model": completion.model,
        "fingerprint": completion.system_fingerprint,
    }


def gathered(chunks: list[Any]) -> dict[str, Any]:
    """What the chunks of a stream say together."""
    texts: dict[int, str] = {}
    roles, reasons = [], []
    for choice in (choice for chunk in chunks for choice in chunk.choices):
        texts[choice.index] = texts.get(choice.index, "") + (choice.delta.content or "")
        roles += [choice.delta.role] if choice.delta.role else []
        reasons += [choice.finish_reason] if choice.finish_reason else []
    usages = [chunk.usage.to_dict() for chunk in chunks if chunk.usage is not None]
    return {"texts": [texts[i] for i in sorted(texts)], "roles": roles, "reasons": reasons, "usages": usages,
            "ids": len({chunk.id for chunk in chunks})}  # fmt: skip


def chat() -> Any:
    return told(client().chat.completions.create(messages=HELLO, **FIXED))


def chat_without_limit() -> Any:
    return told(client().chat.completions.create(messages=HELLO, model=MODEL))


def chat_roles() -> Any:
    messages: list[Any] = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "hello"}]},
        {"role": "assistant", "content": "Hi."},
        {"role": "user", "content": "again"},
    ]
    return told(client().chat.completions.create(messages=messages, model=MODEL, max_completion_tokens=8, n=1))


def chat_stream() -> Any:
    return gathered(list(client().chat.completions.create(messages=HELLO, stream=True, **FIXED)))


def chat_stream_usage() -> Any:
    options: Any = {"include_usage": True}
    stream = client().chat.completions.create(messages=HELLO, stream=True, stream_options=options, **FIXED)
    return gathered(list(stream))


async def chat_async() -> Any:
    async with openai.AsyncOpenAI(base_url=BASE, api_key="none") as asynchronous:
        return told(await asynchronous.chat.completions.create(messages=HELLO, **FIXED))


async def chat_stream_async() -> Any:
    async with openai.AsyncOpenAI(base_url=BASE, api_key="none") as asynchronous:
        stream = await asynchronous.chat.completions.create(messages=HELLO, stream=True, **FIXED)
        return gathered([chunk async for chunk in stream])


def stream_helper() -> Any:
    """An answer that ends at a limit is an exception to some versions; the events before it are the proof."""
    texts, kinds = [], set()
    try:
        with client().chat.completions.stream(messages=HELLO, **FIXED) as stream:
            for event in stream:
                kinds.add(event.type)
                texts += [event.delta] if event.type == "content.delta" else []
            final = stream.get_final_completion().choices[0].message.content
    except openai.LengthFinishReasonError as error:
        final = error.completion.choices[0].message.content
    return {"texts": ["".join(texts)], "kinds": sorted(kinds), "final": final}


async def stream_helper_async() -> Any:
    texts, kinds = [], set()
    async with openai.AsyncOpenAI(base_url=BASE, api_key="none") as asynchronous:
        try:
            async with asynchronous.chat.completions.stream(messages=HELLO, **FIXED) as stream:
                async for event in stream:
                    kinds.add(event.type)
                    texts += [event.delta] if event.type == "content.delta" else []
                final = (await stream.get_final_completion()).choices[0].message.content
        except openai.LengthFinishReasonError as error:
            final = error.completion.choices[0].message.content
    return {"texts": ["".join(texts)], "kinds": sorted(kinds), "final": final}


def logprobs() -> Any:
    answer = client().chat.completions.create(messages=HELLO, logprobs=True, top_logprobs=2, **FIXED)
    return {**told(answer), "logprobs": answer.choices[0].logprobs.to_dict()}


def logprobs_stream() -> Any:
    stream = client().chat.completions.create(messages=HELLO, logprobs=True, top_logprobs=2, stream=True, **FIXED)
    chunks = list(stream)
    found = [choice.logprobs for chunk in chunks for choice in chunk.choices if choice.logprobs]
    return {**gathered(chunks), "entries": [entry.to_dict() for one in found for entry in one.content or []]}


def choices() -> Any:
    return told(client().chat.completions.create(messages=HELLO, **{**FIXED, "temperature": 1}, n=3))


def choices_stream() -> Any:
    return gathered(
        list(client().chat.completions.create(messages=HELLO, stream=True, n=3, **{**FIXED, "temperature": 1}))
    )


def first_choice() -> Any:
    return told(client().chat.completions.create(messages=HELLO, **{**FIXED, "temperature": 1}))


def options() -> Any:
    return told(client().chat.completions.create(
        messages=HELLO, model=MODEL, max_tokens=8, temperature=0.7, top_p=0.9, seed=3, stop=["\n\n"], user="someone",
        presence_penalty=0.1, frequency_penalty=0.1, logit_bias={"5": -1}, extra_body={"top_k": 20, "min_p": 0.01},
    ))  # fmt: skip


def completions() -> Any:
    answer = client().completions.create(prompt="once", **FIXED)
    return {"texts": [choice.text for choice in answer.choices], "reasons": [c.finish_reason for c in answer.choices],
            "usage": answer.usage.to_dict(), "object": answer.object}  # fmt: skip


def completions_stream() -> Any:
    chunks = list(client().completions.create(prompt="once", stream=True, **FIXED))
    return {"texts": ["".join(choice.text for chunk in chunks for choice in chunk.choices)],
            "reasons": [c.finish_reason for chunk in chunks for c in chunk.choices if c.finish_reason]}  # fmt: skip


def models() -> Any:
    return [model.id for model in client().models.list()]


def refused() -> Any:
    return told(client().chat.completions.create(messages=HELLO, model=MODEL, temperature=-1))


SHORT: dict[str, Any] = {"model": MODEL, "input": "hello", "temperature": 0, "max_output_tokens": 8}


def responses() -> Any:
    answer = client().responses.create(**SHORT)
    return {"text": answer.output_text, "status": answer.status, "usage": answer.usage.to_dict()}


def responses_stream() -> Any:
    events = list(client().responses.create(stream=True, **SHORT))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    return {"text": text, "types": [event.type for event in events], "last": events[-1].type}


def responses_helper() -> Any:
    """The helper has a final response only for an answer that the model ended; else the last event has it."""
    with client().responses.stream(model=MODEL, input="hello", temperature=0) as stream:
        events = list(stream)
        text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        try:
            final = stream.get_final_response()
        except RuntimeError:
            final = events[-1].response
        return {"text": text, "final": final.output_text}


def responses_retrieved() -> Any:
    return client().responses.retrieve("resp_0").to_dict()


def embeddings() -> Any:
    return client().embeddings.create(model=MODEL, input="hello", encoding_format="float").to_dict()


def parsed() -> Any:
    """Answers as objects of a pydantic model, whole and by the stream helper."""
    from pydantic import BaseModel, Field

    class Answer(BaseModel):
        kind: Literal["pipe", "socket", "file"]
        words: list[Literal["red", "green"]] = Field(max_length=3)
        size: int = Field(ge=0, le=99)

    asked: dict[str, Any] = {"model": MODEL, "messages": HELLO, "response_format": Answer, "temperature": 0, "seed": 1}
    found = client().chat.completions.parse(**asked, max_tokens=300).choices[0].message.parsed
    with client().chat.completions.stream(**asked, max_tokens=300) as stream:
        streamed = stream.get_final_completion().choices[0].message.parsed
    return {"same": found == streamed, **found.model_dump()}


def called() -> Any:
    """A call that must come, whole and by the stream helper."""
    kind = {"type": "object", "properties": {"kind": {"enum": ["pipe", "file"]}}, "required": ["kind"],
            "additionalProperties": False}  # fmt: skip
    tool = {"type": "function", "function": {"name": "look", "description": "look it up", "parameters": kind}}
    asked: dict[str, Any] = {
        "model": MODEL, "messages": HELLO, "tools": [tool], "tool_choice": "required", "parallel_tool_calls": False,
        "temperature": 0, "seed": 1, "max_tokens": 400,
    }  # fmt: skip
    whole = client().chat.completions.create(**asked).choices[0]
    with client().chat.completions.stream(**asked) as stream:
        kinds = [event.type for event in stream]
        streamed = stream.get_final_completion().choices[0]
    functions = [choice.message.tool_calls[0].function for choice in (whole, streamed)]
    reasons = [choice.finish_reason for choice in (whole, streamed)]
    return {"calls": [[one.name, one.arguments] for one in functions], "reasons": reasons, "kinds": kinds}


def closed_early() -> Any:
    """A stream that is left after its first text, properly closed; then the server answers the next one."""
    with client().chat.completions.create(messages=HELLO, stream=True, **{**FIXED, "max_tokens": 200}) as stream:
        next(iter(stream))
    return chat()


def hundred_streams() -> Any:
    """How many of a hundred streams, one after another, ended with a reason."""
    one = client()
    ended = 0
    for _ in range(100):
        chunks = list(one.chat.completions.create(messages=HELLO, stream=True, **{**FIXED, "max_tokens": 2}))
        ended += sum(bool(choice.finish_reason) for chunk in chunks for choice in chunk.choices)
    return ended


def together() -> Any:
    """24 answers at once, each retried by the client if the queue is full."""
    patient = client(max_retries=100)
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda _: patient.chat.completions.create(messages=HELLO, **FIXED), range(24)))
    return [told(answer)["texts"][0] for answer in answers]


def impatient() -> Any:
    """One answer to a client that does not retry."""
    return told(client(max_retries=0).chat.completions.create(messages=HELLO, **FIXED))


serve("openai", named(
    chat, chat_without_limit, chat_roles, chat_stream, chat_stream_usage, chat_async, chat_stream_async, stream_helper,
    stream_helper_async, logprobs, logprobs_stream, choices, choices_stream, first_choice, options, completions,
    completions_stream, models, refused, responses, responses_stream, responses_helper,
    responses_retrieved, embeddings, closed_early, hundred_streams, together, impatient, batch_completed,
    batch_cancelled, batch_expired, batch_with_errors, batch_begun, batch_fetched, parsed, called,
))  # fmt: skip
