"""The tokens that end a text, from a GGUF file's vocabulary: by id and, as llama.cpp does it, by text. No I/O.

Ids of the metadata (end of text, end of turn) and every token whose text is one of a list, whatever its type. A file
without an end of text has only those: llama.cpp's own default, id 11, would end an answer at a comma.
"""

from __future__ import annotations

from llmproc.checkpoints.gguf.metadata import Metadata
from llmproc.checkpoints.source_file import refuse

TOKENS = "tokenizer.ggml.tokens"
ID_KEYS = ("tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id")
END_TEXTS = frozenset(
    text.encode()
    for text in (
        "<|eot_id|>", "<|im_end|>", "<end_of_turn>", "<|endoftext|>", "<|eom_id|>", "<EOT>", "_<EOT>",
        "<|end_of_text|>", "</s>", "<eos>", "[EOS]", "<turn|>", "<｜end▁of▁sentence｜>",
    )
)  # fmt: skip
_END = b"<|end|>"  # unless all of these stand beside it, which then end the text instead of it
_HARMONY = (b"<|return|>", b"<|call|>", b"<|flush|>")


def end_tokens(metadata: Metadata, vocab_size: int) -> tuple[int, ...]:
    """Return the ids that end a text, sorted. CheckpointError when one lies beyond the vocabulary."""
    stated = (metadata.whole(key, 0, vocab_size - 1) for key in ID_KEYS)
    found = {token for token in stated if token is not None}
    tokens = metadata.strings(TOKENS)
    if tokens is None:
        return tuple(sorted(found))
    if len(tokens) > vocab_size:
        raise refuse(metadata.path, f"{TOKENS}: number", len(tokens), f"must be at most {vocab_size}, the embedding's")
    harmony = {text: tokens.places(text) for text in _HARMONY}
    ending = END_TEXTS | (harmony.keys() if all(harmony.values()) else {_END})
    found.update(token for text in ending for token in tokens.places(text))
    return tuple(sorted(found))
