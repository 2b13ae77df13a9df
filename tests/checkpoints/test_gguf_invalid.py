"""GGUF files that each break one rule: one line that names file, field and rule, exit code 4, nothing loaded."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints import gguf_files as files
from checkpoints.gguf_files import ARRAY, BOOL, F32, F64, I32, STRING, U32, U64, info, pair, string

from llmproc.checkpoints.model_file import open_model
from llmproc.errors import CheckpointError

HUGE = (1 << 64) - 1


def head(tensors: int, pairs: int, body: bytes = b"", version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, pairs) + body


def with_pair(key: str, kind: int, content: Any) -> bytes:
    pairs, tensors = files.small_model()
    return files.gguf_bytes({**pairs, key: (kind, content)}, tensors)


def without(*keys: str) -> bytes:
    pairs, tensors = files.small_model()
    return files.gguf_bytes({k: v for k, v in pairs.items() if k not in keys}, tensors)


def with_tensor(name: str, kind: int, shape: tuple[int, ...], data: bytes | None = None) -> bytes:
    pairs, tensors = files.small_model()
    tensors[name] = (kind, shape, bytes(4 * int(np.prod(shape, dtype=object))) if data is None else data)
    return files.gguf_bytes(pairs, tensors)


def odd_heads() -> bytes:
    pairs, tensors = files.small_model()
    del pairs["llama.attention.value_length"]
    return files.gguf_bytes({**pairs, "llama.attention.key_length": (U32, 7)}, tensors)


def five_heads() -> bytes:
    pairs, tensors = files.small_model()
    sizes = ("llama.attention.key_length", "llama.attention.value_length")
    changed = {key: item for key, item in pairs.items() if key not in sizes}
    return files.gguf_bytes({**changed, "llama.attention.head_count": (U32, 5)}, tensors)


def scaled_twice() -> bytes:
    pairs, tensors = files.small_model()
    tensors["rope_freqs.weight"] = files.floats(np.ones(4, np.float32))
    return files.gguf_bytes({**pairs, "llama.rope.scaling.factor": (F32, 2.0)}, tensors)


def without_tensor(name: str) -> bytes:
    pairs, tensors = files.small_model()
    del tensors[name]
    return files.gguf_bytes(pairs, tensors)


def one_tensor(entry: bytes, tail: bytes = bytes(4096)) -> bytes:
    return head(1, 0, entry) + tail


def two_tensors(first: bytes, second: bytes) -> bytes:
    return head(2, 0, first + second) + bytes(8192)


PADDED = bytes(1 << 10)
Case = tuple[str, Callable[[], bytes], tuple[str, ...]]
HEADS: list[Case] = [
    ("empty after magic", lambda: b"GGUF", ("version is cut short",)),
    ("version 1", lambda: head(0, 0, version=1), ("version is 1", "must be 2 or 3")),
    ("version 4", lambda: head(0, 0, version=4), ("version is 4", "must be 2 or 3")),
    ("version 0", lambda: head(0, 0, version=0), ("version is 0", "must be 2 or 3")),
    ("big-endian", lambda: b"GGUF" + struct.pack(">IQQ", 3, 0, 0), ("version is 0x03000000", "big-endian")),
    ("big-endian version 2", lambda: b"GGUF" + struct.pack(">IQQ", 2, 0, 0), ("version is 0x02000000", "big-endian")),
    ("no counts", lambda: head(0, 0)[:20], ("number of metadata pairs", "cut short")),
    ("huge number of tensors", lambda: head(HUGE, 0) + PADDED, (f"number of tensors is {HUGE}", "must fit")),
    ("huge number of pairs", lambda: head(0, HUGE) + PADDED, (f"number of metadata pairs is {HUGE}", "must fit")),
    ("more pairs than bytes", lambda: head(0, 500) + PADDED, ("number of metadata pairs is 500", "must fit")),
    ("empty key", lambda: head(0, 1, pair("", U32, 1)) + PADDED, ("key 0 is ''", "must be new and not empty")),
    ("key twice", lambda: head(0, 2, pair("a", U32, 1) * 2) + PADDED, ("key 1 is 'a'", "must be new")),
    ("key not UTF-8", lambda: head(0, 1, pair(b"\xff", U32, 1)) + PADDED, ("key 0 is not UTF-8",)),
    ("huge key", lambda: head(0, 1, struct.pack("<Q", HUGE)) + PADDED, ("key 0: length", "at most 65535")),
    ("key beyond the end", lambda: head(0, 1, struct.pack("<Q", 5000)) + PADDED, ("key 0 is cut short",)),
    ("unknown type", lambda: head(0, 1, string("a") + struct.pack("<I", 13)) + PADDED, ("a: type is 13", "0 to 12")),
    ("bool of 2", lambda: head(0, 1, string("a") + struct.pack("<IB", BOOL, 2)) + PADDED, ("a is 2", "0 or 1")),
    ("huge string", lambda: head(0, 1, string("a") + struct.pack("<IQ", STRING, HUGE)) + PADDED, ("a: length",)),
    ("long string", lambda: head(0, 1, string("a") + struct.pack("<IQ", STRING, 9999)) + PADDED, ("a is cut short",)),
    ("string not UTF-8", lambda: head(0, 1, pair("a", STRING, b"\xc3")) + PADDED, ("a is not UTF-8 at its byte 0",)),
    (
        "array of arrays",
        lambda: head(0, 1, pair("a", ARRAY, (ARRAY, [(U32, [1])]))) + PADDED,
        ("a: element type is array", "arrays of arrays are not read"),
    ),
    (
        "array of an unknown type",
        lambda: head(0, 1, string("a") + struct.pack("<IIQ", ARRAY, 99, 1)) + PADDED,
        ("a: element type is 99",),
    ),
    (
        "huge array of numbers",
        lambda: head(0, 1, string("a") + struct.pack("<IIQ", ARRAY, U64, HUGE)) + PADDED,
        ("a: number of elements", "must fit"),
    ),
    (
        "array that wraps around",
        lambda: head(0, 1, string("a") + struct.pack("<IIQ", ARRAY, U64, 1 << 61)) + PADDED,
        ("a: number of elements", "must fit"),
    ),
    (
        "huge array of strings",
        lambda: head(0, 1, string("a") + struct.pack("<IIQ", ARRAY, STRING, HUGE)) + PADDED,
        ("a: number of strings", "must fit"),
    ),
    (
        "huge string in an array",
        lambda: head(0, 1, string("a") + struct.pack("<IIQQ", ARRAY, STRING, 1, HUGE)) + PADDED,
        ("a is cut short",),
    ),
    (
        "array of strings cut short",
        lambda: head(0, 1, string("a") + struct.pack("<IIQ", ARRAY, STRING, 3) + string("bcdefghij") + bytes(12)),
        ("a is cut short",),
    ),
    ("alignment 0", lambda: with_pair("general.alignment", U32, 0), ("general.alignment is 0", "8..65536")),
    ("alignment 48", lambda: with_pair("general.alignment", U32, 48), ("general.alignment is 48", "power of two")),
    ("alignment of a float", lambda: with_pair("general.alignment", F32, 32.0), ("general.alignment", "whole number")),
]  # fmt: skip
TENSORS: list[Case] = [
    ("huge name", lambda: one_tensor(struct.pack("<Q", 1 << 40)), ("name of a tensor: length", "at most 1024")),
    ("0 dimensions", lambda: one_tensor(info("t", 0, (), 0)), ("t: number of dimensions is 0", "1 to 4")),
    ("5 dimensions", lambda: one_tensor(info("t", 0, (1,) * 5, 0)), ("t: number of dimensions is 5", "1 to 4")),
    ("size 0", lambda: one_tensor(info("t", 0, (0, 4), 0)), ("t: sizes is [4, 0]", "at least 1")),
    ("sizes that overflow", lambda: one_tensor(info("t", 0, (1 << 32,) * 2, 0)), ("t: sizes", "below 2**62")),
    ("a row of half a block", lambda: one_tensor(info("t", 2, (2, 48), 0)), ("t: row of is 48", "multiple of 32")),
    ("a row of half a K-block", lambda: one_tensor(info("t", 14, (1, 128), 0)), ("t: row of is 128", "of 256")),
    ("IQ2_XXS", lambda: one_tensor(info("t", 16, (1, 256), 0)), ("t: type is IQ2_XXS", "must be one of F32, F16")),
    ("an unknown type", lambda: one_tensor(info("t", 200, (1, 256), 0)), ("t: type is type 200", "must be one of")),
    ("offset off the alignment", lambda: one_tensor(info("t", 0, (8,), 4)), ("t: offset is 4", "multiple of 32")),
    ("beyond the end", lambda: one_tensor(info("t", 0, (9999,), 0)), ("t: offset is 0", "is it cut short")),
    ("far beyond the end", lambda: one_tensor(info("t", 0, (8,), 1 << 63)), ("t: offset", "is it cut short")),
    (
        "the same name twice",
        lambda: two_tensors(info("t", 0, (8,), 0), info("t", 0, (8,), 32)),
        ("tensor is t", "must stand in the file once"),
    ),
    (
        "two that overlap",
        lambda: two_tensors(info("a", 0, (16,), 0), info("b", 0, (8,), 32)),
        ("b: offset is 32", "must be at least 64"),
    ),
    (
        "two at the same place",
        lambda: two_tensors(info("a", 0, (16,), 0), info("b", 0, (8,), 0)),
        ("offset is 0", "must be at least"),
    ),
]  # fmt: skip
MODELS: list[Case] = [
    ("no architecture", lambda: without("general.architecture"), ("general.architecture is missing", "llama, qwen2")),
    ("mamba", lambda: with_pair("general.architecture", STRING, "mamba"), ("architecture is mamba", "qwen3, smollm3")),
    ("mistral, which GGUF calls llama", lambda: with_pair("general.architecture", STRING, "mistral"), ("is mistral",)),
    ("architecture a number", lambda: with_pair("general.architecture", U32, 1), ("is 1", "must be a string")),
    ("no width", lambda: without("llama.embedding_length"), ("llama.embedding_length is missing", "2..65536")),
    ("no heads", lambda: without("llama.attention.head_count"), ("llama.attention.head_count is missing",)),
    ("no epsilon", lambda: without("llama.attention.layer_norm_rms_epsilon"), ("rms_epsilon is missing",)),
    ("width 0", lambda: with_pair("llama.embedding_length", U32, 0), ("llama.embedding_length is 0", "2..65536")),
    ("huge width", lambda: with_pair("llama.embedding_length", U64, 1 << 40), ("embedding_length", "2..65536")),
    ("negative layers", lambda: with_pair("llama.block_count", I32, -1), ("llama.block_count is -1", "1..1024")),
    ("more layers than there are", lambda: with_pair("llama.block_count", U32, 3), ("blk.2.attn_norm", "missing")),
    ("fewer layers", lambda: with_pair("llama.block_count", U32, 1), ("tensor is blk.1", "would change the result")),
    ("layers a float", lambda: with_pair("llama.block_count", F32, 2.0), ("block_count is 2.0", "whole number")),
    ("layers a bool", lambda: with_pair("llama.block_count", BOOL, True), ("block_count is True", "whole number")),
    ("layers a string", lambda: with_pair("llama.block_count", STRING, "2"), ("the string '2'", "whole number")),
    ("layers an empty array", lambda: with_pair("llama.block_count", ARRAY, (I32, [])), ("an array of 0",)),
    ("layers an array of strings", lambda: with_pair("llama.block_count", ARRAY, (STRING, ["2"])), ("array of 1",)),
    ("3 heads of 4", lambda: with_pair("llama.attention.head_count_kv", U32, 3), ("must divide the 4 query heads",)),
    ("keys of another size", lambda: with_pair("llama.attention.key_length", U32, 6), ("value_length is 8", "be 6")),
    ("odd heads", lambda: odd_heads(), ("llama.attention.key_length is 7", "must be even")),
    ("another size of values", lambda: with_pair("llama.attention.value_length", U32, 4), ("must be 8",)),
    ("partial rotation", lambda: with_pair("llama.rope.dimension_count", U32, 4), ("count is 4", "must be 8")),
    ("theta 0", lambda: with_pair("llama.rope.freq_base", F32, 0.0), ("freq_base is 0.0",)),
    ("theta NaN", lambda: with_pair("llama.rope.freq_base", F32, float("nan")), ("freq_base is nan",)),
    ("theta infinite", lambda: with_pair("llama.rope.freq_base", F64, float("inf")), ("freq_base is inf",)),
    ("theta a whole number", lambda: with_pair("llama.rope.freq_base", U32, 10000), ("floating-point",)),
    ("longrope", lambda: with_pair("llama.rope.scaling.type", STRING, "longrope"), ("scaling.type is longrope",)),
    ("a tiny factor", lambda: with_pair("llama.rope.scaling.factor", F32, 1e-30), ("scaling.factor is", "0.001")),
    ("divisors beside a factor", lambda: scaled_twice(), ("scaling.type is linear", "with rope_freqs.weight")),
    ("yarn without a factor", lambda: with_pair("llama.rope.scaling.type", STRING, "yarn"), ("scaling.factor",)),
    ("end beyond the vocabulary", lambda: with_pair("tokenizer.ggml.eos_token_id", U32, 20), ("eos_token_id is 20",)),
    ("tokens a string", lambda: with_pair("tokenizer.ggml.tokens", STRING, "a"), ("must be an array of strings",)),
    ("too many tokens", lambda: with_pair("tokenizer.ggml.tokens", ARRAY, (STRING, ["a"] * 21)), ("at most 20",)),
    ("no embedding", lambda: without_tensor("token_embd.weight"), ("token_embd.weight is missing",)),
    ("a vocabulary of 1", lambda: with_tensor("token_embd.weight", 0, (1, 32)), ("rows is 1", "2..1048576")),
    ("5 heads of 32", lambda: five_heads(), ("llama.attention.head_count is 5", "must divide the width 32")),
    ("no norm", lambda: without_tensor("output_norm.weight"), ("output_norm.weight is missing",)),
    ("no q of a layer", lambda: without_tensor("blk.1.attn_q.weight"), ("blk.1.attn_q.weight is missing",)),
    ("a bias in one layer", lambda: with_tensor("blk.1.attn_q.bias", 0, (32,)), ("blk.0.attn_q.bias is missing",)),
    ("a tensor we do not know", lambda: with_tensor("blk.0.ssm_a", 0, (32,)), ("tensor is blk.0.ssm_a",)),
    ("another shape", lambda: with_tensor("blk.0.attn_q.weight", 0, (16, 32)), ("shape is [16, 32]", "[32, 32]")),
    ("a quantised norm", lambda: with_tensor("output_norm.weight", 8, (32,), bytes(34)), ("type is Q8_0",)),
    ("an embedding of one dimension", lambda: with_tensor("token_embd.weight", 0, (640,)), ("2 dimensions",)),
    ("5 divisors", lambda: with_tensor("rope_freqs.weight", 0, (5,)), ("rope_freqs.weight", "4 finite")),
    ("divisors of 0", lambda: with_tensor("rope_freqs.weight", 0, (4,)), ("rope_freqs.weight", "above 0")),
    ("divisors of another type", lambda: with_tensor("rope_freqs.weight", 1, (4,)), ("must be F32",)),
    ("too many divisors", lambda: with_tensor("rope_freqs.weight", 0, (4096,)), ("at most 512",)),
]  # fmt: skip
CASES = HEADS + TENSORS + MODELS


def test_the_names_are_unique() -> None:
    assert len({name for name, _, _ in CASES}) == len(CASES) >= 85


@pytest.mark.parametrize(("build", "words"), [pytest.param(b, w, id=n) for n, b, w in CASES])
def test_refused_by_name(tmp_path: Path, build: Callable[[], bytes], words: tuple[str, ...]) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(build())
    with pytest.raises(CheckpointError) as caught:
        open_model(path)
    message = str(caught.value)
    assert caught.value.exit_code == 4
    assert message.startswith(f"{path}: ") and message.isprintable()
    for word in words:
        assert word in message


def test_the_model_all_cases_start_from_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "good.gguf"
    path.write_bytes(files.gguf_bytes(*files.small_model()))
    assert len(open_model(path).load().weights.layers) == 2


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
def test_every_shorter_file_is_refused(tmp_path: Path, architecture: str) -> None:
    good = files.gguf_bytes(*files.small_model(architecture))
    path = tmp_path / "cut.gguf"
    for length in [*range(4, 1200, 7), len(good) // 2, len(good) - 1]:
        path.write_bytes(good[:length])
        with pytest.raises(CheckpointError):
            open_model(path)
