"""llama.cpp's logits, in a process of its own: it may abort, and its threads and settings stay there.

    stdin    {"runs": [{"file": path, "ids": [id], "to": path}], "kv_type": "f16", "threads": 1}
    to       float32 (ids, vocab_size) as .npy
    stdout   one line for each run: its `to`

All ids of a run are one batch, as a prompt is read. Everything else is as llama.cpp has it by default: keys and values
are halves, activations are rounded to the partner of the weights' type, flash attention as it chooses. That casts keys
and values of 32 bits to halves, so it is off where they are asked for: else they make no difference.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llmproc.errors import StartError
from llmproc.files.interpreter import child_command, child_environment

KV_TYPES = {"f32": 0, "f16": 1}  # enum ggml_type
_FLASH_OFF = 0


def ask_peer(runs: Sequence[dict[str, Any]], kv_type: str, threads: int) -> None:
    """Make all runs in a process that has ended when this returns. StartError with its last line when it fails."""
    order = json.dumps({"runs": list(runs), "kv_type": kv_type, "threads": threads})
    command = child_command(__spec__.name if __spec__ else "")
    done = subprocess.run(command, input=order, capture_output=True, text=True, env=child_environment(), check=False)
    if done.returncode or len(done.stdout.splitlines()) != len(runs):
        lines = done.stderr.strip().splitlines()
        raise StartError(f"llama.cpp ended with status {done.returncode}: {lines[-1] if lines else 'it said nothing'}")


def run(file: str, ids: Sequence[int], to: str, kv_type: str, threads: int) -> None:
    """Open a model, read the ids at once, write the logits after each of them. SystemExit when it cannot."""
    import llama_cpp.llama_cpp as low
    import numpy as np

    params = low.llama_model_default_params()
    params.n_gpu_layers = 0
    model = low.llama_model_load_from_file(os.fsencode(file), params)
    if not model:
        raise SystemExit(f"{file}: llama.cpp cannot load it")
    context = _context(low, model, len(ids), kv_type, threads)
    count = low.llama_vocab_n_tokens(low.llama_model_get_vocab(model))
    batch = low.llama_batch_init(len(ids), 0, 1)
    batch.n_tokens = len(ids)
    for i, token in enumerate(ids):
        batch.token[i], batch.pos[i], batch.logits[i] = token, i, True
        batch.n_seq_id[i], batch.seq_id[i][0] = 1, 0
    if low.llama_decode(context, batch):
        raise SystemExit(f"{file}: llama.cpp cannot decode")
    rows = [np.ctypeslib.as_array(low.llama_get_logits_ith(context, i), (count,)) for i in range(len(ids))]
    np.save(to, np.stack(rows))
    low.llama_batch_free(batch)
    low.llama_free(context)
    low.llama_model_free(model)


def _context(low: Any, model: Any, positions: int, kv_type: str, threads: int) -> Any:
    params = low.llama_context_default_params()
    params.n_ctx = max(256, positions)
    params.n_threads = params.n_threads_batch = threads
    params.type_k = params.type_v = KV_TYPES[kv_type]
    if kv_type == "f32":
        params.flash_attn_type = _FLASH_OFF
    params.no_perf = True
    context = low.llama_init_from_model(model, params)
    if not context:
        raise SystemExit("llama.cpp cannot make a context")
    return context


def main() -> int:
    """Carry out the order on stdin and return the exit code."""
    import llama_cpp.llama_cpp as low

    order = json.load(sys.stdin)
    quiet = low.llama_log_callback(lambda level, text, data: None)  # must outlive the library's use of it
    low.llama_log_set(quiet, ctypes.c_void_p(0))
    low.llama_backend_init()
    for one in order["runs"]:
        run(one["file"], one["ids"], one["to"], order["kv_type"], order["threads"])
        print(Path(one["to"]), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
