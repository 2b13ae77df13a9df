"""Names of models: which are the hub's, which Ollama's, which are paths, and what is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.errors import UsageError
from llmproc.hub.spelling import HubModel, OllamaModel, parse_hub, parse_spelling

NAMES = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)
FILES = st.lists(NAMES.filter(lambda name: name not in (".", "..")), min_size=1, max_size=3).map("/".join)


@pytest.mark.parametrize(
    ("text", "repository", "file"),
    [
        ("HF://owner/name", "owner/name", None),
        ("hf://owner/name/", "owner/name", None),
        ("HF:/owner/name", "owner/name", None),  # as a Path writes it
        ("HF://Qwen/Qwen3-0.6B-GGUF/Qwen3-0.6B-Q8_0.gguf", "Qwen/Qwen3-0.6B-GGUF", "Qwen3-0.6B-Q8_0.gguf"),
        ("HF://o/n/Q4_K_M/m-00001-of-00002.gguf", "o/n", "Q4_K_M/m-00001-of-00002.gguf"),
        ("https://huggingface.co/o/n", "o/n", None),
        ("https://huggingface.co/o/n/tree/main", "o/n", None),
        ("https://huggingface.co/o/n/blob/main/a.gguf", "o/n", "a.gguf"),
        ("https://hf.co/o/n/resolve/main/a.gguf?download=true", "o/n", "a.gguf"),
        ("https:/huggingface.co/o/n", "o/n", None),
    ],
)
def test_names_of_the_hub(text: str, repository: str, file: str | None) -> None:
    assert parse_spelling(text) == HubModel(repository, file)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ollama:llama3.2", ("registry.ollama.ai", "library", "llama3.2", "latest")),
        ("ollama:llama3.2:1b", ("registry.ollama.ai", "library", "llama3.2", "1b")),
        ("ollama:library/llama3.2:latest", ("registry.ollama.ai", "library", "llama3.2", "latest")),
        ("ollama:me/mine", ("registry.ollama.ai", "me", "mine", "latest")),
        ("ollama:hf.co/owner/Model-GGUF:Q4_K_M", ("hf.co", "owner", "Model-GGUF", "Q4_K_M")),
    ],
)
def test_names_of_ollama(text: str, parts: tuple[str, str, str, str]) -> None:
    assert parse_spelling(text) == OllamaModel(*parts)


@pytest.mark.parametrize(
    "text",
    ["model.bin", "./model.bin", "/a/HF://b", "ollama", "ollama/llama3.2", "hf", "owner/name", "", "https://example.org/o/n"],
)  # fmt: skip
def test_everything_else_is_a_path(text: str) -> None:
    assert parse_spelling(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("HF://", "must be HF://owner/name"),
        ("HF://owner", "must be HF://owner/name"),
        ("HF:///owner/name", "must be HF://owner/name"),
        ("HF://owner//name", "must be HF://owner/name"),
        ("HF://../name", "must be HF://owner/name"),
        ("HF://owner/name/../../etc/passwd", "must be HF://owner/name"),
        ("HF://owner/name//file.gguf", "must be HF://owner/name"),
        ("HF://owner/na me", "must be HF://owner/name"),
        ("HF://owner/name/a\nb.gguf", "must be HF://owner/name"),
        ("https://huggingface.co/o/n/blob/v2/a.gguf", "the revision is v2: only main"),
        ("https://huggingface.co/o", "must be HF://owner/name"),
        ("ollama:", "must be ollama:name"),
        ("ollama::1b", "must be ollama:name"),
        ("ollama:llama3.2:", "must be ollama:name"),
        ("ollama:../x", "must be ollama:name"),
        ("ollama:a/b/c/d", "must be ollama:name"),
        ("ollama:a:b:c", "must be ollama:name"),
        ("ollama:a:../../b", "must be ollama:name"),
    ],
)
def test_mistakes_are_one_line_with_the_form(text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_spelling(text)
    assert str(caught.value).startswith(f"{text}: ") and words in str(caught.value)


def test_a_mistake_that_came_through_a_path_is_shown_as_it_was_typed() -> None:
    with pytest.raises(UsageError, match=r"^HF://owner: must be HF://owner/name or"):
        parse_spelling(str(Path("HF://owner")))


@settings(deadline=None)
@given(NAMES, NAMES, st.none() | FILES)
def test_a_name_of_the_hub_is_read_as_it_is_written_and_through_a_path(owner: str, name: str, file: str | None) -> None:
    model = HubModel(f"{owner}/{name}", file)
    assert parse_spelling(str(model)) == model
    assert parse_spelling(str(Path(str(model)))) == model
    assert parse_hub(str(model).removeprefix("HF://"), "x", "form") == model


@settings(deadline=None)
@given(NAMES, NAMES, NAMES, NAMES)
def test_a_name_of_ollama_is_read_as_it_is_written(host: str, owner: str, name: str, tag: str) -> None:
    for model in (OllamaModel(host, owner, name, tag), OllamaModel("registry.ollama.ai", "library", name, tag)):
        assert parse_spelling(str(model)) == model
        assert parse_spelling(str(Path(str(model)))) == model


@settings(deadline=None)
@given(st.sampled_from(["HF://", "hf:/", "ollama:", "https://huggingface.co/", ""]), st.text(max_size=40))
def test_any_text_is_a_name_a_path_or_refused(start: str, rest: str) -> None:
    try:
        found = parse_spelling(start + rest)
    except UsageError:
        return
    if isinstance(found, HubModel):
        parts = [*found.repository.split("/"), *(found.file or "x").split("/")]
        assert not {"", ".", ".."} & set(parts) and "\0" not in found.repository + (found.file or "")
    elif isinstance(found, OllamaModel):
        assert not {"", ".", ".."} & {found.host, found.owner, found.name, found.tag}
        assert "/" not in found.host + found.owner + found.name + found.tag
