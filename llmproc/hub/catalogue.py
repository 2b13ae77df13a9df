"""Small models by short names: where they are, how big, under which licence. A table; no I/O.

Used by `llmproc fetch`. Sizes are of the weights and rounded: a repository may change. Repositories, files and
licences are from the model cards on huggingface.co.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from llmproc.hub.spelling import HubModel


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A model, the megabytes (10**6 bytes) of its weights, and what it is stored as."""

    name: str
    model: HubModel
    megabytes: int
    weights: str
    licence: str


def _entry(name: str, place: str, megabytes: int, weights: str, licence: str = "Apache-2.0") -> CatalogueEntry:
    owner, repository, *file = place.split("/")
    return CatalogueEntry(name, HubModel(f"{owner}/{repository}", "/".join(file) or None), megabytes, weights, licence)


CATALOGUE = (
    _entry("smollm2-135m-instruct", "HuggingFaceTB/SmolLM2-135M-Instruct", 269, "bf16"),
    _entry("smollm2-360m-instruct", "HuggingFaceTB/SmolLM2-360M-Instruct", 724, "bf16"),
    _entry("smollm2-1.7b-instruct", "HuggingFaceTB/SmolLM2-1.7B-Instruct", 3423, "bf16"),
    _entry("smollm3-3b", "HuggingFaceTB/SmolLM3-3B", 6150, "bf16"),
    _entry("smollm3-3b-q4", "ggml-org/SmolLM3-3B-GGUF/SmolLM3-Q4_K_M.gguf", 1915, "Q4_K_M"),
    _entry("tinyllama-1.1b-chat", "TinyLlama/TinyLlama-1.1B-Chat-v1.0", 2200, "bf16"),
    _entry("qwen2.5-0.5b-instruct", "Qwen/Qwen2.5-0.5B-Instruct", 988, "bf16"),
    _entry("qwen2.5-1.5b-instruct", "Qwen/Qwen2.5-1.5B-Instruct", 3087, "bf16"),
    _entry("qwen3-0.6b", "Qwen/Qwen3-0.6B", 1503, "bf16"),
    _entry("qwen3-0.6b-q8", "Qwen/Qwen3-0.6B-GGUF/Qwen3-0.6B-Q8_0.gguf", 639, "Q8_0"),
    _entry("qwen3-1.7b", "Qwen/Qwen3-1.7B", 4064, "bf16"),
    _entry("deepseek-r1-distill-qwen-1.5b", "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", 3554, "bf16", "MIT"),
    _entry(
        "llama-3.2-1b-instruct", "bartowski/Llama-3.2-1B-Instruct-GGUF/Llama-3.2-1B-Instruct-Q4_K_M.gguf", 808,
        "Q4_K_M", "Llama 3.2 Community",
    ),
    _entry(
        "mistral-7b-instruct", "bartowski/Mistral-7B-Instruct-v0.3-GGUF/Mistral-7B-Instruct-v0.3-Q4_K_M.gguf", 4373,
        "Q4_K_M",
    ),
)  # fmt: skip
_BY_NAME = {entry.name: entry for entry in CATALOGUE}


def look_up(name: str) -> CatalogueEntry | None:
    """Return the model of that short name, in any case; None when there is none."""
    return _BY_NAME.get(name.lower())


def near_names(name: str) -> list[str]:
    """Return at most three short names like `name`, which may be a repository's."""
    word = name.rpartition("/")[2].lower()
    close = difflib.get_close_matches(word, _BY_NAME, n=3, cutoff=0.5)
    return close or [known for known in _BY_NAME if len(word) > 2 and known.startswith(word)][:3]
