"""One comparison: every type in turn, its models written, read by llama.cpp, by us and in float64: the document.

schema        1
kind          "against-llama-cpp";  simulated: false
started, command, machine, conditions, warnings    as in bench's document
peer          the package and its version
options       types models kv_type threads
method        how it was measured, in words;  bars: {ratio, largest_over_mean, more_changed}
results       [{type, stored, own, peer, ratios: {mean_divergence, root_mean_square}, broken: [words], samples}]
              own, peer   as in `errors.ErrorFigures`, over all models;  stored: the type's name in a file
              samples     [{model, sha256: of its weights, own, peer}]: the same of each model
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from llmproc.errors import UsageError
from llmproc.experiments import conditions
from llmproc.experiments.against_llama_cpp import errors
from llmproc.experiments.against_llama_cpp.models import SHAPES, TYPES, digest_of, ids_of, write_model
from llmproc.experiments.against_llama_cpp.own_logits import engine_logits, exact_logits
from llmproc.experiments.against_llama_cpp.peer_process import ask_peer
from llmproc.experiments.surroundings import Surroundings
from llmproc.experiments.turns import Progress

SCHEMA = 1
KIND = "against-llama-cpp"
PACKAGE = "llama-cpp-python"
METHOD = (
    "random models, each fed with the same random ids by all; llama.cpp reads them as one batch, with its default "
    "settings; with 32-bit keys and values without flash attention, which would round them; the reference is float64 "
    "on the dequantised weights"
)
Logits: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class CompareLogitsOptions:
    """The types to compare in (keys of TYPES), the models of each, and how both engines compute."""

    types: tuple[str, ...] = tuple(TYPES)
    models: int = len(SHAPES)
    kv_type: str = "f16"
    threads: int = 1


@dataclass(frozen=True, slots=True)
class ModelLogits:
    """Logits of one model by all three, (ids, vocab_size) each."""

    sha256: str
    own: Logits
    peer: Logits
    exact: Logits


def compare_logits(options: CompareLogitsOptions, command: str, progress: Progress) -> dict[str, Any]:
    """Compare every type and return the document. UsageError without llama.cpp; StartError when it fails."""
    version = peer_version()
    surroundings = Surroundings.now()
    results = []
    with tempfile.TemporaryDirectory(prefix="llmproc-against-") as folder:
        for number, name in enumerate(options.types):
            progress(number, len(options.types), TYPES[name])
            results.append(result_of(name, logits_of(Path(folder), name, options)))
    progress(1, 1, "")
    held = conditions.between(surroundings.start, conditions.take(), {os.getpid()})
    bars = {"ratio": errors.RATIO, "largest_over_mean": errors.LARGEST, "more_changed": errors.MORE_CHANGED}
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "simulated": False,
        **surroundings.as_dict(command, held, []),
        "peer": f"{PACKAGE} {version}",
        "options": asdict(options),
        "method": METHOD,
        "bars": bars,
        "results": results,
    }


def peer_version() -> str:
    """Return the version of the package that brings llama.cpp. UsageError when it is not installed."""
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        raise UsageError(f"the package {PACKAGE} is not installed: it brings llama.cpp") from None


def logits_of(folder: Path, name: str, options: CompareLogitsOptions) -> list[ModelLogits]:
    """Write the models of a type, and compute with all three; nothing is left in the folder."""
    files = [folder / f"{name}-{number}.gguf" for number in range(options.models)]
    for number, file in enumerate(files):
        write_model(file, name, number)
    runs = [
        {"file": str(file), "ids": ids_of(number), "to": str(file.with_suffix(".npy"))}
        for number, file in enumerate(files)
    ]
    ask_peer(runs, options.kv_type, options.threads)
    found = []
    for number, file in enumerate(files):
        ids, peer = ids_of(number), file.with_suffix(".npy")
        own = engine_logits(file, ids, options.kv_type, options.threads)
        found.append(ModelLogits(digest_of(file), own, np.load(peer), exact_logits(file, ids)))
        file.unlink()
        peer.unlink()
    return found


def result_of(name: str, models: Sequence[ModelLogits]) -> dict[str, Any]:
    """Return the entry of `results` for one type."""
    own = errors.figures_of((model.own, model.exact) for model in models)
    peer = errors.figures_of((model.peer, model.exact) for model in models)
    ratios = {
        figure: errors.ratio_of(getattr(own, figure), getattr(peer, figure))
        for figure in ("mean_divergence", "root_mean_square")
    }
    return {
        "type": name,
        "stored": TYPES[name],
        "own": own.as_dict(),
        "peer": peer.as_dict(),
        "ratios": ratios,
        "broken": errors.broken_bars(own, peer),
        "samples": [_sample(number, model) for number, model in enumerate(models)],
    }


def _sample(number: int, model: ModelLogits) -> dict[str, Any]:
    own = errors.figures_of([(model.own, model.exact)]).as_dict()
    peer = errors.figures_of([(model.peer, model.exact)]).as_dict()
    return {"model": number, "sha256": model.sha256, "own": own, "peer": peer}
