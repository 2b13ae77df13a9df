"""One file on its way: connections that break, parts that earlier runs left, bytes that are not those stated."""

from __future__ import annotations

import fcntl
import os
import random
from pathlib import Path

import pytest
from support.hub_fixtures import CHUNK, Heard
from support.hub_server import Hub, git_sha1, sha256

from llmproc.errors import FetchError
from llmproc.hub.fetching import fetch_model
from llmproc.hub.hub_cache import cache_folder, find_cached
from llmproc.hub.spelling import HubModel

BIG = random.Random(1).randbytes(5 * CHUNK + 77)
FILE = HubModel("me/gguf", "m.gguf")


def blob(hub: Hub, data: bytes) -> Path:
    """Where the cache keeps the bytes of FILE."""
    return cache_folder() / "models--me--gguf" / "blobs" / sha256(data)


def refused(model: HubModel, heard: Heard, target: Path | None = None) -> str:
    with pytest.raises(FetchError) as caught:
        fetch_model(model, target, heard)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# -- broken connections -----------------------------------------------------------------------------------------------


def test_a_connection_that_breaks_is_taken_up_where_it_broke(hub: Hub, heard: Heard) -> None:
    hub.add("me/gguf", {"m.gguf": BIG})
    hub.faults.break_after = [2 * CHUNK + 5, CHUNK + 1]
    assert fetch_model(FILE, None, heard).path.read_bytes() == BIG
    assert hub.ranges() == ["", f"bytes={2 * CHUNK}-", f"bytes={3 * CHUNK}-"]


def test_what_an_earlier_run_has_fetched_is_used(hub: Hub, heard: Heard) -> None:
    hub.add("me/gguf", {"m.gguf": BIG})
    hub.faults.break_after = [2 * CHUNK + 5, *[0] * 100]
    message = refused(FILE, heard)
    assert message.startswith("m.gguf: the connection broke (")
    assert message.endswith(f"{2 * CHUNK:,} of {len(BIG):,} bytes are here; the same command goes on from there")
    assert not blob(hub, BIG).exists() and find_cached(FILE, cache_folder()) is None
    hub.faults.break_after, hub.asked = [], []
    assert fetch_model(FILE, None, heard).path.read_bytes() == BIG
    assert hub.ranges() == [f"bytes={2 * CHUNK}-"]
    assert not list(blob(hub, BIG).parent.glob("*.incomplete"))


def test_a_server_without_ranges_sends_all_again(hub: Hub, heard: Heard) -> None:
    """Old versions of huggingface_hub append what they get; then the next try begins with nothing."""
    hub.add("me/gguf", {"m.gguf": BIG})
    hub.faults.ignore_range, hub.faults.break_after = True, [2 * CHUNK]
    try:
        fetch_model(FILE, None, heard)
    except FetchError as error:
        assert "more bytes than it states" in str(error)
    assert fetch_model(FILE, None, heard).path.read_bytes() == BIG


@pytest.mark.parametrize("left", [b"another version's bytes", BIG + b"too long", BIG[:-1] + b"?", BIG])
def test_a_part_of_something_else_is_dropped(hub: Hub, heard: Heard, left: bytes) -> None:
    hub.add("me/gguf", {"m.gguf": BIG})
    place = blob(hub, BIG)
    place.parent.mkdir(parents=True)
    place.with_name(f"{place.name}.incomplete").write_bytes(left)
    assert fetch_model(FILE, None, heard).path.read_bytes() == BIG
    assert hub.ranges() == ([] if left == BIG else [*([f"bytes={len(left)}-"] if len(left) < len(BIG) - 1 else []), ""])


def test_two_programs_do_not_write_one_file(hub: Hub, heard: Heard, tmp_path: Path) -> None:
    hub.add("me/gguf", {"m.gguf": BIG})
    with open(tmp_path / "m.gguf.incomplete", "wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert "another program is fetching this file: wait for it" in refused(FILE, heard, tmp_path)
    assert fetch_model(FILE, tmp_path, heard).path.read_bytes() == BIG


# -- wrong bytes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [len(BIG), 500])
def test_bytes_with_another_hash_are_dropped(hub: Hub, heard: Heard, tmp_path: Path, size: int) -> None:
    """A file of Git LFS has a sha256, a small one git's sha1: both are checked; huggingface_hub checks neither."""
    data = BIG[:size]
    repository = hub.add("me/gguf", {"m.gguf": data})
    if size == len(BIG):
        hub.faults.sent[sha256(data)] = data[:-1] + b"?"
    else:
        stated = [{**repository.siblings()[0], "blobId": git_sha1(b"other" * 100)}]
        repository.siblings = lambda: stated  # type: ignore[method-assign]
    message = refused(FILE, heard, tmp_path / "there")
    assert message.startswith("m.gguf: 127.0.0.1:") and message.endswith("are dropped; try again")
    assert os.listdir(tmp_path / "there") == []


def test_more_bytes_than_stated_are_dropped(hub: Hub, heard: Heard, tmp_path: Path) -> None:
    hub.add("me/gguf", {"m.gguf": BIG})
    hub.faults.sent[sha256(BIG)] = BIG + b"more"
    assert "than it states: they are dropped" in refused(FILE, heard, tmp_path / "there")
    assert os.listdir(tmp_path / "there") == []


def test_fewer_bytes_than_stated_are_no_file(hub: Hub, heard: Heard, tmp_path: Path) -> None:
    hub.add("me/gguf", {"m.gguf": BIG})
    hub.faults.sent[sha256(BIG)] = BIG[:-CHUNK]
    assert refused(FILE, heard, tmp_path) and not (tmp_path / "m.gguf").exists()
