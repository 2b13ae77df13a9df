"""The tokenizer of a Hugging Face folder as the vocabulary of a GGUF file, or refused by name.

    ByteLevel       -> gpt2, with the name of the pre-tokenizer that cuts text in the same places
    ByteFallback    -> llama, with the rank of a piece's first merge as its score

Used by conversions; imported when a folder is converted. Never in it: how a file is written.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from llmproc.errors import TokenizerError
from llmproc.text.tokenizers.decoding import piece_decoder
from llmproc.text.tokenizers.ends import ends_by_text
from llmproc.text.tokenizers.folder import load_folder_tokenizer, named_tokens
from llmproc.text.tokenizers.folder_files import FolderFiles, read_folder_files
from llmproc.text.tokenizers.gguf_from_bin import WrittenVocabulary
from llmproc.text.tokenizers.gguf_pre import GPT2_CUT, SHORT_FORMS, named_pre_tokenizer
from llmproc.text.tokenizers.gguf_vocabulary import (
    BYTE,
    CONTROL,
    NORMAL,
    UNKNOWN,
    UNUSED,
    USER_DEFINED,
    GgufVocabulary,
)
from llmproc.text.tokenizers.pipeline import EncodingSteps, NamedToken
from llmproc.text.tokenizers.tokenizer_json import read_tokenizer_json

_ANY_CASE = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"  # as published files write it


def vocabulary_from_folder(folder: Path, vocab_size: int) -> WrittenVocabulary:
    """Read the tokenizer of `folder` as a GGUF vocabulary. TokenizerError for what GGUF cannot express."""
    path = folder / "tokenizer.json"
    loaded = load_folder_tokenizer(folder, vocab_size)  # every rule of the files is judged there
    parts, files = read_tokenizer_json(path), read_folder_files(folder)
    named, _ = named_tokens(folder, parts.pipeline, files)
    steps = dataclasses.replace(parts.pipeline, named=named)
    decoder = piece_decoder(path, parts.decoder, steps.pre_tokenizer)
    tokens, types = _entries(steps, byte_tokens=not decoder.byte_level)
    ids = {token: index for index, token in enumerate(tokens)}
    if decoder.byte_level:
        form = {"model": "gpt2", "pre": _pre(path, steps), "add_space": False}
        merges = tuple(f"{first} {second}" for first, second in steps.merges)
        scores = (0.0,) * len(tokens)
    else:
        form = {"model": "llama", "pre": "default", "add_space": _adds_space(path, steps)}
        merges, scores = (), _scores(steps, len(tokens))
    ends, notes = _named_ends(loaded.eos, files, ids)
    known = {name: ids[text.encode()] for name, key in (("bos", "bos_token"), ("unknown", "unk_token"))
             if (text := files.special.get(key, "")).encode() in ids}  # fmt: skip
    if loaded.bos is not None:
        known["bos"] = loaded.bos
    found = GgufVocabulary(
        path=path,
        tokens=tokens,
        ids=ids,
        scores=scores,
        types=types,
        merges=merges,
        named={**known, **ends},
        add_bos=loaded.bos is not None,
        template=files.template,
        **form,  # type: ignore[arg-type]  # the three fields that depend on the kind
    )
    return WrittenVocabulary(found, (*loaded.notes, *notes, *_pipeline_notes(path, steps, decoder.byte_level)))


def _entries(steps: EncodingSteps, byte_tokens: bool) -> tuple[tuple[bytes, ...], tuple[int, ...]]:
    """Return all entries by id, and their types; ids without a token are unused ones."""
    added = {token.id: token for token in steps.named}
    texts = {token: piece for piece, token in steps.vocab.items()} | {t.id: t.content for t in steps.named}
    unknown = steps.model.get("unk_token")
    tokens, types = [], []
    for token in range(max(texts) + 1):
        text = texts.get(token)
        tokens.append(f"[PAD{token}]".encode() if text is None else text.encode("utf-8", "surrogatepass"))
        types.append(UNUSED if text is None else _kind(text, added.get(token), unknown, byte_tokens))
    return tuple(tokens), tuple(types)


def _kind(text: str, added: NamedToken | None, unknown: str | None, byte_tokens: bool) -> int:
    if byte_tokens and text == unknown:
        return UNKNOWN
    if added is not None:
        return CONTROL if added.special else USER_DEFINED
    return BYTE if byte_tokens and len(text) == 6 and text.startswith("<0x") and text.endswith(">") else NORMAL


def _scores(steps: EncodingSteps, count: int) -> tuple[float, ...]:
    """Return scores by which pieces are joined in the order of the merges."""
    scores = [0.0] * count
    for rank, (first, second) in enumerate(steps.merges):
        token = steps.vocab.get(first + second)
        if token is not None and not scores[token]:
            scores[token] = -float(rank + 1)
    return tuple(scores)


def _pre(path: Path, steps: EncodingSteps) -> str:
    """Return the name of the pre-tokenizer that cuts as this one does. TokenizerError if llama.cpp has none."""
    cuts = tuple(_cuts(path, steps.pre_tokenizer))
    name = named_pre_tokenizer(cuts, bool(steps.model.get("ignore_merges")))
    if name is None:
        shown = " then ".join(cuts) or "none"
        raise TokenizerError(path, "pre_tokenizer", f"{shown:.120}", "must cut text as one that GGUF has a name for")
    return name


def _cuts(path: Path, node: Any) -> Iterator[str]:
    """Yield the patterns by which text is cut, in order. TokenizerError for a step that cannot be said as one."""
    kind = node.get("type") if isinstance(node, dict) else None
    if kind == "Sequence":
        for step in node.get("pretokenizers") or ():
            yield from _cuts(path, step)
    elif kind == "Digits" and node.get("individual_digits"):
        yield r"\p{N}"
    elif kind == "ByteLevel" and not node.get("add_prefix_space"):
        if node.get("use_regex", True):
            yield GPT2_CUT
    elif kind == "Split" and node.get("behavior") == "Isolated" and "Regex" in (node.get("pattern") or {}):
        yield str(node["pattern"]["Regex"]).replace(_ANY_CASE, SHORT_FORMS)
    elif kind is not None:
        raise TokenizerError(path, "pre_tokenizer", f"a step of type {kind!s:.40}", "must be Split, Digits, ByteLevel")


def _adds_space(path: Path, steps: EncodingSteps) -> bool:
    """Return whether a space stands before a text, in the older form and the newer one."""
    if isinstance(steps.pre_tokenizer, dict) and steps.pre_tokenizer.get("type") == "Metaspace":
        return steps.pre_tokenizer.get("prepend_scheme", "always") != "never"
    node = steps.normalizer if isinstance(steps.normalizer, dict) else {}
    kinds = [step.get("type") for step in node.get("normalizers", [node]) if isinstance(step, dict)]
    if steps.pre_tokenizer is not None or "Replace" not in kinds:
        raise TokenizerError(path, "pre_tokenizer", "another than Metaspace", "must be one that GGUF has a name for")
    return "Prepend" in kinds


def _named_ends(
    ends: tuple[int, ...], files: FolderFiles, ids: Mapping[bytes, int]
) -> tuple[dict[str, int], list[str]]:
    """Return the end tokens by GGUF's names, the tokenizer's eos_token first, and a note on those without a name."""
    eos = ids.get(files.special.get("eos_token", "").encode())
    order = list(dict.fromkeys([*([eos] if eos in ends else []), *ends]))
    named = dict(zip(("eos", "eot", "eom"), order, strict=False))
    lost = [token for token in order[3:] if token not in ends_by_text(ids).values()]
    return named, [f"GGUF names three end tokens: {lost} do not end a text in the new file"] if lost else []


def _pipeline_notes(path: Path, steps: EncodingSteps, byte_level: bool) -> list[str]:
    """Return notes on NFC and Metaspace, which llama.cpp does not do. TokenizerError for another normaliser."""
    if not byte_level:
        metaspace = steps.pre_tokenizer is not None and _adds_space(path, steps)
        said = "a text that begins with a space gets one more in GGUF: Metaspace puts none before it"
        return [said] if metaspace else []
    if steps.normalizer is None:
        return []
    kind = steps.normalizer.get("type") if isinstance(steps.normalizer, dict) else None
    if kind != "NFC":
        raise TokenizerError(path, "normalizer", f"of type {kind!s:.40}", "must be none or NFC: GGUF has no other")
    return ["tokenizer.json normalises text to NFC, which readers of GGUF do not: decomposed letters get other ids"]
