"""The table of small models: every row is a name that can be typed and a place that can be fetched."""

from __future__ import annotations

import pytest

from llmproc.hub.catalogue import CATALOGUE, CatalogueEntry, look_up, near_names
from llmproc.hub.spelling import parse_spelling


def test_there_are_a_dozen_of_them_and_no_name_stands_twice() -> None:
    names = [entry.name for entry in CATALOGUE]
    assert len(names) >= 12 and len(set(names)) == len(names)
    wanted = {"smollm2-135m-instruct", "smollm2-360m-instruct", "smollm3-3b", "tinyllama-1.1b-chat"}
    assert wanted | {"qwen2.5-0.5b-instruct", "qwen3-0.6b", "llama-3.2-1b-instruct"} <= set(names)


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_a_row_names_a_place_a_size_and_a_licence(entry: CatalogueEntry) -> None:
    assert parse_spelling(str(entry.model)) == entry.model
    assert entry.model.file is None or entry.model.file.endswith(".gguf")
    assert entry.name == entry.name.lower() and "/" not in entry.name
    assert 100 < entry.megabytes < 10_000 and entry.licence and entry.weights
    assert look_up(entry.name.upper()) is entry


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("smollm2-135m", "smollm2-135m-instruct"),
        ("smollm2-135m-instuct", "smollm2-135m-instruct"),
        ("HuggingFaceTB/SmolLM2-360M-Instrct", "smollm2-360m-instruct"),
        ("qwen3", "qwen3-0.6b"),
        ("tinyllama", "tinyllama-1.1b-chat"),
    ],
)
def test_names_like_it(name: str, expected: str) -> None:
    assert expected in near_names(name) and len(near_names(name)) <= 3


def test_nothing_is_like_it() -> None:
    assert near_names("zzz") == [] == near_names("") == near_names("x") and look_up("zzz") is None
