"""The vocabulary of a GGUF file as entries, scores and sidecar of a tokenizer.bin, as far as that can express it.

    llama   the byte tokens at ids 3..258: llama2.c's own family, if a space stands before a text; else the bytes
    gpt2    each piece as its bytes, with the rank of its first merge as score: the course's family

tokenizer.bin cuts no text into words before it joins pieces: of a gpt2 vocabulary some texts get other ids, which is
said. Used by conversions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from llmproc.errors import LlmprocError, TokenizerError, require_package
from llmproc.text.templates.chatml import CHATML_JINJA
from llmproc.text.templates.messages import ChatMessage
from llmproc.text.tokenizers.byte_alphabet import bytes_of
from llmproc.text.tokenizers.ends import ends_by_text
from llmproc.text.tokenizers.gguf_vocabulary import BYTE, CONTROL, UNKNOWN, UNUSED, USER_DEFINED, GgufVocabulary
from llmproc.text.tokenizers.sidecar import MAX_END_TOKENS, Sidecar
from llmproc.text.tokenizers.specials import FIRST_BYTE_TOKEN, IM_END, IM_START

_SPACE = "▁".encode()
_SPECIAL = (CONTROL, UNKNOWN, USER_DEFINED, UNUSED)


class BinEntries(NamedTuple):
    """All that a tokenizer.bin and its sidecar hold, and what a user should know, a line each."""

    pieces: list[bytes]
    scores: list[float]
    sidecar: Sidecar
    notes: tuple[str, ...]


def bin_entries(vocabulary: GgufVocabulary, vocab_size: int) -> BinEntries:
    """Return a vocabulary as tokenizer.bin holds it, with an entry for each row. TokenizerError if it cannot."""
    v = vocabulary
    if v.model == "llama":
        pieces, scores = [_piece(v, token) for token in range(len(v.tokens))], list(v.scores)
        if v.add_space:
            _check_byte_tokens(v)
    else:
        pieces, scores = _byte_level(v)
    for token in range(len(pieces), vocab_size):
        pieces.append(b"<|unused %d|>" % token)
        scores.append(-1e9)
    first: dict[bytes, int] = {}
    for token, piece in enumerate(pieces):
        if not piece or first.setdefault(piece, token) != token:
            rule = "must be there and differ from every other entry in tokenizer.bin"
            raise TokenizerError(v.path, f"token {token}", f"{v.tokens[token]!r:.60}"[1:], rule)
    ends = _ends(v)
    chatml = _is_chatml(v)
    adds_bos = v.add_bos if v.add_bos is not None else v.model == "llama"
    sidecar = Sidecar(
        bos=v.named.get("bos") if adds_bos or chatml else None,
        eos=ends[:MAX_END_TOKENS],
        unk=v.named.get("unknown"),
        template="chatml" if chatml else "plain",
    )
    return BinEntries(pieces, scores, sidecar, tuple(_notes(v, chatml)))


def _piece(v: GgufVocabulary, token: int) -> bytes:
    """Return an entry of a llama vocabulary."""
    written, kind = v.tokens[token], v.types[token]
    if kind in _SPECIAL:
        return written
    if kind == BYTE and not v.add_space:
        return bytes.fromhex(written[3:5].decode("ascii", "replace"))
    return written if kind == BYTE else written.replace(_SPACE, b" ")


def _check_byte_tokens(v: GgufVocabulary) -> None:
    """Raise TokenizerError unless the byte tokens are where tokenizer.bin's family with a leading space has them."""
    for byte in range(256):
        expected, token = b"<0x%02X>" % byte, FIRST_BYTE_TOKEN + byte
        if token >= len(v.tokens) or v.tokens[token] != expected:
            rule = f"must be {token}: tokenizer.bin has its byte tokens there"
            raise TokenizerError(v.path, f"id of {expected.decode()}", v.ids.get(expected, "missing"), rule)


def _byte_level(v: GgufVocabulary) -> tuple[list[bytes], list[float]]:
    """Return entries and scores of a gpt2 vocabulary."""
    named = {token for token, kind in enumerate(v.types) if kind in _SPECIAL}
    texts = [token.decode("utf-8", "replace") for token in v.tokens]
    pieces = [v.tokens[t] if t in named else bytes_of(texts[t]) for t in range(len(texts))]
    ids = {text: token for token, text in enumerate(texts)}
    scores = [0.0] * len(pieces)
    for rank, merge in enumerate(v.merges):
        first, _, second = merge.partition(" ")
        token = ids.get(first + second)
        if token is not None and not scores[token]:
            scores[token] = -float(rank + 1)
    return pieces, scores


def _ends(v: GgufVocabulary) -> tuple[int, ...]:
    """Return the ids that end a text. TokenizerError without one: a sidecar must name one."""
    named = [v.named[name] for name in ("eos", "eot", "eom") if name in v.named]
    found = tuple(dict.fromkeys((*named, *ends_by_text(v.ids).values())))
    if not found:
        raise TokenizerError(v.path, "tokenizer.ggml.eos_token_id", "missing", "must name a token that ends a text")
    return found


def _is_chatml(v: GgufVocabulary) -> bool:
    """Return whether the model's template writes a conversation as the built-in ChatML template does."""
    if v.template is None or not {IM_START, IM_END} <= v.ids.keys():
        return False
    require_package("jinja2")
    from llmproc.text.templates.jinja import JinjaTemplate  # only models that bring a template need jinja2

    messages = [ChatMessage("system", "Be brief."), ChatMessage("user", "Hi"), ChatMessage("assistant", "Hello")]
    messages.append(ChatMessage("user", "Bye"))
    named = {f"{name}_token": v.tokens[token].decode("utf-8", "replace") for name, token in v.named.items()}
    try:
        own, built_in = (JinjaTemplate(t, named, []).text(messages) for t in (v.template, CHATML_JINJA))
    except LlmprocError:
        return False
    return own == built_in


def _notes(v: GgufVocabulary, chatml: bool) -> Iterator[str]:
    if v.model == "gpt2":
        yield (
            f"tokenizer.bin does not cut text into words as {v.pre or 'default'} does: some texts get other ids than "
            "in the model's own tokenizer"
        )
    if v.template is not None and not chatml:
        yield "the chat template is not ChatML, the only one that tokenizer.bin can name: prompts are plain text there"
