"""`options` of a request: those that choose tokens as SamplingParams, and the names that have no effect here.

    order of effect   logit_bias, min_tokens, penalties, temperature, top_k, top_p, min_p   (config.SamplingParams)

Pure. The defaults are Ollama's (api/types.go, DefaultOptions, August 2026), so that its clients get what they are used
to. Never in it: the form of values (`requests`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from llmproc.config import SamplingParams
from llmproc.errors import UsageError
from llmproc.files.escaping import one_line
from llmproc.server.asking import DEFAULT_MAX_TOKENS
from llmproc.server.ollama.requests import MOST_TOKENS, OllamaOptions
from llmproc.server.refusals import RefusedError

TEMPERATURE, TOP_K, TOP_P, REPEAT_PENALTY = 0.8, 40, 0.9, 1.0
# Options of Ollama's and of its older versions that have no effect here, by the reason. Other unknown names have none
# either: that is Ollama's own rule, which its clients count on.
WITHOUT_EFFECT: dict[str, tuple[str, ...]] = {
    "how a model is loaded is chosen when the server starts": (
        "num_thread", "num_batch", "num_gpu", "main_gpu", "use_mmap", "use_mlock", "numa", "low_vram", "f16_kv",
        "num_gqa", "vocab_only", "logits_all", "embedding_only", "rope_frequency_base", "rope_frequency_scale",
        "draft_num_predict",
    ),
    "a context that is full ends the answer, nothing is pushed out of it": ("num_keep",),
    "this way of choosing tokens is not known here": (
        "typical_p", "tfs_z", "mirostat", "mirostat_eta", "mirostat_tau", "penalize_newline",
    ),
}  # fmt: skip
_MOST_NAMES, _LONGEST_NAME = 32, 40  # of unknown options that are told on: clients choose them


class _OptionNames(msgspec.Struct, frozen=True):
    options: dict[str, msgspec.Raw] | None = None


def sampling_of(
    options: OllamaOptions | None, context: int, draw_seed: Callable[[], int], logprobs: int | None
) -> SamplingParams:
    """Return how tokens are chosen. `logprobs`: as SamplingParams has it.

    RefusedError for a num_ctx above `context`, and for values that SamplingParams refuses.
    """
    given = options or OllamaOptions()
    if given.num_ctx is not None and given.num_ctx > context:
        rule = f"must be {context} at most, the context that this server was started with"
        raise RefusedError(f"options.num_ctx is {given.num_ctx:.0f}: {rule}", param="options.num_ctx")
    penalised = given.repeat_last_n != 0  # 0 is Ollama's word for: no penalty
    try:
        return SamplingParams(
            temperature=_or(given.temperature, TEMPERATURE),
            top_k=int(_or(given.top_k, TOP_K)),
            top_p=_or(given.top_p, TOP_P),
            min_p=_or(given.min_p, 0.0),
            max_tokens=_longest(given.num_predict, context),
            seed=draw_seed() if given.seed is None or given.seed == -1 else int(given.seed),
            stop=(given.stop,) if isinstance(given.stop, str) else tuple(given.stop or ()),
            repetition_penalty=_or(given.repeat_penalty, REPEAT_PENALTY) if penalised else 1.0,
            presence_penalty=_or(given.presence_penalty, 0.0) if penalised else 0.0,
            frequency_penalty=_or(given.frequency_penalty, 0.0) if penalised else 0.0,
            logprobs=logprobs,
        )
    except UsageError as error:
        raise RefusedError(f"options: {error}", param="options") from None


def without_effect(body: bytes, options: OllamaOptions | None, context: int) -> list[str]:
    """Return the names inside `options` that a client gave a value and that change nothing. `body`: of the request."""
    if options is None:
        return []
    try:
        given = msgspec.json.decode(body, type=_OptionNames).options or {}
    except (msgspec.MsgspecError, ValueError, RecursionError):  # what a type does not name is skipped at first
        raise RefusedError("options: names in it must be UTF-8, and values not nested too deeply") from None
    known = OllamaOptions.__struct_fields__
    found = [one_line(name)[:_LONGEST_NAME] for name, value in given.items() if name not in known and not _null(value)]
    if options.num_ctx is not None and options.num_ctx < context:
        found.append("num_ctx")  # the context is longer than was asked for
    if options.repeat_last_n is not None and options.repeat_last_n > 0:
        found.append("repeat_last_n")  # penalties look at the whole sequence, as with -1
    return list(dict.fromkeys(found))[:_MOST_NAMES]


def _longest(num_predict: float | None, context: int) -> int:
    """Return the tokens of an answer at most. 0 sets none, as -1 (Ollama's x/mlxrunner/pipeline.go)."""
    if num_predict is None or num_predict in (-1, 0):
        return DEFAULT_MAX_TOKENS
    return min(context, MOST_TOKENS) if num_predict == -2 else int(num_predict)


def _or(given: Any, default: Any) -> Any:
    return default if given is None else given


def _null(value: msgspec.Raw) -> bool:
    return bytes(value).strip() == b"null"
