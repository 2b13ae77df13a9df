"""The given engine: reads model.bin and tokenizer.bin and answers prompts, in one thread. Nothing to do here.

    engine = ChatEngine("model.bin", "tokenizer.bin", seed=42)
    for piece in engine.answer("What is a process?"):  # bytes, as they are made
        ...
    engine.position, engine.speed                      # positions used so far; positions per second of this turn

All sums run from left to right in 32-bit floats and the functions are the C library's, so that the answers are the same
as those of a plain C engine. It needs NumPy and nothing else.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import ctypes
import ctypes.util
import itertools
import re
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

TURN = 256  # positions that a turn adds after its prompt
START, END = 1, 2  # ids that open and close a message
USER = 4093  # id of `user` in the vocabulary of the C exercise; a smaller one has its own
TEMPERATURE, TOP_P = np.float32(0.6), np.float32(0.9)
F32 = np.float32

try:
    _libm = ctypes.CDLL("libm.so.6")
except OSError:
    _libm = ctypes.CDLL(ctypes.util.find_library("m"))
for _name, _arguments in (("expf", 1), ("sinf", 1), ("cosf", 1), ("powf", 2)):
    getattr(_libm, _name).restype = ctypes.c_float
    getattr(_libm, _name).argtypes = [ctypes.c_float] * _arguments


def each(function: Callable[[float], float], x: np.ndarray) -> np.ndarray:
    """Apply a function of the C library to every value of x."""
    return np.fromiter(map(function, x.ravel().tolist()), F32, x.size).reshape(x.shape)


def total(terms: np.ndarray, axis: int = -1) -> np.ndarray:
    """Add up one axis in order."""
    return np.add.accumulate(terms, axis=axis, dtype=F32).take(-1, axis=axis)


def softmax(x: np.ndarray) -> np.ndarray:
    """Turn scores into shares that add up to 1 along the last axis."""
    shares = each(_libm.expf, x - x.max(axis=-1, keepdims=True))
    return shares / total(shares)[..., None]


class GroupedMatrix:
    """8-bit weights in groups, each with a scale of its own; (rows, columns)."""

    def __init__(self, values: np.ndarray, scales: np.ndarray, group: int) -> None:
        rows = len(values)
        grouped = values.reshape(rows, -1, group)
        self.group, self.scales = group, scales.reshape(rows, -1)
        self.by_group = np.ascontiguousarray(grouped.transpose(1, 0, 2), F32)  # (groups, rows, group)

    def row(self, number: int) -> np.ndarray:
        """Return one row as floats."""
        return (self.by_group[:, number] * self.scales[number][:, None]).ravel()

    def __matmul__(self, x: np.ndarray) -> np.ndarray:
        parts = x.reshape(-1, self.group)
        scales = np.abs(parts).max(axis=1) / F32(127)
        wide = np.divide(parts, scales[:, None], out=np.zeros_like(parts), where=scales[:, None] > 0)
        rounded = np.trunc(wide + np.copysign(0.5, wide.astype(np.float64))).astype(F32)
        sums = (self.by_group @ rounded[:, :, None])[:, :, 0].T  # whole numbers, exact in any order
        return total(sums * self.scales * scales)


class TransformerModel:
    """A transformer (Llama architecture, llama2.c's file format version 2), one token at a time, with its KV cache."""

    def __init__(self, path: str | Path) -> None:
        data = Path(path).read_bytes()
        magic, version, *shape, shared, group = struct.unpack_from("<Ii7iBi", data)
        if (magic, version) != (0x616B3432, 2):
            raise SystemExit(f"{path}: not a model file of version 2")
        dim, hidden, layers, heads, kv_heads, vocabulary, self.length = shape
        self.heads, self.kv_heads, self.size = heads, kv_heads, dim // heads
        self.layers, kv_dim, place = layers, kv_heads * self.size, 256

        def floats(*size: int) -> np.ndarray:
            nonlocal place
            found = np.frombuffer(data, F32, int(np.prod(size)), place).reshape(size)
            place += found.nbytes
            return found

        def matrix(rows: int, columns: int) -> GroupedMatrix:
            nonlocal place
            values = np.frombuffer(data, np.int8, rows * columns, place).reshape(rows, columns)
            place += rows * columns
            return GroupedMatrix(values, floats(rows * columns // group), group)

        self.attention_norm, self.ffn_norm, self.final_norm = floats(layers, dim), floats(layers, dim), floats(dim)
        self.embedding = matrix(vocabulary, dim)
        shapes = ((dim, dim), (kv_dim, dim), (kv_dim, dim), (dim, dim), (hidden, dim), (dim, hidden), (hidden, dim))
        self.wq, self.wk, self.wv, self.wo, self.w1, self.w2, self.w3 = (
            [matrix(*size) for _ in range(layers)] for size in shapes
        )
        self.classifier = self.embedding if shared else matrix(vocabulary, dim)
        self.keys = np.zeros((layers, self.length, kv_heads, 1, self.size), F32)
        self.values = np.zeros_like(self.keys)
        self.frequencies = F32(1) / each(
            lambda exponent: _libm.powf(10000.0, exponent), np.arange(0, self.size, 2, dtype=F32) / F32(self.size)
        )

    def forward(self, token: int, position: int) -> np.ndarray:
        """Compute logits (vocabulary,) for what follows `token` at `position`."""
        angles = F32(position) * self.frequencies
        turned = each(_libm.cosf, angles), each(_libm.sinf, angles)
        x = self.embedding.row(token)
        for layer in range(self.layers):
            x = x + self.wo[layer] @ self._attend(self._norm(x, self.attention_norm[layer]), layer, position, turned)
            inner = self._norm(x, self.ffn_norm[layer])
            gate, up = self.w1[layer] @ inner, self.w3[layer] @ inner
            x = x + self.w2[layer] @ (gate * (F32(1) / (F32(1) + each(_libm.expf, -gate))) * up)
        return self.classifier @ self._norm(x, self.final_norm)

    def _norm(self, x: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return weight * ((F32(1) / np.sqrt(total(x * x) / F32(len(x)) + F32(1e-5))) * x)

    def _attend(self, x: np.ndarray, layer: int, position: int, turned: tuple[np.ndarray, ...]) -> np.ndarray:
        query = rotate((self.wq[layer] @ x).reshape(self.kv_heads, -1, self.size), *turned)
        self.keys[layer, position, :, 0] = rotate((self.wk[layer] @ x).reshape(self.kv_heads, self.size), *turned)
        self.values[layer, position, :, 0] = (self.wv[layer] @ x).reshape(self.kv_heads, self.size)
        keys, values = self.keys[layer, : position + 1], self.values[layer, : position + 1]
        scores = total(keys * query) / np.sqrt(F32(self.size))  # (positions, kv heads, heads that share one)
        shares = np.moveaxis(softmax(np.moveaxis(scores, 0, -1)), -1, 0)
        return total(values * shares[..., None], axis=0).ravel()


def rotate(x: np.ndarray, cosine: np.ndarray, sine: np.ndarray) -> np.ndarray:
    """Turn each pair of neighbours by the angle of its position."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return np.stack((even * cosine - odd * sine, even * sine + odd * cosine), axis=-1).reshape(x.shape)


class TokenTable:
    """Text to ids and back; the file lists a score, a length and the bytes of each id."""

    def __init__(self, path: str | Path, size: int) -> None:
        data, place = Path(path).read_bytes(), 4
        self.pieces: list[bytes] = []
        self.scores: list[float] = []
        for _ in range(size):
            score, length = struct.unpack_from("<fi", data, place)
            place += 8 + length
            self.scores.append(score)
            self.pieces.append(data[place - length : place])
        self.ids = {piece: number for number, piece in reversed(list(enumerate(self.pieces)))}

    def encode(self, text: bytes) -> list[int]:
        """Give each character an id; then the best pair of neighbours becomes one, until there is none."""
        ids: list[int] = []
        for unit in re.findall(rb"[\x00-\xff][\x80-\xbf]{0,3}", text, re.DOTALL):
            ids += [self.ids[unit]] if unit in self.ids else [byte + 3 for byte in unit]
        while True:
            pairs = [self.pieces[a] + self.pieces[b] for a, b in itertools.pairwise(ids)]
            found = [(-self.scores[self.ids[pair]], place) for place, pair in enumerate(pairs) if pair in self.ids]
            if not found:
                return ids
            place = min(found)[1]
            ids[place : place + 2] = [self.ids[pairs[place]]]

    def printed(self, before: int, token: int) -> bytes:
        """Return the bytes to print for `token`; none for a single byte that cannot be printed."""
        piece = self.pieces[token]
        if before == START and piece.startswith(b" "):
            piece = piece[1:]
        if coded := re.fullmatch(rb"<0x([0-9A-F]{2})>", piece):
            piece = bytes.fromhex(coded[1].decode())
        return b"" if len(piece) == 1 and not (32 <= piece[0] < 127 or 9 <= piece[0] <= 13) else piece


class CoinSampler:
    """Chooses the next token; one random stream for the whole conversation."""

    def __init__(self, seed: int) -> None:
        self.state = seed % 2**64 or 0x9E3779B97F4A7C15

    def coin(self) -> np.float32:
        """Draw the next random number from 0 up to 1."""
        self.state ^= self.state >> 12
        self.state ^= self.state << 25 & (2**64 - 1)
        self.state ^= self.state >> 27
        return F32((self.state * 0x2545F4914F6CDD1D % 2**64 >> 40) / 16777216.0)

    def choose(self, logits: np.ndarray) -> int:
        """Choose an id from the smallest set of the most likely ones whose shares exceed TOP_P."""
        coin, shares = self.coin(), softmax(logits / TEMPERATURE)
        likely = np.flatnonzero(shares >= (F32(1) - TOP_P) / F32(len(shares) - 1))
        likely = likely[np.argsort(-shares[likely], kind="stable")]
        running = np.add.accumulate(shares[likely], dtype=F32)
        last = min(int(np.sum(running <= TOP_P)), len(likely) - 1)
        return int(likely[min(int(np.sum(running[: last + 1] <= coin * running[last])), last)])


class ChatEngine:
    """One conversation with a model."""

    def __init__(self, model: str | Path, tokenizer: str | Path, seed: int = 42) -> None:
        self.model = TransformerModel(model)
        self.tokenizer = TokenTable(tokenizer, len(self.model.classifier.scales))
        self.sampler = CoinSampler(seed)
        self.position = 0
        self.speed = 0.0

    def answer(self, prompt: str) -> Iterator[bytes]:
        """Yield pieces of the answer to a prompt, which continues what was said before."""
        text = prompt.encode("utf-8", "surrogateescape")
        user = [USER] if len(self.tokenizer.pieces) > USER else self.tokenizer.encode(b"user")
        ids = [START, *user, *self.tokenizer.encode(b" " + text if text else b""), END, START]
        end = len(ids) + TURN
        begun, began_at = 0.0, self.position
        for place in range(end):
            if self.position == self.model.length:
                break  # the context is full
            logits = self.model.forward(ids[place], self.position)
            self.position += 1
            begun = begun or time.monotonic()
            if place >= end - TURN - 1:  # the turn ends with END and one token more, which is printed but not kept
                token = END if place == end - 2 else self.sampler.choose(logits)
                yield self.tokenizer.printed(ids[place], token)
                ids.append(token)
        self.speed = (self.position - began_at) / max(time.monotonic() - begun, 1e-6)
