"""Hugging Face folders written and opened at once, to be read or refused. Used by the tests of that reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from checkpoints.hugging_face_folders import write_folder

from llmproc.checkpoints.huggingface.model_file import HuggingFaceFolder
from llmproc.checkpoints.model_file import open_model
from llmproc.errors import CheckpointError


def opened(folder: Path, model_type: str = "llama", changes: dict[str, Any] | None = None, **form: Any) -> Any:
    model = open_model(write_folder(folder, model_type, changes, **form))
    assert isinstance(model, HuggingFaceFolder)
    return model


def refused(folder: Path, *args: Any, **form: Any) -> str:
    with pytest.raises(CheckpointError) as caught:
        opened(folder, *args, **form)
    message = str(caught.value)
    assert message.startswith(str(folder)) and message.isprintable() and caught.value.exit_code == 4
    return message
