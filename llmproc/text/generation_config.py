"""How a model's makers would sample from it: generation_config.json, as far as llmproc can follow it.

transformers samples as that file says and fills its gaps with defaults of its own. Here the options of llmproc count,
whatever file a model comes in, so that the same model gives the same text as a folder and as a GGUF file; what the file
suggests is said. Used at the start of a run. Never in it: what ends a text (`tokenizers/ends.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmproc.errors import TokenizerError
from llmproc.text.small_file import read_small_file

_MAX_BYTES = 1 << 20
TRANSFORMERS_TOP_K = 50  # what transformers samples from when the file does not say


@dataclass(frozen=True, slots=True)
class SuggestedSampling:
    """Sampling options of a model's makers; None: the file does not say."""

    temperature: float | None = None  # 0: the most likely token
    top_p: float | None = None
    top_k: int | None = None  # 0: all tokens
    named: bool = True  # the file says top_k; else it is transformers' own

    def notices(self, temperature: float, top_p: float, top_k: int = 0) -> list[str]:
        """Return what to say of a run with these options; nothing when they are the suggested ones, or none are."""
        pairs = (("temperature", self.temperature, temperature), ("top-p", self.top_p, top_p))
        other = [f"--{name} {wanted:g}" for name, wanted, used in pairs if wanted and wanted != used]
        said = f"generation_config.json suggests {' '.join(other)}; used are {temperature:g} and {top_p:g}"
        said_k = "" if self.top_k is None or self.top_k == top_k else self._about_top_k(self.top_k, top_k)
        return [*([said] if other else []), *([said_k] if said_k else [])]

    def _about_top_k(self, wanted: int, used: int) -> str:
        theirs = f"has top_k {wanted}" if self.named else f"has no top_k: transformers draws from {wanted} tokens"
        ours = f"from {used}" if used else "from all within top_p"
        return f"generation_config.json {theirs}, llmproc {ours} (--top-k {wanted} does the same)"


NOT_SUGGESTED = SuggestedSampling()


def read_suggested_sampling(folder: Path) -> SuggestedSampling:
    """Return the options in the generation_config.json of a folder; none without that file. TokenizerError."""
    path = folder / "generation_config.json"
    if not path.exists():
        return NOT_SUGGESTED
    from llmproc.files.json_text import JsonError, read_json  # here: it needs msgspec, a start without folders does not

    try:
        found = read_json(read_small_file(path, _MAX_BYTES))
    except JsonError as error:
        raise TokenizerError(path, "file", str(error), "must be a JSON object") from None
    return suggested_sampling(found) if isinstance(found, dict) else NOT_SUGGESTED


def suggested_sampling(generation: Mapping[str, Any]) -> SuggestedSampling:
    """Return the options in a generation_config.json; values that are not numbers in their range count as missing.

    Without do_sample transformers takes the most likely token, whatever temperature the file names.
    """
    if generation.get("do_sample") is not True:
        return SuggestedSampling(temperature=0.0)
    named = generation.get("top_k") is not None
    top_k = generation["top_k"] if named else TRANSFORMERS_TOP_K
    whole = isinstance(top_k, int) and not isinstance(top_k, bool) and 0 <= top_k <= 1 << 20
    return SuggestedSampling(
        temperature=_number(generation.get("temperature"), 0.0, 100.0),
        top_p=_number(generation.get("top_p"), 0.0, 1.0),
        top_k=top_k if whole else None,
        named=named,
    )


def _number(value: Any, low: float, high: float) -> float | None:
    """Return a number in (low, high]; None for anything else."""
    usable = isinstance(value, int | float) and not isinstance(value, bool) and low < value <= high
    return float(value) if usable else None
