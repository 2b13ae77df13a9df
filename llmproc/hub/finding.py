"""From the name of a model to its path: `find_model`. What is here goes first; the hub is asked for the rest.

Used by everything that takes a model's name from a user. For a path it does nothing and imports nothing.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from llmproc.hub.spelling import HubModel, parse_spelling

if TYPE_CHECKING:
    from llmproc.hub.fetching import FetchReport


def find_model(name: Path | str, report: FetchReport) -> Path:
    """Return the path of the model that `name` stands for; a file or folder of that very name goes first.

    A model of the hub's that is not here is fetched into its cache, which `report` hears of. UsageError for a name of
    the wrong form; FetchError; CheckpointError for a model that Ollama's store does not hold, or not as GGUF.
    """
    text = os.fspath(name)
    model = None if os.path.lexists(text) else parse_spelling(text)
    if model is None:
        return Path(name)
    if isinstance(model, HubModel):
        return _from_hub(model, report)
    from llmproc.hub.ollama import find_ollama, store_folders

    return find_ollama(model, store_folders())


def _from_hub(model: HubModel, report: FetchReport) -> Path:
    from llmproc.hub.hub_cache import cache_folder, find_cached

    if found := find_cached(model, cache_folder()):
        return found
    from llmproc.hub.fetching import fetch_model

    return fetch_model(model, None, report).path
