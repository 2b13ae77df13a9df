"""A checkpoint reader as plain as possible: `struct` and a cursor, one number after the other. The tests' oracle."""

from __future__ import annotations

import struct
from pathlib import Path

Numbers = tuple[float, ...]
Quantised = tuple[tuple[int, ...], Numbers]


class Cursor:
    """Takes numbers from the front of a file's bytes."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, form: str) -> tuple:
        size = struct.calcsize("<" + form)
        found = struct.unpack_from("<" + form, self.data, self.at)
        self.at += size
        return found


def read_naively(path: Path) -> tuple[dict[str, int], dict[str, Numbers | Quantised]]:
    """(header fields, tensors by label); assumes a valid file and asserts that it was read to its last byte."""
    cursor = Cursor(path.read_bytes())
    names = ("dim", "hidden_dim", "n_layers", "n_heads", "n_kv_heads", "vocab_size", "seq_len")
    version = 0
    if struct.unpack_from("<I", cursor.data)[0] == 0x616B3432:
        _, version = cursor.take("Ii")
    fields = dict(zip(names, cursor.take("7i"), strict=True))
    if version:
        fields["shared"] = cursor.take("B")[0]
        fields["group"] = cursor.take("i")[0] if version == 2 else 0
        cursor.at = 256
    else:
        fields["shared"] = int(fields["vocab_size"] > 0)
        fields["vocab_size"] = abs(fields["vocab_size"])
        fields["group"] = 0
    dim, hidden, layers = fields["dim"], fields["hidden_dim"], fields["n_layers"]
    head = dim // fields["n_heads"]
    kv = head * fields["n_kv_heads"]
    table = fields["vocab_size"] * dim
    found: dict[str, Numbers | Quantised] = {}

    def floats(label: str, count: int) -> None:
        found[label] = cursor.take(f"{count}f")

    def matrix(label: str, count: int) -> None:
        if version == 2:
            found[label] = (cursor.take(f"{count}b"), cursor.take(f"{count // fields['group']}f"))
        else:
            floats(label, count)

    def norms(name: str) -> None:
        for layer in range(layers):
            floats(f"layer {layer} {name}", dim)

    def matrices(name: str, count: int) -> None:
        for layer in range(layers):
            matrix(f"layer {layer} {name}", count)

    if version:
        norms("attention_norm")
        norms("ffn_norm")
        floats("final_norm", dim)
        matrix("embedding", table)
    else:
        matrix("embedding", table)
        norms("attention_norm")
    matrices("wq", dim * dim)
    matrices("wk", kv * dim)
    matrices("wv", kv * dim)
    matrices("wo", dim * dim)
    if not version:
        norms("ffn_norm")
    matrices("w1", hidden * dim)
    matrices("w2", dim * hidden)
    matrices("w3", hidden * dim)
    if not version:
        floats("final_norm", dim)
        cursor.take(f"{2 * fields['seq_len'] * (head // 2)}f")
    if not fields["shared"]:
        matrix("classifier", table)
    assert cursor.at == len(cursor.data)
    return fields, found
