"""Which model each server has: its own name for it. Asked once, before the first request."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from llmproc.client.asking import open_client
from llmproc.client.endpoint import EndpointVariables, RemoteEndpoint, find_endpoint
from llmproc.client.models import with_model
from llmproc.errors import RemoteServerError
from llmproc.remote.options import RemoteOptions


@dataclass(frozen=True, slots=True)
class FoundServers:
    """The servers with their models, and what there is to say about them."""

    endpoints: tuple[RemoteEndpoint, ...]
    notes: tuple[str, ...]

    @property
    def model(self) -> str:
        """Return the name of the model; of several, all of them."""
        return ", ".join(dict.fromkeys(endpoint.model or "" for endpoint in self.endpoints))


def find_servers(options: RemoteOptions) -> FoundServers:
    """Return the servers of the options. UsageError for a URL or key, RemoteServerError when none tells its model.

    One that cannot be asked yet is taken to have the first model of the others.
    """
    variables = EndpointVariables.read(Path.cwd())
    endpoints = [find_endpoint(url, options.key, options.model, variables) for url in options.urls]
    notes = [note for note in dict.fromkeys(note for each in endpoints for note in each.notes) if "key" in note]
    found = asyncio.run(_ask_all(endpoints))
    first = next((each.model for each in found if isinstance(each, RemoteEndpoint)), None)
    if first is None:
        assert isinstance(found[0], RemoteServerError)
        raise found[0]
    notes += [f"{each}; it is asked for {first}" for each in found if isinstance(each, RemoteServerError)]
    named = [
        each if isinstance(each, RemoteEndpoint) else endpoint.with_model(first)
        for each, endpoint in zip(found, endpoints, strict=True)
    ]
    if len({each.model for each in named}) > 1:
        told = ", ".join(f"{each.model} of {each.base_url}" for each in named)
        notes.append(f"the servers' models have different names: {told}")
    return FoundServers(tuple(replace(each, notes=()) for each in named), tuple(notes))


async def _ask_all(endpoints: Sequence[RemoteEndpoint]) -> list[RemoteEndpoint | RemoteServerError]:
    return list(await asyncio.gather(*(_ask_one(endpoint) for endpoint in endpoints)))


async def _ask_one(endpoint: RemoteEndpoint) -> RemoteEndpoint | RemoteServerError:
    try:
        async with open_client(endpoint) as client:
            return await with_model(client, endpoint)
    except RemoteServerError as error:
        return error
