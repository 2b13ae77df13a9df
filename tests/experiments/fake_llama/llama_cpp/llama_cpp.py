"""The part of llama-cpp-python's low-level interface that peer_process uses, over a model that is one line of JSON.

    {"vocabulary": 4, "refuses": "model"}     refuses: at which step it fails, if at any

Logits after an id at a position: id, position, kv type, flash attention, then zeros; so a test reads what was asked.
"""

from __future__ import annotations

import ctypes
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

llama_log_callback = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
open_things: list[str] = []  # what is freed must have been opened


def llama_log_set(callback: Any, data: Any) -> None:
    assert callback is not None


def llama_backend_init() -> None:
    open_things.append("backend")


def llama_model_default_params() -> SimpleNamespace:
    return SimpleNamespace(n_gpu_layers=-1)


def llama_model_load_from_file(path: bytes, params: SimpleNamespace) -> Any:
    assert params.n_gpu_layers == 0 and open_things == ["backend"]
    found = json.loads(Path(path.decode()).read_text())
    return None if found.get("refuses") == "model" else found


def llama_context_default_params() -> SimpleNamespace:
    return SimpleNamespace(n_ctx=512, n_threads=4, n_threads_batch=4, type_k=1, type_v=1, flash_attn_type=-1)


def llama_init_from_model(model: Any, params: SimpleNamespace) -> Any:
    assert params.type_k == params.type_v and params.n_threads == params.n_threads_batch
    return None if model.get("refuses") == "context" else SimpleNamespace(model=model, params=params, rows=[])


def llama_model_get_vocab(model: Any) -> Any:
    return model


def llama_vocab_n_tokens(model: Any) -> int:
    return int(model["vocabulary"])


def llama_batch_init(count: int, embedding: int, sequences: int) -> SimpleNamespace:
    rows = [None] * count
    return SimpleNamespace(
        n_tokens=0, token=[*rows], pos=[*rows], logits=[*rows], n_seq_id=[*rows], seq_id=[[None] for _ in rows]
    )


def llama_decode(context: Any, batch: SimpleNamespace) -> int:
    if context.model.get("refuses") == "decode":
        return 1
    assert batch.n_tokens == len(batch.token) <= context.params.n_ctx
    assert all(batch.logits) and set(batch.n_seq_id) == {1} and all(ids == [0] for ids in batch.seq_id)
    for token, position in zip(batch.token, batch.pos, strict=True):
        row = [token, position, context.params.type_k, context.params.flash_attn_type]
        row += [0] * (context.model["vocabulary"] - len(row))
        context.rows.append((ctypes.c_float * len(row))(*row))
    return 0


def llama_get_logits_ith(context: Any, row: int) -> Any:
    return ctypes.cast(context.rows[row], ctypes.POINTER(ctypes.c_float))


def llama_batch_free(batch: Any) -> None:
    pass


def llama_free(context: Any) -> None:
    pass


def llama_model_free(model: Any) -> None:
    pass
