"""The small vocabularies of the tests, as GGUF metadata and as the parts of a tokenizer.json."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the scripts that make golden files run without llmproc
    from llmproc.text.tokenizers.gguf_vocabulary import GgufVocabulary
    from llmproc.text.tokenizers.library import LibraryTokenizer

DATA = Path(__file__).parent / "data"
SPECIAL = [
    "<unk>", "<s>", "</s>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<think>", "</think>", "<tool_response>", "</tool_response>",
]  # fmt: skip
USER_DEFINED = ("<think>", "</think>", "<tool_response>", "</tool_response>")
WORDS = ["abba", "Ġabba"]  # tokens that no merge makes: some pre-tokenizers take whole words, others do not
PRE = ("llama-bpe", "qwen2", "smollm", "gpt-2", "default", "tekken", "deepseek-r1-qwen")
ROWS = 2000  # of the embedding
FAMILIES = (*PRE, "llama", "llama-ties", "llama-no-scores", "llama-no-space")


@cache
def stored(name: str) -> dict[str, list[str]]:
    return json.loads((DATA / f"{name}.json").read_text())


def kind_of(token: str) -> int:
    """Return the GGUF token type."""
    if token == "<unk>":
        return 2
    if token in SPECIAL:
        return 4 if token in USER_DEFINED else 3
    return 6 if token.startswith("<0x") and token.endswith(">") and len(token) == 6 else 1


def byte_level_metadata(pre: str | None = "llama-bpe", special: list[str] = SPECIAL, **keys: Any) -> dict[str, Any]:
    """Return the metadata of a gpt2 vocabulary; `keys`: by their names without `tokenizer.ggml.`, None: left out."""
    tokens = [*stored("byte-level")["pieces"], *special]
    found = {
        "model": "gpt2",
        "pre": pre,
        "tokens": tokens,
        "token_type": [kind_of(token) for token in tokens],
        "merges": stored("byte-level")["merges"],
        "bos_token_id": tokens.index("<|begin_of_text|>") if "<|begin_of_text|>" in tokens else None,
        "eos_token_id": tokens.index("<|endoftext|>") if "<|endoftext|>" in tokens else None,
        **keys,
    }
    return prefixed(found)


def sentencepiece_metadata(special: list[str] = SPECIAL[3:], **keys: Any) -> dict[str, Any]:
    """Return the metadata of a llama vocabulary."""
    start = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    pieces = stored("sentencepiece")["pieces"]
    tokens = [*start, *pieces, *special]
    found = {
        "model": "llama",
        "pre": "default",
        "tokens": tokens,
        "scores": [0.0] * len(start) + [-float(rank) for rank in range(len(pieces))] + [0.0] * len(special),
        "token_type": [kind_of(token) for token in tokens],
        "bos_token_id": 1,
        "eos_token_id": 2,
        "unknown_token_id": 0,
        **keys,
    }
    return prefixed(found)


def prefixed(keys: dict[str, Any]) -> dict[str, Any]:
    return {f"tokenizer.ggml.{name}": value for name, value in keys.items() if value is not None}


def family_metadata(family: str) -> dict[str, Any]:
    """Return the metadata of one of FAMILIES."""
    if family in PRE:
        return byte_level_metadata(family, [*SPECIAL, *WORDS])
    if family == "llama-ties":
        scores = sentencepiece_metadata()["tokenizer.ggml.scores"]
        return sentencepiece_metadata(scores=[score // 100 for score in scores])
    if family == "llama-no-scores":
        return sentencepiece_metadata(scores=None)
    return sentencepiece_metadata(add_space_prefix=False if family == "llama-no-space" else None)


def tokenizer_json(family: str = "llama-bpe", **fields: Any) -> dict[str, Any]:
    """Return a tokenizer.json over the byte-level vocabulary with the cuts of one of PRE."""
    from llmproc.text.tokenizers.gguf_pre import PRE_TOKENIZERS

    pieces = stored("byte-level")["pieces"]
    model = {
        "type": "BPE",
        "vocab": {piece: token for token, piece in enumerate(pieces)},
        "merges": [merge.split(" ") for merge in stored("byte-level")["merges"]],
    }
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [added(len(pieces) + index, token) for index, token in enumerate(SPECIAL)],
        "normalizer": None,
        "pre_tokenizer": PRE_TOKENIZERS[family].as_json(),
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": model,
        **fields,
    }


def added(token: int, content: str, **flags: bool) -> dict[str, Any]:
    special = content not in USER_DEFINED
    usual = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": special}
    return {"id": token, "content": content, **usual, **flags}


def sentencepiece_json(metaspace: str | None = None, **fields: Any) -> dict[str, Any]:
    """Return a tokenizer.json as Llama 2's; `metaspace`: a prepend_scheme, instead of the older normalizer."""
    start = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    pieces = [*start, *stored("sentencepiece")["pieces"]]
    older = {
        "type": "Sequence",
        "normalizers": [
            {"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        ],
    }
    newer = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": metaspace, "split": False}
    steps = [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
        {"type": "ByteFallback"},
        {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0},
    ]
    return {
        "version": "1.0",
        "added_tokens": [added(token, name) for token, name in enumerate(start[:3])],
        "normalizer": None if metaspace else older,
        "pre_tokenizer": newer if metaspace else None,
        "post_processor": template_processing("<s>", 1),
        "decoder": {"type": "Sequence", "decoders": steps},
        "model": {
            "type": "BPE",
            "unk_token": "<unk>",
            "fuse_unk": True,
            "byte_fallback": True,
            "vocab": {piece: token for token, piece in enumerate(pieces)},
            "merges": [merge.split(" ", 1) for merge in stored("sentencepiece")["merges"]],
        },
        **fields,
    }


def template_processing(bos: str, token: int) -> dict[str, Any]:
    """Return a post-processor that puts BOS before a text."""
    first = [{"SpecialToken": {"id": bos, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    named = {bos: {"id": bos, "ids": [token], "tokens": [bos]}}
    pair = [*first, {"Sequence": {"id": "B", "type_id": 1}}]
    return {"type": "TemplateProcessing", "single": first, "pair": pair, "special_tokens": named}


def write_folder(folder: Path, tokenizer: dict[str, Any], **files: Any) -> Path:
    """Write a folder: tokenizer.json, and more files by their names, `_json` for `.json` and `_jinja` for `.jinja`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    for name, value in files.items():
        stem, _, ending = name.rpartition("_")
        (folder / f"{stem}.{ending}").write_text(value if ending == "jinja" else json.dumps(value))
    return folder


def opened(folder: Path, tokenizer: dict[str, Any], rows: int = ROWS, **files: Any) -> LibraryTokenizer:
    from llmproc.text.tokenizers.folder import load_folder_tokenizer

    return load_folder_tokenizer(write_folder(folder, tokenizer, **files), rows)


def small(*pieces: str, merges: list[list[str]] | None = None, **fields: Any) -> dict[str, Any]:
    """Return a tokenizer.json with a vocabulary of these pieces."""
    vocab = {piece: token for token, piece in enumerate(pieces)}
    return {"added_tokens": [], "model": {"type": "BPE", "vocab": vocab, "merges": merges or []}, **fields}


def metadata_of(vocabulary: GgufVocabulary) -> dict[str, Any]:
    """The keys of a file with this vocabulary, as its reader hands them on."""
    v = vocabulary
    found = {
        "model": v.model, "pre": v.pre, "tokens": list(v.tokens), "scores": list(v.scores), "token_type": list(v.types),
        "merges": list(v.merges), "add_bos_token": v.add_bos, "add_space_prefix": v.add_space,
        **{f"{name}_token_id": token for name, token in v.named.items()},
    }  # fmt: skip
    return {**{f"tokenizer.ggml.{key}": value for key, value in found.items()}, "tokenizer.chat_template": v.template}
