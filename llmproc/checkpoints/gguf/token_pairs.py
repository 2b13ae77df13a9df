"""A vocabulary as the pairs `tokenizer.*` of a GGUF file that is written. No I/O, no NumPy.

Used by the writers; `text.tokenizers.gguf_vocabulary` reads the same pairs back.
"""

from __future__ import annotations

from collections.abc import Iterator

from llmproc.checkpoints.gguf.pairs import MetadataPair, flag, numbers, text, texts, whole, wholes
from llmproc.text.tokenizers.gguf_vocabulary import UNUSED, GgufVocabulary

_PREFIX = "tokenizer.ggml."


def vocabulary_pairs(vocabulary: GgufVocabulary, vocab_size: int) -> Iterator[MetadataPair]:
    """Yield the pairs of a vocabulary, filled up to `vocab_size` tokens, which llama.cpp wants to be the embedding's.

    Tokens that the vocabulary does not have are unused ones, which no text becomes.
    """
    v, missing = vocabulary, range(len(vocabulary.tokens), vocab_size)
    yield text(f"{_PREFIX}model", v.model)
    if v.pre:
        yield text(f"{_PREFIX}pre", v.pre)
    yield texts(f"{_PREFIX}tokens", [*v.tokens, *(f"[PAD{token}]" for token in missing)])
    if v.model == "llama":
        yield numbers(f"{_PREFIX}scores", [*v.scores, *[-10000.0] * len(missing)])
    yield wholes(f"{_PREFIX}token_type", [*v.types, *[UNUSED] * len(missing)])
    if v.merges:
        yield texts(f"{_PREFIX}merges", v.merges)
    for name, token in v.named.items():
        yield whole(f"{_PREFIX}{name}_token_id", token)
    if v.add_bos is not None:
        yield flag(f"{_PREFIX}add_bos_token", v.add_bos)
    if v.add_space != (v.model == "llama"):
        yield flag(f"{_PREFIX}add_space_prefix", v.add_space)
    if v.template is not None:
        yield text("tokenizer.chat_template", v.template)
