"""Which ids end a text: never a class's default, never a guess by number.

A Hugging Face folder says it in generation_config.json, which replaces config.json there; a GGUF file by its ids and by
the texts that llama.cpp knows. A chat template adds its own end marker. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# These end a text in llama.cpp whatever their type is.
END_TEXTS = (
    b"<|eot_id|>", b"<|im_end|>", b"<|end|>", b"<|return|>", b"<|call|>", b"<|calls|>", b"<|flush|>", b"<end_of_turn>",
    b"<|endoftext|>", b"</s>", b"<|eom_id|>", b"<EOT>", b"_<EOT>", b"[EOT]", b"[EOS]", b"<|end_of_text|>",
    b"<end_of_utterance>", b"<eos>", b"<turn|>", "<｜end▁of▁sentence｜>".encode(),
)  # fmt: skip
_HARMONY = (
    {b"<|return|>", b"<|call|>"},
    {b"<|return|>", b"<|calls|>"},
    {b"<|call|>", b"<|flush|>"},
    {b"<|calls|>", b"<|flush|>"},
)


def ends_by_text(ids: Mapping[bytes, int]) -> dict[bytes, int]:
    """Return the pieces that end a text by what they are; <|end|> only closes a part where an answer has several."""
    found = {text: ids[text] for text in END_TEXTS if text in ids}
    if any(pair <= found.keys() for pair in _HARMONY):
        found.pop(b"<|end|>", None)
    return found


def folder_ends(config: Mapping[str, Any], generation: Mapping[str, Any] | None) -> tuple[tuple[int, ...], str]:
    """Return the end ids of config.json and generation_config.json (None: no such file), and a notice or "".

    ValueError with the value that is neither an id nor a list of them.
    """
    if generation is None:
        return _ids(config.get("eos_token_id")), ""
    if generation.get("eos_token_id") is not None:
        return _ids(generation["eos_token_id"]), ""
    ends = _ids(config.get("eos_token_id"))
    if not ends:
        return (), ""
    return ends, f"generation_config.json names no eos_token_id: that of config.json ends a text, {list(ends)}"


def _ids(value: Any) -> tuple[int, ...]:
    if value is None:
        return ()
    found = value if isinstance(value, list) else [value]
    if any(not isinstance(token, int) or isinstance(token, bool) for token in found):
        raise ValueError(f"{value!r:.60}")
    return tuple(found)
