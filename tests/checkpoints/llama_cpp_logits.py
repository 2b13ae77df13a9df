"""A GGUF through llama.cpp in a process of its own: it may abort, and its threads and settings stay there.

    python llama_cpp_logits.py MODEL OUT.npy TOKEN...     OUT: float32 (tokens, vocabulary), one row after each token

Keys and values are kept in float32 and flash attention is off, so that only the weights' type is measured.
"""

from __future__ import annotations

import ctypes
import sys

import llama_cpp as api
import numpy as np

FLOAT32 = 0  # GGML_TYPE_F32


def main(model_path: str, out: str, *tokens: str) -> None:
    api.llama_backend_init()
    model_options = api.llama_model_default_params()
    model_options.n_gpu_layers = 0
    model = api.llama_model_load_from_file(model_path.encode(), model_options)
    if not model:
        raise SystemExit("llama.cpp refuses the model")
    options = api.llama_context_default_params()
    options.n_ctx, options.n_threads, options.n_threads_batch = 256, 1, 1
    options.type_k = options.type_v = FLOAT32
    options.flash_attn_type = api.LLAMA_FLASH_ATTN_TYPE_DISABLED
    context = api.llama_init_from_model(model, options)
    vocabulary = api.llama_vocab_n_tokens(api.llama_model_get_vocab(model))
    rows = []
    for token in tokens:
        batch = api.llama_batch_get_one((ctypes.c_int32 * 1)(int(token)), 1)
        if api.llama_decode(context, batch):
            raise SystemExit(f"llama.cpp cannot decode token {token}")
        rows.append(np.ctypeslib.as_array(api.llama_get_logits(context), (vocabulary,)).copy())
    np.save(out, np.stack(rows))
    api.llama_free(context)
    api.llama_model_free(model)


if __name__ == "__main__":
    main(*sys.argv[1:])
