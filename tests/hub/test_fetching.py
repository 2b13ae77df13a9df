"""Models from a hub on this machine, through the real huggingface_hub: the cache, folders, resume, faults, refusals."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from support.hub_fixtures import CHUNK, Heard
from support.hub_server import COMMIT, Hub

from llmproc.errors import FetchError
from llmproc.hub.fetching import fetch_model, plan_words
from llmproc.hub.hub_cache import cache_folder, find_cached, snapshot_folder
from llmproc.hub.hub_client import RemoteFile
from llmproc.hub.spelling import HubModel

BIG = random.Random(1).randbytes(5 * CHUNK + 77)
FOLDER = {"config.json": b'{"a": 1}', "tokenizer.json": b"[1, 2]" * 300, "model.safetensors": BIG}
OTHERS = {"README.md": b"hello", "pytorch_model.bin": b"p" * 3000, "onnx/model.onnx": b"o" * 3000}
MODEL = HubModel("me/folder")
FILE = HubModel("me/gguf", "m.gguf")


def refused(model: HubModel, heard: Heard, target: Path | None = None) -> str:
    with pytest.raises(FetchError) as caught:
        fetch_model(model, target, heard)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# -- where files go -------------------------------------------------------------------------------------------------


def test_a_folder_goes_into_the_cache_of_hugging_faces_programs(hub: Hub, heard: Heard) -> None:
    from huggingface_hub import try_to_load_from_cache

    hub.add("me/folder", {**FOLDER, **OTHERS})
    found = fetch_model(MODEL, None, heard)
    assert found.path == found.folder == snapshot_folder("me/folder", cache_folder()) and found.path.name == COMMIT
    assert {name: (found.path / name).read_bytes() for name in os.listdir(found.path)} == FOLDER
    assert found.size == sum(map(len, FOLDER.values()))
    assert heard.plans == [("HF://me/folder", list(FOLDER), cache_folder() / "models--me--folder")]
    assert heard.files == [(name, True) for name in FOLDER] and heard.bytes[-1] == ("model.safetensors", len(BIG))
    theirs = try_to_load_from_cache("me/folder", "model.safetensors", cache_dir=cache_folder())
    assert theirs == str(found.path / "model.safetensors"), "huggingface_hub finds it as its own"
    assert find_cached(MODEL, cache_folder()) == found.path


def test_what_is_there_is_not_fetched_again(hub: Hub, heard: Heard) -> None:
    hub.add("me/folder", FOLDER)
    fetch_model(MODEL, None, heard)
    again = Heard()
    hub.asked.clear()
    fetch_model(MODEL, None, again)
    assert again.plans == [] and again.files == [(name, False) for name in FOLDER]
    assert not hub.ranges()


def test_a_new_commit_brings_only_what_changed(hub: Hub, heard: Heard) -> None:
    hub.add("me/folder", FOLDER)
    old = fetch_model(MODEL, None, heard)
    hub.add("me/folder", {**FOLDER, "config.json": b"{}"}, commit="f" * 40)
    new = fetch_model(MODEL, None, heard)
    assert heard.plans[1][1] == ["config.json"] and new.path != old.path
    assert (new.path / "config.json").read_bytes() == b"{}" and (old.path / "config.json").read_bytes() != b"{}"
    assert find_cached(MODEL, cache_folder()) == new.path


def test_a_split_gguf_file_is_all_its_parts(hub: Hub, heard: Heard) -> None:
    parts = {f"q/m-0000{number}-of-00002.gguf": BIG[: 2000 + number] for number in (1, 2)}
    hub.add("me/gguf", {**parts, "other.gguf": b"x"})
    found = fetch_model(HubModel("me/gguf", "q/m-00002-of-00002.gguf"), None, heard)
    assert found.path == found.folder / "q" / "m-00001-of-00002.gguf"
    assert {file.name for file in found.files} == set(parts) and all((found.folder / name).is_file() for name in parts)


def test_a_folder_of_the_users(hub: Hub, heard: Heard, tmp_path: Path) -> None:
    hub.add("me/folder", {**FOLDER, **OTHERS})
    target = tmp_path / "new" / "models"
    found = fetch_model(MODEL, target, heard)
    assert found.path == target and {name: (target / name).read_bytes() for name in os.listdir(target)} == FOLDER
    assert not cache_folder().exists()
    again = Heard()
    fetch_model(MODEL, target, again)
    assert again.plans == [] and again.files == [(name, False) for name in FOLDER]


@pytest.mark.parametrize("content", [BIG[:-1] + b"?", b"short"])
def test_another_file_of_the_users_is_not_replaced(hub: Hub, heard: Heard, tmp_path: Path, content: bytes) -> None:
    hub.add("me/gguf", {"m.gguf": BIG})
    (tmp_path / "m.gguf").write_bytes(content)
    message = refused(FILE, heard, tmp_path)
    assert message == f"{tmp_path}/m.gguf: is there already, and is not m.gguf of me/gguf: move it away"
    assert (tmp_path / "m.gguf").read_bytes() == content and heard.plans == []


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "bad"])
def test_a_gated_model_says_what_to_do(
    hub: Hub, heard: Heard, monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    hub.add("me/gguf", {"m.gguf": BIG}, gated=True)
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    message = refused(FILE, heard)
    page = f"{hub.url}/me/gguf"
    assert message == (
        f"HF://me/gguf: is gated: accept its terms at {page}, then log in with `hf auth login` or set HF_TOKEN"
    )
    monkeypatch.setenv("HF_TOKEN", "good")
    assert fetch_model(FILE, None, heard).path.read_bytes() == BIG


def test_a_repository_that_is_not_there_is_answered_with_near_names(hub: Hub, heard: Heard) -> None:
    message = refused(HubModel("HuggingFaceTB/SmolLM2-135M-Instuct"), heard)
    assert "has no such repository, or it is private" in message
    assert "in the catalogue are smollm2-135m-instruct" in message
    assert "catalogue" not in refused(HubModel("me/zzz"), heard)


def test_a_file_that_is_not_there_is_answered_with_near_names(hub: Hub, heard: Heard) -> None:
    hub.add("me/gguf", {"m-Q8_0.gguf": BIG})
    assert "no file m-Q80.gguf; there is m-Q8_0.gguf" in refused(HubModel("me/gguf", "m-Q80.gguf"), heard)


def test_a_model_compiled_for_mlc_is_refused_before_anything_is_fetched(hub: Hub, heard: Heard) -> None:
    hub.add("me/folder", {"mlc-chat-config.json": b"{}", "params_shard_0.bin": BIG})
    assert "take the same model as safetensors or GGUF" in refused(MODEL, heard)
    assert heard.plans == [] and not cache_folder().exists()


@pytest.mark.parametrize(
    ("start", "status", "words"),
    [
        ("/api/models", 500, "answers 500 for the list of its files: try again later"),
        ("/api/models", 403, "refuses the list of its files (403): log in with"),
        ("/me/gguf/resolve", 404, "answers 404 for m.gguf"),
        ("/cdn", 403, "refuses m.gguf (403): log in with"),
    ],
)
def test_an_answer_that_is_an_error(hub: Hub, heard: Heard, start: str, status: int, words: str) -> None:
    hub.add("me/gguf", {"m.gguf": BIG})
    hub.faults.status[start] = status
    assert words in refused(FILE, heard)


def test_something_that_is_no_hub(hub: Hub, heard: Heard) -> None:
    hub.faults.status["/api/models"] = 200  # {}
    assert refused(FILE, heard).endswith(f"cannot be had from {hub.url[7:]}: its answer is not a hub's")


def test_names_that_the_hub_does_not_take(hub: Hub, heard: Heard) -> None:
    assert "HF://me/a--b: the list of its files cannot be had from 127.0.0.1:" in refused(HubModel("me/a--b"), heard)


def test_a_disk_that_refuses(hub: Hub, heard: Heard, tmp_path: Path) -> None:
    hub.add("me/gguf", {"m.gguf": BIG})
    (tmp_path / "file").write_text("x")
    assert (
        refused(FILE, heard, tmp_path / "file") == f"{tmp_path}/file/m.gguf.incomplete: cannot be written: File exists"
    )


# -- no network -------------------------------------------------------------------------------------------------------


@pytest.fixture
def nowhere(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a hub that is not there."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    return "http://127.0.0.1:9"


def test_without_a_network_it_says_how_to_do_it_by_hand(nowhere: str, heard: Heard) -> None:
    message = refused(FILE, heard)
    folder = snapshot_folder("me/gguf", cache_folder())
    assert message.startswith("HF://me/gguf/m.gguf: no way to the hub (")
    assert f"download m.gguf from {nowhere}/me/gguf/resolve/main/m.gguf elsewhere, put it into {folder}" in message
    folder.mkdir(parents=True)
    (folder / "m.gguf").write_bytes(BIG)
    found = fetch_model(FILE, None, heard)
    assert found.path == folder / "m.gguf" and found.files == () and heard.plans == []


def test_without_a_network_a_folder_is_told_file_by_file(nowhere: str, heard: Heard, tmp_path: Path) -> None:
    message = refused(MODEL, heard, tmp_path)
    assert "config.json, tokenizer.json, tokenizer_config.json and model.safetensors" in message
    assert f"from {nowhere}/me/folder elsewhere, put them into {tmp_path} and run" in message


def test_offline_mode_is_no_network(hub: Hub, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add("me/gguf", {"m.gguf": BIG})
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert "no way to the hub (HF_HUB_OFFLINE is set)" in refused(FILE, heard)


# -- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ([2_500_000], "fetching f0 of HF://o/n, 2.5 MB, into /d"),
        ([10_000_000, 1_234_567_890], "fetching 2 files of HF://o/n, 1,245 MB, into /d"),
    ],
)
def test_the_notice_says_what_how_much_and_where_to(sizes: list[int], words: str) -> None:
    files = [RemoteFile(f"f{number}", size, "", True) for number, size in enumerate(sizes)]
    assert plan_words("HF://o/n", files, Path("/d")) == words
