"""Which model a server has, by GET /models. Used before the first request of a run."""

from __future__ import annotations

import asyncio

import httpx
import msgspec

from llmproc.client.endpoint import RemoteEndpoint
from llmproc.client.reading import error_message
from llmproc.client.reasons import reason_of
from llmproc.errors import RemoteServerError

_TIMEOUT_S = 30.0


class _ListedModel(msgspec.Struct, frozen=True):
    id: str


class _ModelListing(msgspec.Struct, frozen=True):
    data: list[_ListedModel]


async def list_models(client: httpx.AsyncClient, endpoint: RemoteEndpoint) -> list[str]:
    """Return the names a server lists. RemoteServerError when it cannot be asked, or answers something else."""
    url = f"{endpoint.base_url}/models"
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            response = await client.get(url)
    except TimeoutError:
        raise RemoteServerError(f"{url}: no answer after {_TIMEOUT_S:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise RemoteServerError(f"{url}: cannot be asked: {reason_of(error, type(error).__name__)}") from None
    if response.status_code != 200:
        told = error_message(response.content)
        raise RemoteServerError(f"{url}: status {response.status_code}{f': {told}' if told else ''}; --model names one")
    try:
        return [model.id for model in msgspec.json.decode(response.content, type=_ModelListing).data]
    except msgspec.MsgspecError:
        raise RemoteServerError(f"{url}: the answer is not a list of models; --model names one") from None


async def with_model(client: httpx.AsyncClient, endpoint: RemoteEndpoint) -> RemoteEndpoint:
    """Return the server with a model to name: the one that was given, or the first it lists. RemoteServerError."""
    if endpoint.model is not None:
        return endpoint
    names = await list_models(client, endpoint)
    if not names:
        raise RemoteServerError(f"{endpoint.base_url}/models: the list is empty; --model names one")
    return endpoint.with_model(names[0])
