"""GGUF files made with `struct` and NumPy alone, right or wrong in any place: nothing of the reader under test.

`small_model(architecture)` is a whole model as pairs and tensors; `gguf_bytes` puts them in a file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

import numpy as np

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
FORMS = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "?", U64: "Q", I64: "q", F64: "d"}
TYPE_NUMBERS = {"F32": 0, "F16": 1, "Q4_0": 2, "Q8_0": 8, "BF16": 30}

Pairs = dict[str, tuple[int, Any]]  # key -> (type, value); an array's value is (element type, items)
Tensors = dict[str, tuple[int, tuple[int, ...], bytes]]  # name -> (type number, shape with the innermost last, data)


def string(text: str | bytes) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(raw)) + raw


def value(kind: int, content: Any) -> bytes:
    if kind == STRING:
        return string(content)
    if kind == ARRAY:
        item, items = content
        return struct.pack("<IQ", item, len(items)) + b"".join(value(item, one) for one in items)
    return struct.pack("<" + FORMS[kind], content)


def pair(key: str | bytes, kind: int, content: Any) -> bytes:
    return string(key) + struct.pack("<I", kind) + value(kind, content)


def info(name: str, kind: int, shape: Iterable[int], offset: int) -> bytes:
    sizes = list(shape)[::-1]
    return string(name) + struct.pack(f"<I{len(sizes)}QIQ", len(sizes), *sizes, kind, offset)


def gguf_bytes(
    pairs: Pairs, tensors: Tensors, *, version: int = 3, alignment: int = 32, order: Iterable[str] | None = None
) -> bytes:
    """The file. `order`: of the data, if it differs from that of the names."""
    head = bytearray(b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(pairs)))
    for key, (kind, content) in pairs.items():
        head += pair(key, kind, content)
    offsets, data = {}, bytearray()
    for name in order or tensors:
        data += bytes(-len(data) % alignment)
        offsets[name] = len(data)
        data += tensors[name][2]
    for name, (kind, shape, _) in tensors.items():
        head += info(name, kind, shape, offsets[name])
    return bytes(head) + bytes(-len(head) % alignment) + bytes(data)


def floats(array: np.ndarray) -> tuple[int, tuple[int, ...], bytes]:
    return 0, array.shape, array.astype("<f4").tobytes()


def brain_floats(array: np.ndarray) -> tuple[int, tuple[int, ...], bytes]:
    return 30, array.shape, (array.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()


def half_floats(array: np.ndarray) -> tuple[int, tuple[int, ...], bytes]:
    return 1, array.shape, array.astype("<f2").tobytes()


SIZES = {"dim": 32, "hidden": 64, "layers": 2, "heads": 4, "kv_heads": 2, "head_dim": 8, "vocab": 20, "context": 64}


def small_arrays(architecture: str, seed: int = 1, **sizes: int) -> dict[str, np.ndarray]:
    """Every tensor of a model by GGUF's name, as float32."""
    s = {**SIZES, **sizes}
    width, kv_width = s["heads"] * s["head_dim"], s["kv_heads"] * s["head_dim"]
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (s["vocab"], s["dim"]),
        "output_norm.weight": (s["dim"],),
    }
    for layer in range(s["layers"]):
        of_layer: dict[str, tuple[int, ...]] = {
            "attn_norm": (s["dim"],), "attn_q": (width, s["dim"]), "attn_k": (kv_width, s["dim"]),
            "attn_v": (kv_width, s["dim"]), "attn_output": (s["dim"], width), "ffn_norm": (s["dim"],),
            "ffn_gate": (s["hidden"], s["dim"]), "ffn_up": (s["hidden"], s["dim"]), "ffn_down": (s["dim"], s["hidden"]),
        }  # fmt: skip
        if architecture == "qwen3":
            of_layer |= {"attn_q_norm": (s["head_dim"],), "attn_k_norm": (s["head_dim"],)}
        shapes |= {f"blk.{layer}.{name}.weight": shape for name, shape in of_layer.items()}
        if architecture == "qwen2":
            biases = {"attn_q": (width,), "attn_k": (kv_width,), "attn_v": (kv_width,)}
            shapes |= {f"blk.{layer}.{name}.bias": shape for name, shape in biases.items()}
    random = np.random.default_rng(seed)
    return {name: random.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def small_pairs(architecture: str = "llama", **sizes: int) -> Pairs:
    """The metadata of such a model, with a few tokens."""
    s = {**SIZES, **sizes}
    a = architecture
    return {
        **({"granite.logit_scale": (F32, 1.0)} if a == "granite" else {}),
        "general.architecture": (STRING, a),
        f"{a}.context_length": (U32, s["context"]),
        f"{a}.embedding_length": (U32, s["dim"]),
        f"{a}.block_count": (U32, s["layers"]),
        f"{a}.feed_forward_length": (U32, s["hidden"]),
        f"{a}.attention.head_count": (U32, s["heads"]),
        f"{a}.attention.head_count_kv": (U32, s["kv_heads"]),
        f"{a}.attention.key_length": (U32, s["head_dim"]),
        f"{a}.attention.value_length": (U32, s["head_dim"]),
        f"{a}.attention.layer_norm_rms_epsilon": (F32, 1e-5),
        f"{a}.rope.freq_base": (F32, 10000.0),
        "tokenizer.ggml.model": (STRING, "gpt2"),
        "tokenizer.ggml.tokens": (ARRAY, (STRING, [f"t{token}" for token in range(s["vocab"])])),
        "tokenizer.ggml.eos_token_id": (U32, 2),
    }


def small_model(architecture: str = "llama", **sizes: int) -> tuple[Pairs, Tensors]:
    """A whole model, every tensor F32."""
    arrays = small_arrays(architecture, **sizes)
    return small_pairs(architecture, **sizes), {name: floats(array) for name, array in arrays.items()}
