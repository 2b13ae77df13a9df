"""The steps from text to ids as the `tokenizers` library runs them, built from a checked vocabulary in memory.

The library needs three times as long for a vocabulary of 150,000 entries in JSON as for one in objects, so only the
steps (normalizer, pre-tokenizer, post-processor) go through its JSON. Truncation, padding and dropout are never given
to it: they would cut or change a prompt. Its Unicode tables are version 16, for letters, numbers and spaces.
Used by the tokenizers of Hugging Face folders and of byte-level GGUF files; imported when such a model is opened.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from tokenizers import AddedToken, Tokenizer, models

from llmproc.errors import TokenizerError
from llmproc.files.escaping import one_line
from llmproc.text.tokenizers.growth import check_growth


class NamedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token that is found in text by its name, before anything else; as `added_tokens` of tokenizer.json has it."""

    id: int
    content: str
    single_word: bool = False
    lstrip: bool = False
    rstrip: bool = False
    normalized: bool = True
    special: bool = False

    @property
    def is_text(self) -> bool:
        """Return whether a user's text may become it: white space, or a character that is nothing special."""
        return self.content.isspace() or (len(self.content) == 1 and not self.special)


@dataclass(frozen=True, slots=True)
class EncodingSteps:
    """Vocabulary and steps: all that text to ids depends on."""

    vocab: dict[str, int]
    merges: list[tuple[str, str]]
    model: dict[str, Any] = field(default_factory=dict)  # options of the BPE model, by the library's names
    normalizer: Any = None  # as in tokenizer.json, like the two below
    pre_tokenizer: Any = None
    post_processor: Any = None
    named: Sequence[NamedToken] = ()


def build(path: Path, pipeline: EncodingSteps) -> tuple[Tokenizer, Tokenizer]:
    """Return two tokenizers over one vocabulary: one that finds the named tokens in text, and one that does not.

    Both find those that are text. TokenizerError when the library refuses, or a step lengthens texts without bounds.
    """
    check_growth(path, "normalizer", pipeline.normalizer)
    check_growth(path, "post_processor", pipeline.post_processor)
    # Named tokens stand in the vocabulary too, so that the library takes their ids instead of numbering them itself;
    # without merges no text becomes one of them.
    vocab = {**pipeline.vocab, **{token.content: token.id for token in pipeline.named}}
    model = refused(path, "model", lambda: models.BPE(vocab, pipeline.merges, **pipeline.model))
    full, plain = (refused(path, "pipeline", lambda: _with_steps(pipeline, model)) for _ in range(2))
    as_written = not _rewrites(pipeline.normalizer)
    full.add_tokens(_added(pipeline.named, as_written))
    plain.add_tokens(_added([token for token in pipeline.named if token.is_text], as_written))
    return full, plain


def check_numbering(path: Path, pipeline: EncodingSteps) -> None:
    """Check that the named tokens have the ids that the library would give them. TokenizerError names one that has not.

    It numbers those outside the vocabulary itself, in the order of the file, whatever the file says.
    """
    last = -1
    for token in pipeline.named:
        expected = pipeline.vocab.get(token.content, max(last + 1, len(pipeline.vocab)))
        if token.id != expected:
            rule = f"must be {expected}, the one that the tokenizers library gives it"
            raise TokenizerError(path, f"id of the added token {token.content!r:.60}", token.id, rule)
        last = max(last, token.id)


def _with_steps(pipeline: EncodingSteps, model: models.Model) -> Tokenizer:
    steps = {name: getattr(pipeline, name) for name in ("normalizer", "pre_tokenizer", "post_processor")}
    empty = {"type": "BPE", "vocab": {}, "merges": []}
    made = Tokenizer.from_str(json.dumps({"version": "1.0", "added_tokens": [], **steps, "model": empty}))
    made.model = model
    return made


def _added(named: Sequence[NamedToken], as_written: bool) -> list[AddedToken]:
    """Return the named tokens for the library; `as_written`: found before the text is normalised, whatever a flag says.

    Else a user whose text is normalised to a special token's name, such as one in full-width letters, would write it.
    """
    flags = ("single_word", "lstrip", "rstrip", "special")
    return [
        AddedToken(
            token.content,
            normalized=token.normalized and not as_written,
            **{flag: getattr(token, flag) for flag in flags},
        )
        for token in named
    ]


def _rewrites(normalizer: Any) -> bool:
    """Return whether a normalizer puts something into every text, so that names are sought in what it makes of them."""
    if not isinstance(normalizer, dict):
        return False
    inner = normalizer.get("normalizers")
    if isinstance(inner, list):
        return any(map(_rewrites, inner))
    return normalizer.get("type") in ("Prepend", "Replace")


def refused(path: Path, part: str, make: Callable[[], Any]) -> Any:
    """Return what `make` makes. TokenizerError when the library cannot.

    It raises bare exceptions, and panics that only BaseException catches.
    """
    try:
        return make()
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        found = one_line(" ".join(str(error).split())[:120])  # it repeats what stands in the file
        raise TokenizerError(path, part, "refused by the tokenizers library", found or type(error).__name__) from None
