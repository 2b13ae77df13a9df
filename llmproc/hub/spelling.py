"""How a model is named: a path, `HF://owner/name`, `HF://owner/name/FILE.gguf` or `ollama:name:tag`. No I/O.

Used by `finding`, and by `llmproc fetch`, whose names need no `HF://`. A name that came through a `Path` has lost one
of its two slashes (`HF:/owner/name`) and means the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from llmproc.errors import UsageError

HUB_FORM = "HF://owner/name or HF://owner/name/FILE.gguf"
OLLAMA_FORM = "ollama:name, ollama:name:tag or ollama:owner/name:tag"
_HUB = re.compile(r"hf:/{1,2}(.*)", re.IGNORECASE | re.DOTALL)
_PAGE = re.compile(r"https?:/{1,2}(?:www\.)?(?:huggingface\.co|hf\.co)/([^?#]*).*", re.IGNORECASE | re.DOTALL)
_OLLAMA = re.compile(r"ollama:(.*)", re.IGNORECASE | re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,95}")
_VIEWS = ("blob", "resolve", "tree")  # a page of a file: owner/name/blob/main/FILE
_REVISION = "main"


@dataclass(frozen=True, slots=True)
class HubModel:
    """A repository of Hugging Face's, `owner/name`, and the file in it that is meant; None: what makes a model."""

    repository: str
    file: str | None = None

    def __str__(self) -> str:
        return f"HF://{self.repository}" + (f"/{self.file}" if self.file else "")


@dataclass(frozen=True, slots=True)
class OllamaModel:
    """A model of Ollama's by the parts of its name, which are folders of the store."""

    host: str
    owner: str
    name: str
    tag: str

    def __str__(self) -> str:
        owner = "" if self.owner == "library" else f"{self.owner}/"
        host = "" if self.host == "registry.ollama.ai" else f"{self.host}/"
        return f"ollama:{host}{owner or ('library/' if host else '')}{self.name}:{self.tag}"


def parse_spelling(text: str) -> HubModel | OllamaModel | None:
    """Return what a name stands for; None for a path. UsageError for one that begins like a model and goes on wrong."""
    if found := _HUB.fullmatch(text):
        return parse_hub(found[1], f"HF://{found[1]}", HUB_FORM)
    if _PAGE.fullmatch(text):
        return parse_hub(text, text, HUB_FORM)
    if found := _OLLAMA.fullmatch(text):
        return _parse_ollama(found[1], text)
    return None


def parse_hub(text: str, given: str, form: str) -> HubModel:
    """Return the model that `owner/name`, `owner/name/FILE` or a page of huggingface.co names.

    `given`: what the user typed; `form`: what is accepted, for the UsageError.
    """
    page = _PAGE.fullmatch(text)
    parts = (page[1] if page else text).rstrip("/").split("/")
    if page and len(parts) > 3 and parts[2] in _VIEWS:
        if parts[3] != _REVISION:
            raise UsageError(f"{given}: the revision is {parts[3]}: only {_REVISION} can be fetched")
        del parts[2:4]
    if len(parts) < 2 or not all(_NAME.fullmatch(part) for part in parts[:2]) or not all(map(_is_plain, parts[2:])):
        raise UsageError(f"{given}: must be {form}")
    return HubModel("/".join(parts[:2]), "/".join(parts[2:]) or None)


def _is_plain(part: str) -> bool:
    """Return whether it can be a part of a file's name inside a repository: nothing that leads out of it."""
    return part not in ("", ".", "..") and part.isprintable() and "\\" not in part


def _parse_ollama(text: str, given: str) -> OllamaModel:
    place, _, tag = text.partition(":")
    parts = place.split("/")
    tag = tag or "latest"
    if len(parts) > 3 or text.endswith(":") or not all(_NAME.fullmatch(part) for part in (*parts, tag)):
        raise UsageError(f"{given}: must be {OLLAMA_FORM}")
    host, owner, name = ["registry.ollama.ai", "library"][: 3 - len(parts)] + parts
    return OllamaModel(host, owner, name, tag)
