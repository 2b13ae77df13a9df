"""Vocabularies from untrusted files: whatever stands in them, a typed error of one line or a tokenizer that works."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from text.small_vocabularies import (
    ROWS,
    byte_level_metadata,
    prefixed,
    sentencepiece_json,
    sentencepiece_metadata,
    template_processing,
    tokenizer_json,
)

from llmproc.errors import LlmprocError, TokenizerError
from llmproc.text.tokenizers.folder import load_folder_tokenizer
from llmproc.text.tokenizers.gguf import load_gguf_tokenizer
from llmproc.text.tokenizers.pieces import PieceTokenizer

TEXTS = ("Hello, 12 é\x00", "\n \n<s>", "")
INSERTED = (
    b"",
    b"null",
    b"-1",
    b"99999999999999999999",
    b"1e400",
    b"{}",
    b"[]",
    b'"',
    b'"x"',
    b"true",
    b"\xff",
    b"\\u0000",
)


def small_file(tokenizer: dict[str, Any]) -> bytes:
    """Return a tokenizer.json with so few pieces that changes often hit something else."""
    model = tokenizer["model"]
    kept = dict(list(model["vocab"].items())[:300])
    merges = [pair for pair in model["merges"] if {*pair, "".join(pair)} <= kept.keys()][:30]
    return json.dumps({**tokenizer, "model": {**model, "vocab": kept, "merges": merges}}).encode()


def files() -> list[bytes]:
    with_bos = tokenizer_json(added_tokens=[], post_processor=template_processing("<s>", 3))
    return [small_file(with_bos), small_file(sentencepiece_json()), small_file(sentencepiece_json("first"))]


def changed(rng: random.Random, data: bytes) -> bytes:
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        place = rng.randrange(len(found))
        if rng.random() < 0.5:
            found[place] ^= 1 << rng.randrange(8)
        else:
            found[place : place + rng.randrange(8)] = rng.choice(INSERTED)
    return bytes(found)


def use(tokenizer: PieceTokenizer) -> None:
    """Encode and decode; a refusal of one text is an answer, too."""
    for text in TEXTS:
        try:
            assert all(0 <= token < ROWS for token in tokenizer.encode(text))
            tokenizer.decode(tokenizer.encode_rendered([text, "<s>", text]))
        except LlmprocError as error:
            assert "\n" not in str(error)


def check_changes(folder: Path, count: int) -> None:
    rng, given = random.Random(12), files()
    valid = refused = 0
    for _ in range(count):
        (folder / "tokenizer.json").write_bytes(changed(rng, rng.choice(given)))
        try:
            tokenizer = load_folder_tokenizer(folder, ROWS)
        except TokenizerError as error:
            refused += 1
            assert "\n" not in str(error) and len(str(error)) < 600
        else:
            valid += 1
            use(tokenizer)
    assert valid and refused  # both kinds of change are among them


def test_changed_files_are_refused_or_work(tmp_path: Path) -> None:
    check_changes(tmp_path, 150)


@pytest.mark.soak
def test_2000_changed_files_are_refused_or_work(tmp_path: Path) -> None:
    check_changes(tmp_path, 2000)


def test_a_post_processor_that_makes_the_library_panic(tmp_path: Path) -> None:
    processing = template_processing("<s>", 1500)
    processing["special_tokens"] = {}
    (tmp_path / "tokenizer.json").write_text(json.dumps(tokenizer_json(post_processor=processing)))
    with pytest.raises(TokenizerError, match="refused by the tokenizers library"):
        load_folder_tokenizer(tmp_path, ROWS)


VALUES: tuple[Any, ...] = (
    None,
    1,
    -1,
    1.5,
    True,
    "x",
    b"x",
    [],
    ["x"],
    [1],
    [b"\xff"],
    [None],
    [["x"]],
    {"x": 1},
    1 << 80,
)
KEYS = (
    "model", "pre", "tokens", "scores", "token_type", "merges", "bos_token_id", "eos_token_id", "eot_token_id",
    "add_bos_token", "add_space_prefix",
)  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_any_value_of_any_key_is_refused_or_works(kind: str, key: str) -> None:
    metadata = byte_level_metadata() if kind == "gpt2" else sentencepiece_metadata()
    refused = 0
    for value in VALUES:
        given = {**metadata, **prefixed({key: value})}
        if value is None:
            given.pop(f"tokenizer.ggml.{key}", None)
        try:
            use(load_gguf_tokenizer(Path("model.gguf"), given, ROWS))
        except TokenizerError as error:
            refused += 1
            assert str(error).startswith(f"model.gguf: ") and "\n" not in str(error) and len(str(error)) < 600  # noqa: F541
    assert refused


def with_change(key: str, change: Any, metadata: Any = byte_level_metadata) -> dict[str, Any]:
    """Return metadata whose list `key` was changed in place by `change`."""
    found = metadata()
    listed = list(found[f"tokenizer.ggml.{key}"])
    change(listed)
    return {**found, f"tokenizer.ggml.{key}": listed}


def at(index: int, value: Any) -> Any:
    """Return a change that puts `value` at `index`."""
    return lambda items: items.__setitem__(index, value)


BROKEN = {
    r"tokens\[7\] is b'\"': must differ from every other one, but token 1 is": with_change("tokens", at(7, '"')),
    r"tokens\[7\] is .*must be UTF-8": with_change("tokens", at(7, b"\xff")),
    r"number of .*tokens is 3514: must be in 1..2000": with_change("tokens", lambda items: items.extend(["x"] * ROWS)),
    r"number of .*token_type is 1513: must be 1514": with_change("token_type", lambda items: items.pop()),
    r"merges\[5\] is 'ab': must be two pieces": with_change("merges", at(5, "ab")),
    r"model is refused by the tokenizers library": with_change("merges", at(5, "qq zz")),
    r"scores\[4\] is nan: must be finite": with_change("scores", at(4, float("nan")), sentencepiece_metadata),
    r"pre is 'unheard-of': must be one of default, llama-bpe": byte_level_metadata("unheard-of"),
    r"model is 't5': must be one of llama, gpt2": byte_level_metadata(model="t5"),
    r"eos_token_id is 1514: must be in 0..1513": byte_level_metadata(eos_token_id=1514),
    r"chat_template is not text": {**byte_level_metadata(), "tokenizer.chat_template": 5},
}


@pytest.mark.parametrize("rule", BROKEN)
def test_each_broken_rule_is_named(rule: str) -> None:
    with pytest.raises(TokenizerError, match=rule):
        load_gguf_tokenizer(Path("model.gguf"), BROKEN[rule], ROWS)


def test_rule_20_scores_and_merges_may_be_missing() -> None:
    assert load_gguf_tokenizer(Path("x"), byte_level_metadata(merges=None), ROWS).encode("ab")
    assert load_gguf_tokenizer(Path("x"), sentencepiece_metadata(scores=None), ROWS).encode("ab")
    empty = sentencepiece_metadata(scores=[])
    assert load_gguf_tokenizer(Path("x"), empty, ROWS).encode("ab")


def test_lists_may_hold_bytes() -> None:
    """As a reader that does not decode what it does not need hands them in."""
    texts, text = byte_level_metadata("qwen2"), "What is a process? 12\n"
    raw = dict(texts)
    for key in ("tokenizer.ggml.tokens", "tokenizer.ggml.merges"):
        raw[key] = [item.encode() for item in texts[key]]
    one, other = (load_gguf_tokenizer(Path("x"), given, ROWS) for given in (raw, texts))
    assert one.encode(text) == other.encode(text)


def test_empty_tokens_print_as_nothing() -> None:
    metadata = with_change("tokens", lambda tokens: tokens.extend(["", ""]))
    metadata["tokenizer.ggml.token_type"] = [*metadata["tokenizer.ggml.token_type"], 5, 5]
    tokenizer = load_gguf_tokenizer(Path("x"), metadata, ROWS)
    assert tokenizer.piece(1514) == tokenizer.piece(1515) == b""
    use(tokenizer)
