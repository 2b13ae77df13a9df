"""`open_model`: the one door to a model. What it promises for llama2.c's files, and that no caller goes around it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from checkpoints.invalid_checkpoints import LAYOUTS, valid

import llmproc
from llmproc.checkpoints.fingerprint import fingerprint
from llmproc.checkpoints.llama2c.header import read_header
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.tensors import LAYER_TENSORS, MATRICES, NORMS, matrix_shape, tensor_names, tensor_shape
from llmproc.checkpoints.weights import Int8Matrix
from llmproc.config import shipped_file
from llmproc.errors import CheckpointError, TokenizerError

PACKAGE = Path(llmproc.__file__).parent
MAKERS_OF_FILES = {
    "apps/synth/options.py",
    "experiments/against_llama_cpp/models.py",
    "experiments/bench/model.py",
    "experiments/bench/arms/llama_cpp.py",
}


def _write(path: Path, layout: str) -> Path:
    path.write_bytes(valid(layout))
    return path


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_known_without_loading(tmp_path: Path, layout: str) -> None:
    path = _write(tmp_path / "model.bin", layout)
    model, header = open_model(path), read_header(path)
    assert (model.path, model.format, model.version) == (path, "llama2.c", layout)
    assert model.description == header.description
    assert model.size == path.stat().st_size
    assert open_model(str(path)) == model


@pytest.mark.parametrize("layout", LAYOUTS)
def test_everything_is_loaded_and_identified(tmp_path: Path, layout: str) -> None:
    path = _write(tmp_path / "model.bin", layout)
    model = open_model(path)
    loaded = model.load()
    assert loaded.fingerprint == model.fingerprint() == fingerprint(memoryview(path.read_bytes()))
    weights, d = loaded.weights, model.description
    for name in tensor_names(d):
        owners = weights.layers if name in LAYER_TENSORS else [weights]
        for owner in owners:
            tensor = getattr(owner, name)
            values = tensor.values if isinstance(tensor, Int8Matrix) else tensor
            assert values.shape == tensor_shape(d, name), name
    path.unlink()
    assert np.isfinite(weights.final_norm).all(), "nothing of the file is needed any more"


def test_a_file_exchanged_after_it_was_opened_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "model.bin", "version 2")
    model = open_model(path)
    _write(path, "version 1")
    with pytest.raises(CheckpointError):
        model.load()


@pytest.mark.parametrize("content", [None, b"", b"GGUF" + bytes(300), b"\x08\0\0\0\0\0\0\0{}" + bytes(300)])
def test_what_is_not_ours_is_refused_by_name(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "model.gguf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"model\.gguf"):
        open_model(path)


def test_the_tokenizer_is_judged_by_the_models_vocabulary(tmp_path: Path) -> None:
    shipped = open_model(shipped_file("model", "model.bin"))
    path = shipped_file("tokenizer", "tokenizer.bin")
    assert shipped.load_tokenizer(path).vocab_size == shipped.description.vocab_size
    other = open_model(_write(tmp_path / "model.bin", "version 1"))
    with pytest.raises(TokenizerError):
        other.load_tokenizer(path)


def test_main_opens_a_model_without_numpy(tmp_path: Path) -> None:
    path = _write(tmp_path / "model.bin", "version 2")
    code = (
        "import sys; from llmproc.checkpoints.model_file import open_model\n"
        f"model = open_model({str(path)!r}); model.fingerprint(); print({{'numpy', 'numba'}} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_shapes_are_one_table_and_heads_need_not_fill_the_width() -> None:
    d = open_model(shipped_file("model", "model.bin")).description
    assert set(tensor_names(d)) | {"classifier"} == MATRICES | set(NORMS)
    assert matrix_shape(d, "wq") == (d.n_heads * d.head_dim, d.dim) == matrix_shape(d, "wo")[::-1]
    for name in MATRICES:
        assert tensor_shape(d, name) == matrix_shape(d, name)
    with pytest.raises(KeyError):
        tensor_shape(d, "bias")


def test_only_this_room_knows_formats() -> None:
    """Other rooms import neither llama2c nor gguf, but for those that write such files."""
    around = set()
    for file in PACKAGE.rglob("*.py"):
        name = file.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(file.read_text())):
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            if module.startswith(("llmproc.checkpoints.llama2c", "llmproc.checkpoints.gguf")):
                around.add(name)
    outside = {name for name in around if not name.startswith("checkpoints/")}
    assert outside == MAKERS_OF_FILES
    inside = {name for name in around if name.startswith("checkpoints/") and name.count("/") == 1}
    choosing = {"checkpoints/model_file.py", "checkpoints/tokenizer_file.py"}
    knowing = {"checkpoints/synth.py", "checkpoints/weight_source.py"}
    assert inside == choosing | knowing, "other shared files know no format"
