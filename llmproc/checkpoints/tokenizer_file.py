"""A tokenizer from the file that a user names, whatever kind it is; models that bring one are such files, too.

    a folder, tokenizer.json    Hugging Face's; the files beside it count
    a GGUF file                 the vocabulary in its metadata
    any other file              llama2.c's tokenizer.bin, with its sidecar

Used by the formats behind `open_model`. The kinds are imported when one is opened: the template opens models and needs
no tokenizer, and each of them may need a package of its own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from llmproc.errors import TokenizerError, require_package
from llmproc.files.reading import UnreadableFileError, open_regular

if TYPE_CHECKING:
    from llmproc.text.tokenizers.contract import TextTokenizer

_JSON = "tokenizer.json"
_GGUF = b"GGUF"


def load_tokenizer_file(path: Path, vocab_size: int) -> TextTokenizer:
    """Read the tokenizer in `path` for an embedding of `vocab_size` rows.

    Raises TokenizerError, CheckpointError for a GGUF file that breaks a rule, MissingPackageError.
    """
    folder = folder_of(path)
    if folder is not None:
        if not os.path.exists(folder / _JSON):
            raise TokenizerError(path, _JSON, "missing", "must be in the folder, or --tokenizer must name a tokenizer")
        require_package("tokenizers")
        from llmproc.text.tokenizers.folder import load_folder_tokenizer

        return load_folder_tokenizer(folder, vocab_size)
    if is_gguf(path):
        from llmproc.checkpoints.gguf.split import read_set
        from llmproc.text.tokenizers.gguf import load_gguf_tokenizer

        return load_gguf_tokenizer(path, read_set(path).metadata, vocab_size)
    from llmproc.text.tokenizers.tokenizer import load_tokenizer

    return load_tokenizer(path, vocab_size)


def folder_of(path: Path) -> Path | None:
    """Return the folder that a path means, by itself or by its tokenizer.json; None for another file.

    TokenizerError for JSON of another name.
    """
    if os.path.isdir(path):
        return path
    if path.suffix != ".json" or not os.path.exists(path):
        return None
    if path.name != _JSON:
        raise TokenizerError(path, "name", path.name, f"must be {_JSON}: the files beside it count, too")
    return path.parent


def is_gguf(path: Path) -> bool:
    """Return whether the first bytes are GGUF's; False for a file that cannot be read: its reader says why."""
    try:
        with open_regular(path) as (fd, _):
            return os.pread(fd, 4, 0) == _GGUF
    except UnreadableFileError:
        return False
