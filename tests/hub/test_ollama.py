"""Ollama's store: a name becomes the path of a GGUF file, or one line that says what the store holds."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.errors import CheckpointError
from llmproc.hub.ollama import SERVICE_STORE, find_ollama, held_names, store_folders
from llmproc.hub.spelling import OllamaModel, parse_spelling

DIGEST = "5" * 64
MODEL = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{DIGEST}", "size": 4}
TEMPLATE = {"mediaType": "application/vnd.ollama.image.template", "digest": f"sha256:{'6' * 64}", "size": 1}
PARAMS = {"mediaType": "application/vnd.ollama.image.params", "digest": f"sha256:{'7' * 64}", "size": 1}
ADAPTER = {"mediaType": "application/vnd.ollama.image.adapter", "digest": f"sha256:{'8' * 64}", "size": 1}
TENSOR = {"mediaType": "application/vnd.ollama.image.tensor; name=a", "digest": f"sha256:{'9' * 64}", "size": 1}


def manifest(layers: list[Any]) -> str:
    return json.dumps({"schemaVersion": 2, "config": {"digest": f"sha256:{'0' * 64}"}, "layers": layers})


def put(store: Path, place: str, text: str, mark: str = "-") -> Path:
    """Write a manifest and the blob of a model; return the blob."""
    path = store / "manifests" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    blob = store / "blobs" / f"sha256{mark}{DIGEST}"
    blob.parent.mkdir(exist_ok=True)
    blob.write_bytes(b"GGUF")
    return blob


def find(store: Path, name: str) -> Path:
    model = parse_spelling(f"ollama:{name}")
    assert isinstance(model, OllamaModel)
    return find_ollama(model, [store])


def refused(store: Path, name: str = "m") -> str:
    with pytest.raises(CheckpointError) as caught:
        find(store, name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("mark", ["-", ":"])
def test_the_layer_of_the_model_is_the_gguf_file(tmp_path: Path, mark: str) -> None:
    text = manifest([TEMPLATE, MODEL, PARAMS])
    blob = put(tmp_path, "registry.ollama.ai/library/llama3.2/latest", text, mark)
    assert find(tmp_path, "llama3.2") == blob == find(tmp_path, "library/llama3.2:latest")


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("registry.ollama.ai/library/llama3.2/1b", "llama3.2:1b"),
        ("registry.ollama.ai/me/mine/latest", "me/mine"),
        ("hf.co/owner/Model-GGUF/Q4_K_M", "hf.co/owner/Model-GGUF:Q4_K_M"),
    ],
)
def test_tags_owners_and_other_registries(tmp_path: Path, place: str, name: str) -> None:
    assert find(tmp_path, name) if put(tmp_path, place, manifest([MODEL])) else None
    assert list(held_names(tmp_path)) == [name if ":" in name else f"{name}:latest"]


def test_a_name_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    for name in ("llama3.2/latest", "llama3.2/1b", "qwen3/0.6b"):
        put(tmp_path, f"registry.ollama.ai/library/{name}", manifest([MODEL]))
    message = refused(tmp_path, "llama3.1")
    assert message.startswith("ollama:llama3.1:latest: model is not in Ollama's store: must be in ")
    assert message.endswith(f"{tmp_path}, which holds llama3.2:1b, llama3.2:latest, qwen3:0.6b")


def test_of_many_names_a_dozen_are_shown(tmp_path: Path) -> None:
    for number in range(20):
        put(tmp_path, f"registry.ollama.ai/library/m{number:02}/latest", manifest([MODEL]))
    assert refused(tmp_path, "x").endswith("m10:latest, m11:latest and 8 more")


def test_an_empty_or_missing_store_is_said_to_be_so(tmp_path: Path) -> None:
    assert refused(tmp_path / "none").endswith("which holds no models") and refused(tmp_path).endswith("no models")


def test_a_store_that_cannot_be_read_is_said_to_be_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listdir = os.listdir

    def denied(place: Any) -> list[str]:
        if place == tmp_path:
            raise PermissionError(13, "Permission denied", str(place))
        return listdir(place)

    monkeypatch.setattr(os, "listdir", denied)
    assert refused(tmp_path).endswith(f"which holds no models ({tmp_path} cannot be read)")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "content is something else: must be JSON with a list of layers"),
        ("[]", "content is something else"),
        ("{}", "content is something else"),
        ('{"layers": 7}', "content is something else"),
        (manifest([]), "layers is 0 of a model: must have one GGUF model"),
        (manifest([TENSOR, TENSOR]), "other kinds are not read"),
        (manifest([MODEL, MODEL]), "layers is 2 of a model"),
        (manifest([{**MODEL, "digest": "sha256:../../../etc/passwd"}]), "layers is without a sha256"),
        (manifest([{**MODEL, "digest": 7}]), "layers is without a sha256"),
        (manifest([{**MODEL, "digest": f"sha256:{'1' * 64}"}]), "no such file"),
        (manifest([MODEL, ADAPTER]), "layers is with an adapter: must be a model alone"),
    ],
)
def test_a_manifest_that_breaks_a_rule(tmp_path: Path, text: str, words: str) -> None:
    put(tmp_path, "registry.ollama.ai/library/m/latest", text)
    assert words in refused(tmp_path)


def test_a_manifest_that_is_no_file_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "manifests/registry.ollama.ai/library/m/latest"
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    assert "must be a regular file" in refused(tmp_path)


LAYER = st.fixed_dictionaries(
    {}, optional={"mediaType": st.sampled_from([MODEL["mediaType"], "x"]), "digest": st.text(max_size=70)}
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(LAYER | st.integers() | st.none(), max_size=4) | st.text(max_size=5) | st.none())
def test_any_layers_without_a_blob_are_refused(tmp_path_factory: pytest.TempPathFactory, layers: Any) -> None:
    store = tmp_path_factory.getbasetemp() / "any-layers"
    put(store, "registry.ollama.ai/library/m/latest", json.dumps({"layers": layers}))
    assert refused(store)


def test_where_stores_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/h")
    assert store_folders({}) == [Path("/h/.ollama/models"), SERVICE_STORE]
    assert store_folders({"OLLAMA_MODELS": "~/m"}) == [Path("/h/m")]
    assert store_folders({"OLLAMA_MODELS": ""}) == [Path("/h/.ollama/models"), SERVICE_STORE]


def test_every_store_is_looked_into(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    put(first, "registry.ollama.ai/library/x/latest", manifest([MODEL]))
    blob = put(second, "registry.ollama.ai/library/m/latest", manifest([MODEL]))
    model = OllamaModel("registry.ollama.ai", "library", "m", "latest")
    assert find_ollama(model, [tmp_path / "none", first, second]) == blob
