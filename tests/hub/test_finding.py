"""find_model: paths stay paths, what is here goes first, the hub is asked for the rest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.hub_fixtures import Heard
from support.hub_server import Hub

from llmproc.errors import CheckpointError, FetchError, UsageError
from llmproc.hub.finding import find_model
from llmproc.hub.hub_cache import cache_folder, snapshot_folder

GGUF = b"GGUF" * 400


@pytest.mark.parametrize("name", ["model.bin", "/no/such/file", Path("a/b"), "."])
def test_a_path_stays_as_it_is(name: str | Path, heard: Heard) -> None:
    assert find_model(name, heard) == Path(name)


@pytest.mark.parametrize("name", ["ollama:here", "HF:"])
def test_a_file_of_that_very_name_goes_first(
    name: str, heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text("x")
    assert find_model(name, heard) == Path(name)


@pytest.mark.parametrize(
    "spelling", ["HF://me/gguf", "HF://me/gguf/m.gguf", "hf:/me/gguf", "https://hf.co/me/gguf/blob/main/m.gguf"]
)
def test_a_model_is_fetched_once(spelling: str, hub: Hub, heard: Heard) -> None:
    hub.add("me/gguf", {"m.gguf": GGUF})
    found = find_model(spelling, heard)
    assert found.read_bytes() == GGUF and heard.plans[0][:2] == ("HF://me/gguf", ["m.gguf"])
    hub.asked.clear()
    assert find_model(Path(spelling), heard) == found, "a Path loses a slash"
    assert not hub.asked and len(heard.plans) == 1


def test_what_is_here_needs_no_network(hub: Hub, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(FetchError, match="no way to the hub"):
        find_model("HF://me/gguf/m.gguf", heard)
    folder = snapshot_folder("me/gguf", cache_folder())
    folder.mkdir(parents=True)
    (folder / "m.gguf").write_bytes(GGUF)
    assert find_model("HF://me/gguf/m.gguf", heard) == folder / "m.gguf"


def test_a_half_fetched_folder_is_completed(hub: Hub, heard: Heard) -> None:
    hub.add("me/folder", {"config.json": b"{}", "model.safetensors": GGUF})
    hub.faults.status["/cdn"] = 500
    with pytest.raises(FetchError, match="answers 500 for model"):
        find_model("HF://me/folder", heard)
    hub.faults.status.clear()
    assert sorted(path.name for path in find_model("HF://me/folder", heard).iterdir()) == [
        "config.json",
        "model.safetensors",
    ]


def test_a_model_of_ollama(heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path))
    place = tmp_path / "manifests/registry.ollama.ai/library/llama3.2/1b"
    place.parent.mkdir(parents=True)
    digest = "a" * 64
    layers = [{"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}"}]
    place.write_text(json.dumps({"layers": layers}))
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / f"sha256-{digest}").write_bytes(GGUF)
    assert find_model("ollama:llama3.2:1b", heard).read_bytes() == GGUF
    with pytest.raises(CheckpointError, match=r"which holds llama3\.2:1b"):
        find_model("ollama:llama3.2", heard)


@pytest.mark.parametrize("name", ["HF://x", "ollama:", "hf:///a/b"])
def test_a_wrong_form_is_a_usage_error(name: str, heard: Heard) -> None:
    with pytest.raises(UsageError, match="must be"):
        find_model(name, heard)


def test_a_start_with_a_path_or_a_cached_model_imports_no_client(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom llmproc.hub.finding import find_model\nfind_model('model.bin', None)\n"
        "assert 'llmproc.hub.hub_cache' not in sys.modules\nprint(find_model('HF://o/n', None))\n"
        "assert not {'huggingface_hub', 'numpy', 'llmproc.hub.fetching'} & set(sys.modules)\n"
    )
    folder = tmp_path / "hub/models--o--n/snapshots/main"
    folder.mkdir(parents=True)
    (folder / "m.gguf").write_bytes(GGUF)
    done = subprocess.run(
        [sys.executable, "-c", code], env={"HF_HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (f"{folder}/m.gguf\n", "")
