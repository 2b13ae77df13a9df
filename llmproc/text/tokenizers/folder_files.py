"""The files beside tokenizer.json in a Hugging Face folder: special tokens, end ids and the chat template.

They say what the special tokens are called, never how text becomes ids. Each may be missing. Which one counts where two
disagree is what transformers does: chat_template.jinja before the template in tokenizer_config.json, and
special_tokens_map.json before tokenizer_config.json unless the latter lists added_tokens_decoder.
Used by `folder.py`. Never in it: a vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmproc.errors import TokenizerError
from llmproc.files.json_text import JsonError, read_json
from llmproc.text.small_file import read_small_file

FILES = (  # all that a folder's tokenizer depends on
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json", "config.json",
    "chat_template.jinja",
)  # fmt: skip
_MAX_BYTES = 1 << 25
_NAMES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """The content of a folder's small files."""

    config: Mapping[str, Any]  # config.json
    generation: Mapping[str, Any] | None  # generation_config.json; None: no such file
    tokenizer_config: Mapping[str, Any]
    special: Mapping[str, str]  # bos_token and the like -> text
    template: str | None


def read_folder_files(folder: Path) -> FolderFiles:
    """Read the files that are there. TokenizerError for one that is not a JSON object, or a template of no text."""
    tokenizer_config = _object(folder / "tokenizer_config.json") or {}
    special = dict(tokenizer_config)
    if "added_tokens_decoder" not in tokenizer_config:
        special |= _object(folder / "special_tokens_map.json") or {}
    return FolderFiles(
        config=_object(folder / "config.json") or {},
        generation=_object(folder / "generation_config.json"),
        tokenizer_config=tokenizer_config,
        special={name: text for name in _NAMES if (text := _token_text(special.get(name))) is not None},
        template=_template(folder, tokenizer_config),
    )


def _object(path: Path) -> dict[str, Any] | None:
    """Return the JSON object in `path`; None if the file is missing."""
    if not path.exists():
        return None
    try:
        found = read_json(read_small_file(path, _MAX_BYTES))
    except JsonError as error:
        raise TokenizerError(path, "file", str(error), "must be a JSON object") from None
    if not isinstance(found, dict):
        raise TokenizerError(path, "file", "another JSON value", "must be a JSON object")
    return found


def _token_text(value: Any) -> str | None:
    """Return the text of a special token, which stands alone or as the content of an object."""
    if isinstance(value, dict):
        value = value.get("content")
    return value if isinstance(value, str) else None


def _template(folder: Path, tokenizer_config: Mapping[str, Any]) -> str | None:
    path = folder / "chat_template.jinja"
    if path.exists():
        try:
            return read_small_file(path, _MAX_BYTES).decode()
        except UnicodeDecodeError as error:
            raise TokenizerError(path, "file", f"not UTF-8 at byte {error.start}", "must be text") from None
    found = tokenizer_config.get("chat_template")
    if isinstance(found, list):  # one for each use; that named tool_use is for tools, which are not offered here
        named = {entry.get("name"): entry.get("template") for entry in found if isinstance(entry, dict)}
        found = named.get("default")
    if found is not None and not isinstance(found, str):
        rule = "must be a text, or a list with one named default"
        raise TokenizerError(folder / "tokenizer_config.json", "chat_template", "something else", rule)
    return found
