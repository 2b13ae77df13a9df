"""The tokens that end a text, by generation_config.json and config.json. Used by `describing`.

generation_config.json replaces what config.json says; where it names none, config.json's count, rather than never
ending, and that is said. A class default never counts. What the tokenizer and its chat template add is theirs.
"""

from __future__ import annotations

import os

from llmproc.checkpoints.huggingface.config import CONFIG_LIMIT, HuggingFaceConfig
from llmproc.checkpoints.huggingface.json_files import read_object
from llmproc.checkpoints.source_file import refuse
from llmproc.text.tokenizers.ends import GENERATION, KEY, WrongEndError, folder_ends


def read_end_tokens(config: HuggingFaceConfig, vocab_size: int) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return the ids that end a text, sorted, and what a user should know. CheckpointError."""
    path = config.path.with_name(GENERATION)
    generation = read_object(path, CONFIG_LIMIT) if os.path.exists(path) else None
    try:
        ends, notes = folder_ends(config.values, generation, vocab_size)
    except WrongEndError as error:
        raise refuse(config.path.with_name(error.file), KEY, error.value, error.rule) from None
    return tuple(sorted(ends)), notes
