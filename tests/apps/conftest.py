"""Models and tokenizers for the prompt loop's tests: made here, so that these tests do not depend on what ships."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.synth import write_synthetic

TOKENIZERS = runpy.run_path(str(Path(__file__).parents[1] / "text" / "invalid_tokenizers.py"))
VOCABULARY = 2048  # of the random models: one token in 2048 ends an answer


def _model(folder: Path, dim: int, hidden: int, layers: int, seq_len: int) -> Path:
    (folder / "tokenizer.bin").write_bytes(TOKENIZERS["valid"](VOCABULARY))
    (folder / "tokenizer.meta.json").write_text(TOKENIZERS["SIDECAR"])
    shape = ModelDescription(dim, hidden, layers, 8, 4, VOCABULARY, seq_len, dim // 8, True, "int8", 32)
    write_synthetic(folder / "model.bin", shape, seed=1)
    return folder / "model.bin"


@pytest.fixture(scope="session")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model of 44 MB, 3 to 10 ms a token: long enough to be killed in the middle of, on a fast machine too."""
    return _model(tmp_path_factory.mktemp("slow"), 512, 1536, 12, 1024)


@pytest.fixture(scope="session")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model that takes well under a millisecond a token; 512 positions."""
    return _model(tmp_path_factory.mktemp("quick"), 64, 128, 2, 512)
