"""Checkpoint files that each break one rule on purpose, made with `struct` alone.

Serves the tests of this room and any end-to-end test: `CASES` is a list of (name, builder, words). `builder()` gives
the file's bytes; the error must be one line that contains every one of `words` (the field, then its rule), exit 4.
Standard library only, and nothing of the reader or writer under test.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from functools import partial

MAGIC = 0x616B3432
LAYOUTS = ("version 2", "version 1", "legacy")
FIELDS = ("dim", "hidden_dim", "n_layers", "n_heads", "n_kv_heads", "vocab_size", "seq_len")
BASE = {"dim": 8, "hidden_dim": 16, "n_layers": 2, "n_heads": 2, "n_kv_heads": 1, "vocab_size": 12, "seq_len": 6}
GROUP = 4
LIMITS = {
    "dim": (2, 65536),
    "hidden_dim": (1, 262144),
    "n_layers": (1, 1024),
    "n_heads": (1, 1024),
    "n_kv_heads": (1, 1024),
    "vocab_size": (2, 1048576),
    "seq_len": (1, 1048576),
}

Builder = Callable[[], bytes]
Case = tuple[str, Builder, tuple[str, ...]]


def header(layout: str, *, shared: int = 1, group: int = GROUP, version: int | None = None, **fields: int) -> bytes:
    """The header with any field replaced."""
    numbers = {**BASE, **fields}
    if layout == "legacy":
        if shared == 0:
            numbers["vocab_size"] = -numbers["vocab_size"]
        return struct.pack("<7i", *(numbers[field] for field in FIELDS))
    written = version if version is not None else int(layout[-1])
    head = struct.pack("<Ii7iB", MAGIC, written, *(numbers[field] for field in FIELDS), shared)
    if layout == "version 2":
        head += struct.pack("<i", group)
    return head + bytes(256 - len(head))


def tensors(layout: str, *, shared: int = 1, **fields: int) -> list[tuple[str, int, int]]:
    """(label, values, scales) in file order; scales is -1 where the values are float32."""
    numbers = {**BASE, **fields}
    dim, hidden, layers, vocab = (numbers[name] for name in ("dim", "hidden_dim", "n_layers", "vocab_size"))
    head = dim // numbers["n_heads"]
    kv = head * numbers["n_kv_heads"]
    sizes = {"wq": dim * dim, "wk": kv * dim, "wv": kv * dim, "wo": dim * dim}
    sizes |= {"w1": hidden * dim, "w2": dim * hidden, "w3": hidden * dim}

    def matrix(label: str, count: int) -> tuple[str, int, int]:
        return label, count, count // GROUP if layout == "version 2" else -1

    def each(name: str) -> list[tuple[str, int, int]]:
        if name.endswith("norm"):
            return [(f"layer {layer} {name}", dim, -1) for layer in range(layers)]
        return [matrix(f"layer {layer} {name}", sizes[name]) for layer in range(layers)]

    embedding, final = matrix("embedding", vocab * dim), ("final_norm", dim, -1)
    classifier = [] if shared else [matrix("classifier", vocab * dim)]
    if layout == "legacy":
        table = numbers["seq_len"] * (head // 2)
        parts = [embedding]
        for name in ("attention_norm", "wq", "wk", "wv", "wo", "ffn_norm", "w1", "w2", "w3"):
            parts += each(name)
        return [*parts, final, ("rope_cos", table, -1), ("rope_sin", table, -1), *classifier]
    parts = [*each("attention_norm"), *each("ffn_norm"), final, embedding]
    for name in ("wq", "wk", "wv", "wo", "w1", "w2", "w3"):
        parts += each(name)
    return [*parts, *classifier]


def body(layout: str, *, shared: int = 1, **fields: int) -> bytes:
    """Lawful weights, all different from their neighbours so that a shifted view is noticed."""
    parts, number = [], 0
    for _, values, scales in tensors(layout, shared=shared, **fields):
        if scales >= 0:
            parts.append(struct.pack(f"<{values}b", *((7 * (number + i)) % 255 - 127 for i in range(values))))
        floats = values if scales < 0 else scales
        parts.append(struct.pack(f"<{floats}f", *(0.5 + (number + i) % 97 / 128 for i in range(floats))))
        number += values
    return b"".join(parts)


def valid(layout: str, *, shared: int = 1, **fields: int) -> bytes:
    """A file that breaks no rule."""
    return header(layout, shared=shared, **fields) + body(layout, shared=shared, **fields)


def _headed(layout: str, **changes: int) -> bytes:
    """A lawful body under a header with one field changed."""
    return header(layout, **changes) + body(layout)


def _poked(layout: str, offset: int, data: bytes) -> bytes:
    whole = bytearray(valid(layout))
    whole[offset : offset + len(data)] = data
    return bytes(whole)


def _poisoned(layout: str, label: str, position: int, value: float) -> bytes:
    """NaN or infinity at `position` of the float32 part (values or scales) of one tensor."""
    shared = 0 if label == "classifier" else 1
    whole = bytearray(valid(layout, shared=shared))
    offset = len(header(layout))
    for name, values, scales in tensors(layout, shared=shared):
        if name == label:
            offset += values if scales >= 0 else 0
            struct.pack_into("<f", whole, offset + 4 * position, value)
            return bytes(whole)
        offset += values + 4 * scales if scales >= 0 else 4 * values
    raise KeyError(label)


def _cut(layout: str, keep: int) -> bytes:
    return valid(layout)[:keep]


def _without_classifier(layout: str) -> bytes:
    return header(layout, shared=0) + body(layout, shared=1)


def _with_classifier(layout: str) -> bytes:
    return header(layout, shared=1) + body(layout, shared=0)


def _without_rope() -> bytes:
    table = BASE["seq_len"] * (BASE["dim"] // BASE["n_heads"] // 2) * 4
    return valid("legacy")[: -2 * table]


def _range_cases() -> list[Case]:
    cases: list[Case] = []
    for layout in LAYOUTS:
        for field, (low, high) in LIMITS.items():
            values = {"below": low - 1, "above": high + 1, "negative": -(2**31), "largest": 2**31 - 1}
            if layout == "legacy" and field == "dim":  # there it stands where the magic would
                words = ("magic or legacy dim", "must be 0x616b3432")
            else:
                words = (field, f"must be in {low}..{high}")
            for word, value in values.items():
                shown = (f"is {value}:",) if words[0] == field else ()
                cases.append((f"{layout} {field} {word}", partial(_headed, layout, **{field: value}), words + shown))
    return cases


def _divisibility_cases() -> list[Case]:
    cases: list[Case] = []
    for layout in LAYOUTS:
        cases += [
            (f"{layout} n_heads 3", partial(_headed, layout, n_heads=3), ("n_heads is 3", "must divide dim = 8")),
            (f"{layout} n_heads 16", partial(_headed, layout, n_heads=16), ("n_heads is 16", "must divide dim = 8")),
            (
                f"{layout} n_kv_heads 3 of 4",
                partial(_headed, layout, n_heads=4, n_kv_heads=3),
                ("n_kv_heads is 3", "must divide n_heads = 4"),
            ),
            (
                f"{layout} more n_kv_heads than n_heads",
                partial(_headed, layout, n_kv_heads=4),
                ("n_kv_heads is 4", "must divide n_heads = 2"),
            ),
            (f"{layout} odd head_dim", partial(_headed, layout, n_heads=8), ("head_dim is 1", "must be even")),
        ]
    rule = "must be a positive multiple of 4"
    for group in (0, 1, 2, 3, 5, 6, -4, -64, 2**31 - 1, -(2**31)):
        cases.append(
            (f"group_size {group}", partial(_headed, "version 2", group=group), (f"group_size is {group}", rule))
        )
    for group in (12, 16, 64, 2**30):
        words = (f"group_size is {group}", "must divide dim = 8")
        cases.append((f"group_size {group}", partial(_headed, "version 2", group=group), words))
    for hidden in (17, 18, 20):
        words = ("group_size is 8", f"must divide hidden_dim = {hidden}")
        build = partial(_headed, "version 2", group=8, hidden_dim=hidden)
        cases.append((f"group_size and hidden_dim {hidden}", build, words))
    return cases


def _mark_cases() -> list[Case]:
    """Magic, version, flag and reserved bytes."""
    rule = "must be 0x616b3432"
    foreign = {
        "zeros": bytes(4),
        "ones": b"\xff" * 4,
        "big-endian magic": struct.pack(">I", MAGIC),
        "one bit off": struct.pack("<I", MAGIC ^ 1),
        "GGML": b"lmgg",
        "zip": b"PK\x03\x04",
        "ELF": b"\x7fELF",
        "text": b"#!/b",
        "git-lfs pointer": b"vers",
        "newline": b"a\nb\r",
    }
    cases: list[Case] = [
        (f"magic of {name}", partial(_poked, "version 2", 0, data), ("magic", rule)) for name, data in foreign.items()
    ]
    for version in (0, 3, 256, -1, 2**31 - 1, -(2**31)):
        build = partial(_headed, "version 2", version=version)
        cases.append((f"version {version}", build, (f"version is {version}", "must be 1 or 2")))
    for layout, start in (("version 2", 41), ("version 1", 37)):
        for flag in (2, 128, 255):
            build = partial(_headed, layout, shared=flag)
            cases.append((f"{layout} flag {flag}", build, (f"shared_classifier is {flag}", "must be 0 or 1")))
        for position in (start, 100, 255):
            build = partial(_poked, layout, position, b"\x01")
            cases.append((f"{layout} reserved {position}", build, (f"reserved byte {position} is 1", "must be zero")))
    return cases


def _size_cases() -> list[Case]:
    short = ("file size", "must be at least the 28")
    cases: list[Case] = [(f"only {n} bytes", partial(_cut, "version 2", n), short) for n in (0, 1, 4, 8, 27)]
    for layout in LAYOUTS:
        size, start = len(valid(layout)), len(header(layout))
        exact = ("file size", f"must be exactly the {size}")
        if layout != "legacy":
            for keep in (28, 41, 255):
                words = (f"file size is {keep} bytes", "must be at least the 256")
                cases.append((f"{layout} cut at {keep}", partial(_cut, layout, keep), words))
        for word, keep in {"header alone": start, "half": size // 2, "one byte short": size - 1}.items():
            cases.append((f"{layout} {word}", partial(_cut, layout, keep), (*exact, "truncated")))
        cases.append((f"{layout} one byte long", partial(_longer, layout, 1), (*exact, "too long")))
        cases.append((f"{layout} twice", partial(_longer, layout, size), (*exact, "too long")))
        cases.append((f"{layout} lost classifier", partial(_without_classifier, layout), ("file size", "truncated")))
        cases.append((f"{layout} extra classifier", partial(_with_classifier, layout), ("file size", "too long")))
        for field in ("n_layers", "vocab_size", "hidden_dim"):
            build = partial(_headed, layout, **{field: BASE[field] + 4})
            cases.append((f"{layout} {field} more than there is", build, ("file size", "truncated")))
    cases.append(("legacy without rope tables", _without_rope, ("file size", "truncated")))
    cases.append(("version 1 body called 2", _version_1_called_2, ("file size", "too long")))
    return cases


def _longer(layout: str, extra: int) -> bytes:
    return valid(layout) + bytes(extra)


def _version_1_called_2() -> bytes:
    return header("version 2") + body("version 1")


def _finite_cases() -> list[Case]:
    cases: list[Case] = []
    bad = (("NaN", math.nan, "nan"), ("inf", math.inf, "inf"), ("-inf", -math.inf, "-inf"))
    for layout in LAYOUTS:
        end = " scales" if layout == "version 2" else ""
        labels = ["embedding", "classifier", "final_norm", "layer 1 attention_norm", "layer 0 ffn_norm"]
        labels += [f"layer {i % 2} {name}" for i, name in enumerate(("wq", "wk", "wv", "wo", "w1", "w2", "w3"))]
        for number, label in enumerate(labels):
            word, value, shown = bad[number % 3]
            named = label if label.endswith("norm") else label + end
            build = partial(_poisoned, layout, label, 1, value)
            cases.append((f"{layout} {word} in {label}", build, (f"{named} is {shown} at index 1", "must be finite")))
    return cases


CASES: list[Case] = [
    *_range_cases(),
    *_divisibility_cases(),
    *_mark_cases(),
    *_size_cases(),
    *_finite_cases(),
]
