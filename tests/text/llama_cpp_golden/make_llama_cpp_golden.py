"""Make llama_cpp_golden.json: the ids that llama.cpp gives random texts over each small GGUF vocabulary.

Needs libllama (made with 0.5.0, as in llama-cpp-python 0.3.36 and node-llama-cpp 3.22.1) and the package gguf (0.19.0).
Kept of 5,000 texts a family: a digest of every hundred, and the ids of the first hundred. Also what ends a text, BOS,
and texts with special tokens in them. Usage: make_llama_cpp_golden.py PATH/libllama.so
"""

from __future__ import annotations

import ctypes
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import gguf

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from golden_ids import END_ROWS, RENDERED, digests  # noqa: E402
from random_texts import random_texts  # noqa: E402
from small_vocabularies import FAMILIES, byte_level_metadata, family_metadata  # noqa: E402

VOCAB_ONLY = 72  # the flag's place in llama_model_params of this version, checked by the flags around it


class Params(ctypes.Structure):
    """The 80 bytes of llama_model_params."""

    _fields_ = (("raw", ctypes.c_ubyte * 80),)


class Library:
    """The few calls of libllama that a vocabulary needs."""

    def __init__(self, path: str) -> None:
        self.lib = lib = ctypes.CDLL(path)
        self._log = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(lambda *given: None)
        lib.llama_log_set(self._log, None)
        lib.llama_backend_init()
        lib.llama_model_default_params.restype = Params
        lib.llama_model_load_from_file.argtypes = [ctypes.c_char_p, Params]
        for name in ("llama_model_load_from_file", "llama_model_get_vocab"):
            getattr(lib, name).restype = ctypes.c_void_p
        lib.llama_model_get_vocab.argtypes = [ctypes.c_void_p]
        ids, flag = ctypes.POINTER(ctypes.c_int32), ctypes.c_bool
        count = ctypes.c_int32
        lib.llama_tokenize.argtypes = [ctypes.c_void_p, ctypes.c_char_p, count, ids, count, flag, flag]
        lib.llama_vocab_is_eog.argtypes = [ctypes.c_void_p, count]
        lib.llama_vocab_is_eog.restype = flag
        lib.llama_vocab_get_add_bos.argtypes = [ctypes.c_void_p]
        lib.llama_vocab_get_add_bos.restype = flag

    def vocabulary(self, metadata: dict[str, Any]) -> ctypes.c_void_p:
        params = self.lib.llama_model_default_params()
        assert params.raw[VOCAB_ONLY + 2] == 1 and not any(params.raw[VOCAB_ONLY : VOCAB_ONLY + 2]), "another version"
        params.raw[VOCAB_ONLY] = 1
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "vocabulary.gguf"
            write_gguf(path, metadata)
            model = self.lib.llama_model_load_from_file(str(path).encode(), params)
        assert model, metadata
        return self.lib.llama_model_get_vocab(model)

    def ids(self, vocabulary: ctypes.c_void_p, text: str, specials: bool = False) -> list[int]:
        data = text.encode()
        room = (ctypes.c_int32 * (4 * len(data) + 8))()
        found = self.lib.llama_tokenize(vocabulary, data, len(data), room, len(room), False, specials)
        return list(room[:found])


def write_gguf(path: Path, metadata: dict[str, Any]) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    for name in ("context_length", "embedding_length", "block_count", "feed_forward_length", "attention.head_count"):
        writer.add_uint32(f"llama.{name}", 1)
    writer.add_float32("llama.attention.layer_norm_rms_epsilon", 1e-5)
    for key, value in metadata.items():
        if isinstance(value, bool):
            writer.add_bool(key, value)
        elif isinstance(value, int):
            writer.add_uint32(key, value)
        elif isinstance(value, str):
            writer.add_string(key, value)
        else:
            writer.add_array(key, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def end_row(library: Library, texts: list[str]) -> dict[str, Any]:
    """Return which of the added texts end a text, in a vocabulary whose eos is none of them."""
    metadata = byte_level_metadata("qwen2", texts, eos_token_id=None, bos_token_id=None)
    metadata["tokenizer.ggml.token_type"] = [1] * len(metadata["tokenizer.ggml.tokens"])
    vocabulary = library.vocabulary(metadata)
    tokens = metadata["tokenizer.ggml.tokens"]
    return {
        "texts": texts,
        "ends": [text for text in texts if library.lib.llama_vocab_is_eog(vocabulary, tokens.index(text))],
    }


def main(path: str) -> None:
    library = Library(path)
    texts = random_texts(5000)
    families = {}
    for family in FAMILIES:
        vocabulary = library.vocabulary(family_metadata(family))
        ids = [library.ids(vocabulary, text) for text in texts]
        families[family] = {
            "add_bos": library.lib.llama_vocab_get_add_bos(vocabulary),
            "digests": digests(ids),
            "first": ids[:100],
            "rendered": [library.ids(vocabulary, text, True) for text in RENDERED],
        }
    found = {"families": families, "ends": [end_row(library, list(row)) for row in END_ROWS]}
    (HERE / "llama_cpp_golden.json").write_text(json.dumps(found, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
