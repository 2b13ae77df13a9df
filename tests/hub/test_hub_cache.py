"""The cache of Hugging Face's programs, read without them: the same folders, and only whole models count."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from llmproc.errors import FetchError
from llmproc.hub.hub_cache import cache_folder, find_cached, repository_folder, snapshot_folder
from llmproc.hub.spelling import HubModel

COMMIT = "a" * 40
MODEL = HubModel("o/n")
ENVIRONMENTS: tuple[dict[str, str], ...] = (
    {"HOME": "/h"},
    {"HOME": "/h", "XDG_CACHE_HOME": "/x"},
    {"HOME": "/h", "XDG_CACHE_HOME": "/x", "HF_HOME": "/hf"},
    {"HOME": "/h", "HF_HOME": "~/hf"},
    {"HOME": "/h", "HF_HOME": "/hf", "HF_HUB_CACHE": "$HOME/cache"},
    {"HOME": "/h", "HF_HOME": "/hf", "HUGGINGFACE_HUB_CACHE": "/old"},
    {"HOME": "/h", "HF_HUB_CACHE": "/new", "HUGGINGFACE_HUB_CACHE": "/old"},
)
# huggingface_hub reads the environment once, when it is imported: the module alone, again for each of them.
ASK = """
import importlib, json, os, sys
from huggingface_hub import constants
for found in json.loads(sys.argv[1]):
    os.environ.clear()
    os.environ.update(found)
    print(importlib.reload(constants).HF_HUB_CACHE)
"""


def test_the_folder_is_the_one_of_huggingface_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-c", ASK, json.dumps(ENVIRONMENTS)]
    theirs = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    ours = []
    for found in ENVIRONMENTS:
        monkeypatch.setenv("HOME", found["HOME"])
        ours.append(str(cache_folder(found)))
    assert ours == theirs and len(set(ours)) == len(ENVIRONMENTS)


def put(cache: Path, names: dict[str, str], commit: str = COMMIT, ref: str | None = COMMIT) -> Path:
    """Write files as the cache keeps them; return the folder of the snapshot."""
    place = repository_folder("o/n", cache)
    folder = place / "snapshots" / commit
    for number, (name, text) in enumerate(names.items()):
        blob = place / "blobs" / f"{commit[:1]}{number}"
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_text(text)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(blob)
    if ref is not None:
        (place / "refs").mkdir(parents=True, exist_ok=True)
        (place / "refs" / "main").write_text(ref)
    return folder


def test_a_whole_folder_is_found(tmp_path: Path) -> None:
    folder = put(tmp_path, {"config.json": "{}", "model.safetensors": "x"})
    assert find_cached(MODEL, tmp_path) == folder == snapshot_folder("o/n", tmp_path)


def test_a_file_is_found_also_in_a_folder_of_the_repository(tmp_path: Path) -> None:
    folder = put(tmp_path, {"a.gguf": "x", "q/b.gguf": "y"})
    assert find_cached(HubModel("o/n", "q/b.gguf"), tmp_path) == folder / "q" / "b.gguf"
    assert find_cached(HubModel("o/n", "c.gguf"), tmp_path) is None
    assert find_cached(MODEL, tmp_path) is None, "which of them is not said"


def test_the_commit_that_main_was_is_used_and_no_other(tmp_path: Path) -> None:
    put(tmp_path, {"a.gguf": "old"}, "b" * 40)
    new = put(tmp_path, {"a.gguf": "new"})
    assert find_cached(HubModel("o/n", "a.gguf"), tmp_path) == new / "a.gguf"


def test_files_put_there_by_hand_are_found(tmp_path: Path) -> None:
    folder = snapshot_folder("o/n", tmp_path)
    assert folder == tmp_path / "models--o--n" / "snapshots" / "main"
    folder.mkdir(parents=True)
    (folder / "a.gguf").write_text("x")
    assert find_cached(HubModel("o/n", "a.gguf"), tmp_path) == folder / "a.gguf"
    assert find_cached(MODEL, tmp_path) == folder / "a.gguf"


@pytest.mark.parametrize(
    "names",
    [
        {},
        {"config.json": "{}"},
        {"model.safetensors": "x"},  # the configuration is on its way
        {"config.json": "{}", "model.safetensors.index.json": "{}"},
        {"config.json": "{}", "model.safetensors.index.json": "not json", "model-00001-of-00001.safetensors": "x"},
        {"config.json": "{}", "model.safetensors.index.json": '{"weight_map": []}'},
        {"config.json": "{}", "model.safetensors.index.json": '{"weight_map": {}}'},
        {"config.json": "{}", "model.safetensors.index.json": '{"weight_map": {"a": "s1", "b": "s2"}}', "s1": "x"},
        {"m-00001-of-00002.gguf": "x"},
    ],
)
def test_what_is_not_whole_is_not_there(tmp_path: Path, names: dict[str, str]) -> None:
    put(tmp_path, names)
    assert find_cached(MODEL, tmp_path) is None


def test_shards_are_whole_when_all_of_them_are_there(tmp_path: Path) -> None:
    index = '{"weight_map": {"a": "s1", "b": "s2", "c": "s1"}}'
    folder = put(tmp_path, {"config.json": "{}", "model.safetensors.index.json": index, "s1": "x", "s2": "y"})
    assert find_cached(MODEL, tmp_path) == folder


def test_a_link_to_a_blob_that_is_gone_is_no_file(tmp_path: Path) -> None:
    folder = put(tmp_path, {"config.json": "{}", "model.safetensors": "x"})
    (folder / "model.safetensors").resolve().unlink()
    assert find_cached(MODEL, tmp_path) is None


@pytest.mark.parametrize("ref", ["../../../../etc", "", "a/b", "\0", "x" * 5000, "é"])
def test_a_ref_that_leads_elsewhere_is_not_followed(tmp_path: Path, ref: str) -> None:
    put(tmp_path, {"a.gguf": "x"}, ref=ref)
    assert snapshot_folder("o/n", tmp_path) == tmp_path / "models--o--n" / "snapshots" / "main"
    assert find_cached(HubModel("o/n", "a.gguf"), tmp_path) is None


def test_a_model_compiled_for_mlc_is_refused_by_name(tmp_path: Path) -> None:
    put(tmp_path, {"mlc-chat-config.json": "{}", "params_shard_0.bin": "x"})
    with pytest.raises(FetchError, match=r"HF://o/n: is compiled for MLC .* same model as safetensors or GGUF"):
        find_cached(MODEL, tmp_path)
