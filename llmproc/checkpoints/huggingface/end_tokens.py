"""The tokens that end a text, by generation_config.json and config.json. Used by `describing`.

generation_config.json replaces what config.json says; where it names none, config.json's count, rather than never
ending, and that is said. A class default never counts. What the tokenizer and its chat template add is theirs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from llmproc.checkpoints.huggingface.config import CONFIG, CONFIG_LIMIT, HuggingFaceConfig, shown_value, whole
from llmproc.checkpoints.huggingface.json_files import read_object
from llmproc.checkpoints.source_file import refuse

GENERATION, KEY = "generation_config.json", "eos_token_id"
_MOST = 1000


def read_end_tokens(config: HuggingFaceConfig, vocab_size: int) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return the ids that end a text, sorted, and what a user should know. CheckpointError."""
    path = config.path.with_name(GENERATION)
    replaced = os.path.exists(path)
    if replaced:
        stated = read_object(path, CONFIG_LIMIT).get(KEY)
        if stated is not None:
            return _ids(path, stated, vocab_size), ()
    found = _ids(config.path, config.values.get(KEY), vocab_size)
    if not replaced:
        return found, ()
    return found, (f"{GENERATION} names no {KEY}: that of {CONFIG} ends a text ({shown_value(list(found))})",)


def _ids(path: Path, value: Any, vocab_size: int) -> tuple[int, ...]:
    if value is None:
        return ()
    items = value if isinstance(value, list) else [value]
    if len(items) > _MOST:
        raise refuse(path, KEY, f"a list of {len(items)}", f"must be at most {_MOST} ids")
    return tuple(sorted({whole(path, KEY, item, 0, vocab_size - 1) for item in items}))
