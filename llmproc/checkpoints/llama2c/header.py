"""A checkpoint's header: read, judged rule by rule, and packed. The first and only gate for untrusted shapes.

Used by main (which checks a checkpoint without loading it), the template and the writer. Weights are never read here:
at most 256 bytes of the file are, so a hostile header costs neither memory nor time.

    offset 0  magic  4 version  8 dim hidden_dim n_layers n_heads n_kv_heads vocab_size seq_len
    36 shared_classifier (0 or 1)  37 group_size (version 2 only)  then zeros up to 256
    legacy: 0 dim hidden_dim n_layers n_heads n_kv_heads vocab_size seq_len; a negative vocab_size: own classifier

Kernels check no bounds, so a rule that is missing here is a wild read there.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.llama2c.layout import HEADER_BYTES, Layout, file_size
from llmproc.checkpoints.ranges import RANGES
from llmproc.checkpoints.source_file import open_regular, read_exactly, refuse

MAGIC = 0x616B3432
_SHAPE = struct.Struct("<7i")


@dataclass(frozen=True, slots=True)
class Header:
    """A header that broke no rule: the file was `size` bytes and its weights start at `offset`."""

    path: Path
    layout: Layout
    description: ModelDescription
    offset: int
    size: int


def read_header(path: Path | str) -> Header:
    """Read and check the header of `path`; CheckpointError names file, field, value and rule. Never hangs."""
    with open_regular(path) as (fd, status):
        head = bytearray(min(256, status.st_size))
        with memoryview(head) as view:
            read_exactly(path, fd, view)
    return parse_header(path, bytes(head), status.st_size)


def parse_header(path: Path | str, head: bytes, size: int) -> Header:
    """Judge the first (up to 256) bytes of a file of `size` bytes; pure. Raises CheckpointError."""
    layout = _layout(path, head, size)
    description = parse_description(path, head, layout)
    implied = file_size(description, layout)
    if size != implied:
        word = "truncated" if size < implied else "too long"
        raise refuse(path, "file size", f"{size} bytes ({word})", f"must be exactly the {implied} its header implies")
    return Header(Path(path), layout, description, HEADER_BYTES[layout], size)


def parse_description(path: Path | str, head: bytes, layout: Layout) -> ModelDescription:
    """Judge every field of a complete header whose layout is known; pure. Raises CheckpointError."""
    shape = dict(zip(RANGES, _SHAPE.unpack_from(head, 0 if layout == "legacy" else 8), strict=True))
    group_size = 0
    sizes = dict(shape)
    if layout == "legacy":
        shared = shape["vocab_size"] > 0
        sizes["vocab_size"] = abs(shape["vocab_size"])
    else:
        if head[36] > 1:
            raise refuse(path, "shared_classifier", head[36], "must be 0 or 1")
        shared = head[36] == 1
    for field, (low, high) in RANGES.items():
        if not low <= sizes[field] <= high:
            raise refuse(path, field, shape[field], f"must be in {low}..{high}")
    if layout == "version 2":
        (group_size,) = struct.unpack_from("<i", head, 37)
        _check_group(path, group_size, sizes["dim"], sizes["hidden_dim"])
    head_dim = _check_heads(path, sizes["dim"], sizes["n_heads"], sizes["n_kv_heads"])
    if layout != "legacy":
        _check_reserved(path, head, 41 if layout == "version 2" else 37)
    return ModelDescription(
        **sizes,
        head_dim=head_dim,
        shared_classifier=shared,
        weight_type="int8" if layout == "version 2" else "f32",
        group_size=group_size,
    )


def pack_header(description: ModelDescription, layout: Layout) -> bytes:
    """Return the header bytes of a file with this shape; `parse_header` reads and checks them."""
    d = description
    shape = [d.dim, d.hidden_dim, d.n_layers, d.n_heads, d.n_kv_heads, d.vocab_size, d.seq_len]
    if layout == "legacy":
        shape[5] = d.vocab_size if d.shared_classifier else -d.vocab_size
        return _SHAPE.pack(*shape)
    version = 2 if layout == "version 2" else 1
    head = struct.pack("<Ii7iB", MAGIC, version, *shape, d.shared_classifier)
    if version == 2:
        head += struct.pack("<i", d.group_size)
    return head.ljust(256, b"\0")


def _layout(path: Path | str, head: bytes, size: int) -> Layout:
    """Return which layout these bytes claim to be, if the file is long enough for its header."""
    if size < HEADER_BYTES["legacy"]:
        raise refuse(path, "file size", f"{size} bytes", "must be at least the 28 of the shortest header")
    magic, version = struct.unpack_from("<Ii", head)
    if magic != MAGIC:
        low, high = RANGES["dim"]
        if not low <= magic <= high:
            text = head[:4].decode("latin-1")
            shown = f' ("{text}")' if text.isascii() and text.isprintable() else ""
            rule = f"must be {MAGIC:#x} (llama2.c versions 1 and 2) or a dim in {low}..{high} (legacy layout)"
            raise refuse(path, "magic or legacy dim", f"{magic:#010x}{shown}", rule)
        return "legacy"
    if version not in (1, 2):
        raise refuse(path, "version", version, "must be 1 or 2")
    if size < 256:
        raise refuse(path, "file size", f"{size} bytes", f"must be at least the 256 of a version {version} header")
    return "version 2" if version == 2 else "version 1"


def _check_group(path: Path | str, group_size: int, dim: int, hidden_dim: int) -> None:
    if group_size < 4 or group_size % 4:
        raise refuse(path, "group_size", group_size, "must be a positive multiple of 4")
    for field, value in (("dim", dim), ("hidden_dim", hidden_dim)):
        if value % group_size:
            raise refuse(path, "group_size", group_size, f"must divide {field} = {value}")


def _check_heads(path: Path | str, dim: int, n_heads: int, n_kv_heads: int) -> int:
    """Return the head size, which the file does not store."""
    if dim % n_heads:
        raise refuse(path, "n_heads", n_heads, f"must divide dim = {dim}")
    if n_heads % n_kv_heads:
        raise refuse(path, "n_kv_heads", n_kv_heads, f"must divide n_heads = {n_heads}")
    head_dim = dim // n_heads
    if head_dim % 2:
        raise refuse(path, "head_dim", head_dim, f"dim / n_heads = {dim} / {n_heads} must be even (rope rotates pairs)")
    return head_dim


def _check_reserved(path: Path | str, head: bytes, start: int) -> None:
    """Refuse bytes we do not understand: a later format may give them a meaning that changes the arithmetic."""
    for position in range(start, 256):
        if head[position]:
            raise refuse(path, f"reserved byte {position}", head[position], f"bytes {start}..255 must be zero")
