"""The tokens that end a text, from a GGUF file's vocabulary: by id and, as llama.cpp does it, by text. No I/O.

Ids of the metadata (end of text, of a turn, of a message) and every token whose text is one of `ends.END_TEXTS`,
whatever its type. A file without an end of text has only those: llama.cpp's own default, id 11, would end an answer at
a comma.
"""

from __future__ import annotations

from llmproc.checkpoints.gguf.metadata import Metadata
from llmproc.checkpoints.source_file import refuse
from llmproc.text.tokenizers.ends import END_TEXTS, ends_by_text

TOKENS = "tokenizer.ggml.tokens"
ID_KEYS = tuple(f"tokenizer.ggml.{name}_token_id" for name in ("eos", "eot", "eom"))


def end_tokens(metadata: Metadata, vocab_size: int) -> tuple[int, ...]:
    """Return the ids that end a text, sorted. CheckpointError when one lies beyond the vocabulary."""
    stated = (metadata.whole(key, 0, vocab_size - 1) for key in ID_KEYS)
    found = {token for token in stated if token is not None}
    tokens = metadata.strings(TOKENS)
    if tokens is None:
        return tuple(sorted(found))
    if len(tokens) > vocab_size:
        raise refuse(metadata.path, f"{TOKENS}: number", len(tokens), f"must be at most {vocab_size}, the embedding's")
    places = {text: at for text in END_TEXTS if (at := tokens.places(text))}
    for text in ends_by_text({text: at[0] for text, at in places.items()}):
        found.update(places[text])
    return tuple(sorted(found))
