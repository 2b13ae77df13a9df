"""A model's own tokenizer, and one that a user names, whatever kind of file it is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from checkpoints import gguf_files
from support.own_models import ROWS, write_own_folder, write_own_gguf

from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.tokenizer_file import folder_of, is_gguf, load_tokenizer_file
from llmproc.config import shipped_file
from llmproc.errors import CheckpointError, MissingPackageError, TokenizerError
from llmproc.text.tokenizers.library import LibraryTokenizer
from llmproc.text.tokenizers.sentencepiece import SentencePieceTokenizer
from llmproc.text.tokenizers.tokenizer import Tokenizer


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_own_folder(folder / "folder")
    write_own_gguf(folder / "model.gguf")
    write_own_gguf(folder / "pieces.gguf", sentencepiece=True)
    return folder


def test_a_gguf_file_and_a_folder_bring_their_own(models: Path, quick: Path) -> None:
    for name, kind in (
        ("folder", LibraryTokenizer),
        ("model.gguf", LibraryTokenizer),
        ("pieces.gguf", SentencePieceTokenizer),
    ):
        model = open_model(models / name)
        assert model.tokenizer_path == model.path == models / name
        found = model.load_tokenizer(model.tokenizer_path)
        assert type(found) is kind and found.chat is not None and found.vocab_size == ROWS
        assert set(model.description.end_tokens) <= set(found.eos)
    assert open_model(quick).tokenizer_path == quick.with_name("tokenizer.bin")
    assert open_model(shipped_file("model", "model.bin")).tokenizer_path == shipped_file("tokenizer", "tokenizer.bin")


@pytest.mark.parametrize("name", ["folder", "folder/tokenizer.json", "model.gguf", "pieces.gguf"])
def test_any_of_them_goes_with_any_model(name: str, models: Path, quick: Path) -> None:
    named = load_tokenizer_file(models / name, ROWS)
    own = open_model(models / name.partition("/")[0])
    assert named.encode("Hello, world") == own.load_tokenizer(own.tokenizer_path).encode("Hello, world")
    assert named.chat == own.load_tokenizer(own.tokenizer_path).chat
    for model in (open_model(models / "model.gguf"), open_model(models / "folder"), open_model(quick)):
        found = model.load_tokenizer(models / name)
        assert type(found) is type(named) and found.vocab_size == model.description.vocab_size


def test_a_tokenizer_bin_goes_with_a_model_that_has_as_many_rows(models: Path, quick: Path) -> None:
    path = quick.with_name("tokenizer.bin")
    assert isinstance(open_model(quick).load_tokenizer(path), Tokenizer)
    with pytest.raises(TokenizerError):
        open_model(models / "model.gguf").load_tokenizer(path)


def test_a_vocabulary_larger_than_the_embedding_is_refused(models: Path) -> None:
    for name in ("folder", "model.gguf"):
        with pytest.raises(TokenizerError, match="the rows of the model's embedding"):
            load_tokenizer_file(models / name, 300)


def test_files_that_are_none(models: Path, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("{}")
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + bytes(20))
    for path, error, words in (
        (tmp_path / "none", TokenizerError, "no such file"),
        (tmp_path / "none.json", TokenizerError, "no such file"),
        (tmp_path / "other.json", TokenizerError, "name is other.json: must be tokenizer.json"),
        (
            tmp_path,
            TokenizerError,
            f"{tmp_path}: tokenizer.json is missing: must be in the folder, or --tokenizer must",
        ),
        (tmp_path / "broken.gguf", CheckpointError, "version"),
    ):
        with pytest.raises(error, match=words):
            load_tokenizer_file(path, ROWS)


def test_a_gguf_file_without_a_vocabulary_says_what_to_do(tmp_path: Path) -> None:
    pairs, tensors = gguf_files.small_model()
    kept = {key: pair for key, pair in pairs.items() if not key.startswith("tokenizer.")}
    (tmp_path / "m.gguf").write_bytes(gguf_files.gguf_bytes(kept, tensors))
    model = open_model(tmp_path / "m.gguf")
    with pytest.raises(TokenizerError, match=r"ggml.model is missing: must be one of llama, gpt2, or --tokenizer must"):
        model.load_tokenizer(model.tokenizer_path)


def test_what_a_path_means(models: Path, quick: Path) -> None:
    assert folder_of(models / "folder") == folder_of(models / "folder" / "tokenizer.json") == models / "folder"
    assert folder_of(models / "model.gguf") is folder_of(models / "none.json") is None
    assert is_gguf(models / "model.gguf")
    assert not any(map(is_gguf, (quick, models, models / "none", Path("/dev/zero"))))


def test_without_the_package_tokenizers_one_line_asks_for_it(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    for name in ("folder", "model.gguf"):
        with pytest.raises(MissingPackageError, match=r"^tokenizers is not installed; install it with: ") as caught:
            load_tokenizer_file(models / name, ROWS)
        assert caught.value.exit_code == 3
    assert load_tokenizer_file(models / "pieces.gguf", ROWS).encode("a")  # our own code suffices
