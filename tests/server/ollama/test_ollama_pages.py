"""What is told of the model and the server: tags, ps, show, version; made from real files of three formats."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from server.ollama.ollama_answers import CONTEXT
from support.models import write_quick
from support.own_models import write_own_folder, write_own_gguf

import llmproc
from llmproc.errors import CheckpointError
from llmproc.server.ollama.asking import ServedModel
from llmproc.server.ollama.card import OllamaCard, human_number, read_card
from llmproc.server.ollama.pages import ROOT, processes, show, shown_model, tags, version
from llmproc.server.ollama.thinking import ThinkingSupport
from llmproc.server.refusals import RefusedError
from llmproc.session.model_files import read_model_files
from llmproc.text.templates.chatml import CHATML_JINJA

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
THINKS = "{% for m in messages %}{{ m.content }}{% endfor %}{% if enable_thinking %}<think>{% endif %}"
CARD = OllamaCard(
    names=("stories", "llama3.2"),
    modified_at="2026-11-29T18:00:00.123456Z",
    size=44_000_000,
    digest="0123456789abcdef" * 4,
    format="gguf",
    family="llama",
    parameter_count=134_515_008,
    quantization="Q8_0",
    model_info={"general.architecture": "llama"},
    template='{{ "\u2028" }}',
    context=256,
    thinking=False,
)


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> dict[str, OllamaCard]:
    """The cards of one model of each format."""
    folder = tmp_path_factory.mktemp("cards")
    folder.joinpath("hf").mkdir()
    quick = write_quick(folder)
    os.utime(quick, (1796061600, 1796061600))
    paths = (quick, write_own_gguf(folder / "own.gguf"), write_own_folder(folder / "hf", THINKS))
    return {path.name: read_card(read_model_files(path), ("own", "other"), 256) for path in paths}


def test_rule_17_tags_list_every_name() -> None:
    found = json.loads(tags(CARD))
    assert [(one["name"], one["model"]) for one in found["models"]] == [("stories",) * 2, ("llama3.2",) * 2]
    assert found["models"][1] == {
        "name": "llama3.2", "model": "llama3.2", "modified_at": CARD.modified_at, "size": 44_000_000,
        "digest": CARD.digest, "capabilities": ["completion"],
        "details": {
            "parent_model": "", "format": "gguf", "family": "llama", "families": ["llama"],
            "parameter_size": "134.52M", "quantization_level": "Q8_0",
        },
    }  # fmt: skip


def test_rule_17_ps_lists_what_is_in_memory() -> None:
    first, second = json.loads(processes(CARD))["models"]
    assert (first["name"], first["model"], second["name"]) == ("stories", "stories", "llama3.2")
    assert (first["size"], first["size_vram"], first["context_length"]) == (44_000_000, 0, 256)
    assert first["details"] == json.loads(tags(CARD))["models"][0]["details"] and first["digest"] == CARD.digest


def test_rule_16_times_of_models() -> None:
    (first, _), (loaded, _) = json.loads(tags(CARD))["models"], json.loads(processes(CARD))["models"]
    for told in (first["modified_at"], loaded["expires_at"], json.loads(show(CARD))["modified_at"]):
        assert TIME.fullmatch(told)


def test_rule_17_show_tells_of_the_model() -> None:
    found = json.loads(show(CARD))
    assert found["model_info"] == {"general.architecture": "llama"} and found["capabilities"] == ["completion"]
    assert found["details"]["parameter_size"] == "134.52M" and found["license"] == ""
    assert found["template"] == CARD.template and len(show(CARD).decode().splitlines()) == 1
    assert found["parameters"].splitlines()[0] == f"{'num_ctx':<30} 256"
    assert found["modelfile"].startswith("FROM stories\n") and "PARAMETER num_ctx 256\n" in found["modelfile"]
    assert json.loads(show(replace(CARD, model_info={})))["model_info"] == {}


@pytest.mark.parametrize(("thinking", "expected"), [(False, ["completion"]), (True, ["completion", "thinking"])])
def test_rule_17_capabilities(thinking: bool, expected: list[str]) -> None:
    card = replace(CARD, thinking=thinking)
    assert json.loads(show(card))["capabilities"] == json.loads(tags(card))["models"][0]["capabilities"] == expected


@pytest.mark.parametrize(
    ("package", "told"),
    [
        ("0.1.0", "0.1.0"), ("0.1.0+cpu", "0.1.0"), ("0.1.0.dev1", "0.1.0"), ("1.2", "1.2.0"), ("2", "2.0.0"),
        ("1.2.3rc4", "1.2.3"), ("10.20.30.40", "10.20.30"), ("", "0.0.0"), (llmproc.__version__, llmproc.__version__),
    ],
)  # fmt: skip
def test_fact_19_the_version_is_three_numbers(package: str, told: str) -> None:
    assert json.loads(version(package)) == {"version": told}
    assert re.fullmatch(r"\d+\.\d+\.\d+", told)


def test_rule_17_the_root_says_what_its_clients_look_for() -> None:
    assert ROOT == b"Ollama is running"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"model":"m"}', "m"), (b'{"name":"n"}', "n"), (b'{"model":"m","name":"n"}', "m"), (b'{"model":""}', None),
        (b"{}", None), (b'{"model":"m","verbose":true,"options":{"num_ctx":9},"system":"","template":""}', "m"),
    ],
)  # fmt: skip
def test_rule_10_show_takes_name_for_model(body: bytes, expected: str | None) -> None:
    assert shown_model(body) == expected


@pytest.mark.parametrize("body", [b"", b"[]", b'{"model":1}', b'{"models":"m"}'])
def test_show_refuses_other_bodies(body: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        shown_model(body)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, "0"), (999, "999"), (1000, "1K"), (260_032, "260K"), (1_000_000, "1M"), (134_515_008, "134.52M"),
        (7_000_000_000, "7B"), (1_235_814_432, "1.2B"),
    ],
)  # fmt: skip
def test_parameters_are_counted_as_ollama_writes_them(count: int, told: str) -> None:
    assert human_number(count) == told


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("model.bin", {"format": "llama2.c", "quantization": "int8", "thinking": False, "template": CHATML_JINJA}),
        ("own.gguf", {"format": "gguf", "quantization": "F32", "thinking": False}),
        ("hf", {"format": "safetensors", "quantization": "F32", "thinking": True, "template": THINKS}),
    ],
)
def test_the_card_of_each_format(cards: dict[str, OllamaCard], name: str, expected: dict[str, Any]) -> None:
    card = cards[name]
    assert {key: getattr(card, key) for key in expected} == expected
    assert card.names == ("own", "other") and card.context == 256 and card.family == "llama"
    assert re.fullmatch("[0-9a-f]{64}", card.digest) and card.size > 1000 and TIME.fullmatch(card.modified_at)
    assert card.template


def test_sizes_stand_under_ggufs_keys(cards: dict[str, OllamaCard]) -> None:
    info = cards["model.bin"].model_info
    assert info["general.architecture"] == "llama" and info["general.basename"] == "own"
    sizes = {"context_length": 512, "embedding_length": 64, "block_count": 2, "feed_forward_length": 128,
             "attention.head_count": 8, "attention.head_count_kv": 4, "vocab_size": 2048}  # fmt: skip
    assert {key: info[f"llama.{key}"] for key in sizes} == sizes
    layer = 64 * 64 * 2 + 64 * 32 * 2 + 3 * 64 * 128 + 2 * 64
    assert info["general.parameter_count"] == 2048 * 64 + 2 * layer + 64 == cards["model.bin"].parameter_count


def test_the_last_change_of_the_file_is_told(cards: dict[str, OllamaCard]) -> None:
    assert cards["model.bin"].modified_at == "2026-11-30T18:00:00.000000Z"


def test_no_path_is_told(cards: dict[str, OllamaCard]) -> None:
    for card in cards.values():
        assert not [page for page in (tags(card), processes(card), show(card)) if b"model.bin" in page or b"/" in page]


def test_what_the_endpoints_know_of_a_model(tmp_path: Path) -> None:
    known = ServedModel.of(read_model_files(write_own_folder(tmp_path, THINKS)), 256)
    assert (known.context, known.thinking) == (256, ThinkingSupport(True, "enable_thinking"))
    assert known.piece(300) and abs(known.now() - time.time()) < 3600 and known.draw_seed() != known.draw_seed()


def test_a_model_that_has_gone_is_an_error(tmp_path: Path) -> None:
    files = read_model_files(write_quick(tmp_path))
    (tmp_path / "model.bin").unlink()
    with pytest.raises(CheckpointError, match=r"model.bin: file is unreadable: No such file"):
        read_card(files, ("own",), CONTEXT)
