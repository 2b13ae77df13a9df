"""The documents that tell of the model and the server: /api/tags, /api/ps, /api/show, /api/version, and /.

Pure. Used by the table of paths. Several names may be listed; all are the one model that is loaded.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from llmproc.server.ollama.card import OllamaCard, human_number
from llmproc.server.ollama.options import REPEAT_PENALTY, TEMPERATURE, TOP_K, TOP_P
from llmproc.server.ollama.requests import OllamaShowRequest
from llmproc.server.one_line import one_line
from llmproc.server.validating import BodyReader

ROOT = b"Ollama is running"  # text/plain; its command line asks HEAD / before everything else
# The model stays in memory as long as the server lives; Ollama's own word for that is a moment after centuries.
NEVER = "2300-01-01T00:00:00.000000Z"
_SHOW = BodyReader(OllamaShowRequest)


class OllamaDetails(Struct, frozen=True, kw_only=True):
    """The kind of model it is."""

    parent_model: str = ""
    format: str
    family: str
    families: list[str]
    parameter_size: str  # such as 1.2B
    quantization_level: str


class OllamaListed(Struct, frozen=True, kw_only=True):
    """One model of /api/tags: clients read `name` or `model`."""

    name: str
    model: str
    modified_at: str
    size: int
    digest: str
    details: OllamaDetails
    capabilities: list[str]


class OllamaLoaded(Struct, frozen=True, kw_only=True):
    """One model of /api/ps."""

    name: str
    model: str
    size: int
    digest: str
    details: OllamaDetails
    expires_at: str
    size_vram: int
    context_length: int


class OllamaTags(Struct, frozen=True):
    """The body of GET /api/tags."""

    models: list[OllamaListed]


class OllamaProcesses(Struct, frozen=True):
    """The body of GET /api/ps."""

    models: list[OllamaLoaded]


class OllamaShown(Struct, frozen=True, kw_only=True):
    """The answer of POST /api/show."""

    license: str = ""
    modelfile: str
    parameters: str
    template: str
    details: OllamaDetails
    model_info: dict[str, Any]
    capabilities: list[str]
    modified_at: str


class OllamaVersion(Struct, frozen=True):
    """The body of GET /api/version."""

    version: str


def tags(card: OllamaCard) -> bytes:
    """Return the models that may be named."""
    rest: dict[str, Any] = {
        "modified_at": card.modified_at,
        "size": card.size,
        "digest": card.digest,
        "details": _details(card),
        "capabilities": _capabilities(card),
    }
    return one_line(OllamaTags([OllamaListed(name=name, model=name, **rest) for name in card.names]))


def processes(card: OllamaCard) -> bytes:
    """Return the models in memory: all that may be named."""
    rest: dict[str, Any] = {
        "size": card.size,
        "digest": card.digest,
        "details": _details(card),
        "expires_at": NEVER,
        "size_vram": 0,
        "context_length": card.context,
    }
    return one_line(OllamaProcesses([OllamaLoaded(name=name, model=name, **rest) for name in card.names]))


def shown_model(body: bytes) -> str | None:
    """Return the name in a body of /api/show; None: none is named. RefusedError that names the field."""
    request = _SHOW.read(body)
    return request.model or request.name or None


def show(card: OllamaCard) -> bytes:
    """Return what is to be told of the model."""
    options = {
        "num_ctx": card.context, "temperature": TEMPERATURE, "top_k": TOP_K, "top_p": TOP_P,
        "repeat_penalty": REPEAT_PENALTY,
    }  # fmt: skip
    settings = "".join(f"PARAMETER {name} {value}\n" for name, value in options.items())
    return one_line(
        OllamaShown(
            modelfile=f'FROM {card.names[0]}\nTEMPLATE """{card.template}"""\n{settings}',
            parameters="\n".join(f"{name:<30} {value}" for name, value in options.items()),
            template=card.template,
            details=_details(card),
            model_info=card.model_info,
            capabilities=_capabilities(card),
            modified_at=card.modified_at,
        )
    )


def version(package: str) -> bytes:
    """Return the package's version as three numbers: clients parse them, and stumble over 0.1.0+cpu or 0.1.0.dev1."""
    numbers = re.findall(r"[0-9]+", re.split(r"[^0-9.]", package, maxsplit=1)[0])
    return one_line(OllamaVersion(".".join([*numbers, "0", "0", "0"][:3])))


def _details(card: OllamaCard) -> OllamaDetails:
    return OllamaDetails(
        format=card.format,
        family=card.family,
        families=[card.family],
        parameter_size=human_number(card.parameter_count),
        quantization_level=card.quantization,
    )


def _capabilities(card: OllamaCard) -> list[str]:
    return ["completion", "thinking"] if card.thinking else ["completion"]
