"""Which ids end a text: never a class's default, never a guess by number.

A Hugging Face folder says it in generation_config.json, which replaces config.json there; a GGUF file by its ids and by
the texts that llama.cpp knows. A chat template adds its own end marker. The one list and the one reading: used by the
tokenizers and by the readers of checkpoints. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CONFIG, GENERATION, KEY = "config.json", "generation_config.json", "eos_token_id"
_MOST = 1000

# These end a text in llama.cpp whatever their type is.
END_TEXTS = (
    b"<|eot_id|>", b"<|im_end|>", b"<|end|>", b"<|return|>", b"<|call|>", b"<|calls|>", b"<|flush|>", b"<end_of_turn>",
    b"<|endoftext|>", b"</s>", b"<|eom_id|>", b"<EOT>", b"_<EOT>", b"[EOT]", b"[EOS]", b"<|end_of_text|>",
    b"<end_of_utterance>", b"<eos>", b"<turn|>", "<｜end▁of▁sentence｜>".encode(),
)  # fmt: skip
# Where answers have several parts, <|end|> closes one of them. Two of the three markers tell, as libllama 0.5.0 was
# seen to do it (tests/text/llama_cpp_golden); each of them alone ends a text beside <|end|>.
_HARMONY = (
    {b"<|return|>", b"<|call|>"},
    {b"<|return|>", b"<|calls|>"},
    {b"<|call|>", b"<|flush|>"},
    {b"<|calls|>", b"<|flush|>"},
)


class WrongEndError(ValueError):
    """An eos_token_id that is neither an id nor a list of ids: in `file` stands `value`, and `rule` must hold."""

    def __init__(self, file: str, value: str, rule: str) -> None:
        super().__init__(file, value, rule)
        self.file, self.value, self.rule = file, value, rule


def ends_by_text(ids: Mapping[bytes, int]) -> dict[bytes, int]:
    """Return the pieces that end a text by what they are; <|end|> only closes a part where an answer has several."""
    found = {text: ids[text] for text in END_TEXTS if text in ids}
    if any(pair <= found.keys() for pair in _HARMONY):
        found.pop(b"<|end|>", None)
    return found


def folder_ends(
    config: Mapping[str, Any], generation: Mapping[str, Any] | None, vocab_size: int
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return the end ids of config.json and generation_config.json (None: no such file), and what a user should know.

    `vocab_size`: rows of the embedding. WrongEndError.
    """
    if generation is not None and generation.get(KEY) is not None:
        return _ids(GENERATION, generation[KEY], vocab_size), ()
    ends = _ids(CONFIG, config.get(KEY), vocab_size)
    if generation is None or not ends:
        return ends, ()
    return ends, (f"{GENERATION} names no {KEY}: that of {CONFIG} ends a text ({list(ends)})",)


def _ids(file: str, value: Any, vocab_size: int) -> tuple[int, ...]:
    if value is None:
        return ()
    found = value if isinstance(value, list) else [value]
    if len(found) > _MOST:
        raise WrongEndError(file, f"a list of {len(found)}", f"must be at most {_MOST} ids")
    rule = f"must be one id or a list of ids in 0..{vocab_size - 1}"
    for token in found:
        whole = token.is_integer() if isinstance(token, float) else type(token) is int
        if not whole or not 0 <= token < vocab_size:
            raise WrongEndError(file, f"{value!r:.60}", rule)
    return tuple(dict.fromkeys(map(int, found)))
