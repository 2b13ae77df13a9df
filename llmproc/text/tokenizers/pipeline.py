"""The steps from text to ids as the `tokenizers` library runs them, built from a checked vocabulary in memory.

The library reads a vocabulary of 150,000 entries as JSON in 2 s and takes it as objects in a third of that, so only the
steps (normalizer, pre-tokenizer, post-processor) go through its JSON. Truncation, padding and dropout are never given
to it: they would cut or change a prompt. Its Unicode tables are version 16, for letters, numbers and spaces.
Used by the tokenizers of Hugging Face folders and of byte-level GGUF files; imported when such a model is opened.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from tokenizers import AddedToken, Tokenizer, models

from llmproc.errors import TokenizerError


class NamedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token that is found in text by its name, before anything else; as `added_tokens` of tokenizer.json has it."""

    id: int
    content: str
    single_word: bool = False
    lstrip: bool = False
    rstrip: bool = False
    normalized: bool = True
    special: bool = False


@dataclass(frozen=True, slots=True)
class Pipeline:
    """All that text to ids depends on."""

    vocab: dict[str, int]
    merges: list[tuple[str, str]]
    model: dict[str, Any] = field(default_factory=dict)  # options of the BPE model, by the library's names
    normalizer: Any = None  # as in tokenizer.json, like the two below
    pre_tokenizer: Any = None
    post_processor: Any = None
    named: Sequence[NamedToken] = ()


def build(path: Path, pipeline: Pipeline) -> tuple[Tokenizer, Tokenizer]:
    """Return two tokenizers over one vocabulary: one that finds the named tokens in text, and one that does not.

    Whitespace that has a token by name is found by both, since it is text. TokenizerError when the library refuses.
    """
    model = _refused(path, "model", lambda: models.BPE(pipeline.vocab, pipeline.merges, **pipeline.model))
    full, plain = (_refused(path, "pipeline", lambda: _with_steps(pipeline, model)) for _ in range(2))
    _add(path, full, pipeline.named)
    _add(path, plain, [token for token in pipeline.named if token.content.isspace()], check=False)
    return full, plain


def _with_steps(pipeline: Pipeline, model: models.Model) -> Tokenizer:
    steps = {name: getattr(pipeline, name) for name in ("normalizer", "pre_tokenizer", "post_processor")}
    empty = {"type": "BPE", "vocab": {}, "merges": []}
    made = Tokenizer.from_str(json.dumps({"version": "1.0", "added_tokens": [], **steps, "model": empty}))
    made.model = model
    return made


def _add(path: Path, tokenizer: Tokenizer, named: Iterable[NamedToken], check: bool = True) -> None:
    """Add the named tokens in the order of their ids: the library numbers those outside the vocabulary itself."""
    for token in sorted(named, key=lambda token: token.id):
        options = {name: getattr(token, name) for name in ("single_word", "lstrip", "rstrip", "normalized", "special")}
        tokenizer.add_tokens([AddedToken(token.content, **options)])
        found = tokenizer.token_to_id(token.content)
        if check and found != token.id:
            rule = f"must be {found}, the one that the tokenizers library gives it"
            raise TokenizerError(path, f"id of the added token {token.content!r:.60}", token.id, rule)


def _refused(path: Path, part: str, make: Any) -> Any:
    """Return what `make` makes. The library raises bare exceptions, and panics that only BaseException catches."""
    try:
        return make()
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        found = " ".join(str(error).split())[:120]
        raise TokenizerError(path, part, "refused by the tokenizers library", found or type(error).__name__) from None
