"""The models of a local Ollama, read from its store: a name becomes the path of a GGUF file. Nothing is written.

    MODELS/manifests/registry.ollama.ai/library/llama3.2/latest    JSON: layers with media type and digest
    MODELS/blobs/sha256-...                                        the layers; that of the model is a GGUF file

MODELS is $OLLAMA_MODELS, else ~/.ollama/models, else /usr/share/ollama/.ollama/models (the service's own): each that
exists is looked into. Used by `finding`. Layers of templates (Go's, not Jinja), `params` (stop words, temperature) and
licences are not read; adapters, which change the weights, are refused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from llmproc.errors import CheckpointError
from llmproc.files.reading import UnreadableFileError, read_bounded
from llmproc.hub.spelling import OllamaModel

SERVICE_STORE = Path("/usr/share/ollama/.ollama/models")
_MODEL, _ADAPTER = "application/vnd.ollama.image.model", "application/vnd.ollama.image.adapter"
_MANIFEST_LIMIT = 1 << 22
_SHOWN = 12
_DIGEST = re.compile(r"sha256[:-]([0-9a-f]{64})")


def store_folders(environ: Mapping[str, str] | None = None) -> list[Path]:
    """Return where models may be, in the order in which they are looked for."""
    found = os.environ if environ is None else environ
    if named := found.get("OLLAMA_MODELS"):
        return [Path(os.path.expanduser(named))]
    home = Path(os.path.expanduser("~"))
    return [*([home / ".ollama" / "models"] if home.is_absolute() else []), SERVICE_STORE]


def find_ollama(model: OllamaModel, stores: list[Path]) -> Path:
    """Return the path of the GGUF file of a model. CheckpointError when it is not there, or no GGUF file."""
    for store in stores:
        manifest = store / "manifests" / model.host / model.owner / model.name / model.tag
        if os.path.lexists(manifest):
            return _model_blob(store, _layers(manifest), str(model), manifest)
    rule = f"must be in {' or '.join(map(str, stores))}, {_holdings(stores)}"
    raise CheckpointError(model, "model", "not in Ollama's store", rule)


def held_names(store: Path) -> Iterator[str]:
    """Yield the names of the models of a store, as `ollama list` writes them."""
    for manifest in sorted((store / "manifests").glob("*/*/*/*")):
        host, owner, name, tag = manifest.parts[-4:]
        if not manifest.name.startswith("."):
            yield str(OllamaModel(host, owner, name, tag)).removeprefix("ollama:")


def _holdings(stores: list[Path]) -> str:
    unreadable = [store for store in stores if _is_closed(store)]
    names = [name for store in stores if store not in unreadable for name in held_names(store)]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    words = f"which holds {', '.join(names[:_SHOWN])}{more}" if names else "which holds no models"
    return words + "".join(f" ({store} cannot be read)" for store in unreadable)


def _is_closed(folder: Path) -> bool:
    try:
        os.listdir(folder)
    except PermissionError:  # the service's store belongs to the user ollama
        return True
    except OSError:
        pass
    return False


def _layers(manifest: Path) -> list[dict[str, Any]]:
    """Return the layers of a manifest. CheckpointError."""
    from llmproc.files.json_text import read_json  # here: a start with another model needs no msgspec

    try:
        layers = read_json(read_bounded(manifest, _MANIFEST_LIMIT))["layers"]
        return [layer for layer in layers if isinstance(layer, dict)]
    except UnreadableFileError as error:
        raise CheckpointError(manifest, error.field, error.value, error.rule) from None
    except (ValueError, KeyError, TypeError):
        raise CheckpointError(manifest, "content", "something else", "must be JSON with a list of layers") from None


def _model_blob(store: Path, layers: list[dict[str, Any]], name: str, manifest: Path) -> Path:
    if any(layer.get("mediaType") == _ADAPTER for layer in layers):
        raise CheckpointError(name, "layers", "with an adapter", "must be a model alone: adapters are not applied")
    digests = [_DIGEST.fullmatch(str(layer.get("digest"))) for layer in layers if layer.get("mediaType") == _MODEL]
    if len(digests) != 1 or digests[0] is None:
        value = f"{len(digests)} of a model" if len(digests) != 1 else "without a sha256"
        raise CheckpointError(manifest, "layers", value, "must have one GGUF model: other kinds are not read")
    places = [store / "blobs" / f"sha256{mark}{digests[0][1]}" for mark in "-:"]  # `:`: older stores
    for place in places:
        if place.exists():
            return place
    raise CheckpointError(places[0], "file", "missing", f"must be there: {manifest} names it")
