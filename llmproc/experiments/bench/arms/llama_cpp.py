"""llama.cpp as a peer, through the low-level API of the package llama-cpp-python, on the very same weights.

As llama-bench does it: a prefill of random ids with logits after the last alone; a decode step is one batch of one
random id for each sequence, logits for each, nothing chosen. The peer is to be at its best, so a few settings are tried
for every work and the quickest is kept and named: sizes of its physical batch (prefill), flash attention on and off,
one KV buffer for all sequences or one each (several sequences). Its log is silenced; its threads sleep between calls.

A GGUF written from the arrays of an fp32 checkpoint holds what the engine computes with: the quantisation is the same
code. A version 2 file has groups and fp32 scales that GGUF has no type for: refused before this is opened.
"""

from __future__ import annotations

import ctypes
import os
from importlib import metadata
from pathlib import Path
from typing import Any, cast

from llmproc.config import WeightType
from llmproc.errors import StartError, UsageError
from llmproc.experiments.bench.arms.arm import ArmOptions, ModelArm, random_ids
from llmproc.experiments.bench.work import Work

PACKAGE = "llama-cpp-python"
_ACCEPTED_BATCH = 2048  # ids of one llama_decode at most: llama.cpp's default
_KV_TYPES = {"f32": 0, "f16": 1}  # enum ggml_type


def installed() -> str | None:
    """Return the installed version, or None."""
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return None


def settings_for(work: Work) -> list[str]:
    """Return the settings to try, such as `ubatch=512 flash=1 unified=0`."""
    if work.kind == "prefill":
        sizes = [size for size in (128, 512) if size <= work.tokens] or [work.tokens]
        return [f"ubatch={size} flash={flash} unified=0" for size in sizes for flash in (0, 1)]
    unified = (0, 1) if work.sequences > 1 else (0,)
    return [f"ubatch=512 flash={flash} unified={one}" for one in unified for flash in (0, 1)]


def _context_of_each(work: Work) -> int:
    """Return the positions of one sequence; llama.cpp itself rounds them up to a multiple of 256."""
    return -(-work.positions // 256) * 256


class LlamaCppArm(ModelArm):
    """One loaded model; a context for each work, made again when its setting changes."""

    name = "llama.cpp"

    def __init__(self, file: Path, options: ArmOptions) -> None:
        """Load the file. StartError when llama.cpp cannot."""
        import llama_cpp.llama_cpp as low

        self._low, self._options = low, options
        self._silence = low.llama_log_callback(lambda level, text, data: None)  # must outlive the library's use of it
        low.llama_log_set(self._silence, ctypes.c_void_p(0))
        low.llama_backend_init()
        params = low.llama_model_default_params()
        params.n_gpu_layers = 0
        self._model = low.llama_model_load_from_file(os.fsencode(file), params)
        if not self._model:
            raise StartError(f"{file}: llama.cpp cannot load it")
        self.vocab_size: int = low.llama_vocab_n_tokens(low.llama_model_get_vocab(self._model))
        self._contexts: dict[str, tuple[tuple[str, int], Any]] = {}  # work -> what it was made with, context
        self._batch = low.llama_batch_init(_ACCEPTED_BATCH, 0, 1)
        self._current: Any = None

    def about(self) -> dict[str, Any]:
        low, size = self._low, int(self._low.llama_model_size(self._model))
        text = ctypes.create_string_buffer(256)
        low.llama_model_desc(self._model, text, 256)
        return {
            "package": f"{PACKAGE} {installed()}",
            "model": text.value.decode(errors="replace"),
            "tensor_bytes": size,
            "system": low.llama_print_system_info().decode(errors="replace").strip(),
            "decode": "random ids, nothing chosen, as llama-bench",
            "prefill": "one call, logits after the last id, as llama-bench",
        }

    def settings(self, work: Work) -> list[str]:
        return settings_for(work)

    def prepare(self, work: Work, setting: str) -> None:
        """Make the context of this work and setting ready, with an empty cache."""
        low = self._low
        wanted = setting, _context_of_each(work)
        made_with, context = self._contexts.get(work.name, (None, None))
        if made_with != wanted:
            self._free(work.name)
            context = self._open_context(work, setting)
            self._contexts[work.name] = wanted, context
        low.llama_memory_clear(low.llama_get_memory(context), False)
        self._current = context

    def _open_context(self, work: Work, setting: str) -> Any:
        low, chosen = self._low, dict(part.split("=") for part in setting.split())
        params = low.llama_context_default_params()
        params.n_ctx = _context_of_each(work) * work.sequences
        params.n_seq_max = work.sequences
        params.n_batch = _ACCEPTED_BATCH
        params.n_ubatch = int(chosen["ubatch"])
        params.n_threads = params.n_threads_batch = self._options.threads
        params.flash_attn_type = int(chosen["flash"])
        params.kv_unified = chosen["unified"] == "1"
        params.type_k = params.type_v = _KV_TYPES[self._options.kv_type]
        params.offload_kqv = params.op_offload = False
        params.no_perf = True
        context = low.llama_init_from_model(self._model, params)
        if not context:
            raise StartError(f"llama.cpp cannot make a context for {work.name} ({setting})")
        return context

    def prefill(self, tokens: int) -> None:
        ids = random_ids(tokens, self.vocab_size)
        for start in range(0, tokens, _ACCEPTED_BATCH):
            part = ids[start : start + _ACCEPTED_BATCH]
            self._decode([(token, start + i, 0, start + i == tokens - 1) for i, token in enumerate(part)])

    def decode(self, sequences: int, steps: int) -> None:
        ids = random_ids(sequences * steps, self.vocab_size)
        for position in range(steps):
            part = ids[position * sequences : (position + 1) * sequences]
            self._decode([(token, position, sequence, True) for sequence, token in enumerate(part)])

    def _decode(self, rows: list[tuple[int, int, int, bool]]) -> None:
        """Run one llama_decode of (id, position, sequence, logits wanted) and wait for it."""
        batch = self._batch
        batch.n_tokens = len(rows)
        for i, (token, position, sequence, wanted) in enumerate(rows):
            batch.token[i], batch.pos[i], batch.logits[i] = token, position, wanted
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, sequence
        status = self._low.llama_decode(self._current, batch)
        if status != 0:
            raise StartError(f"llama.cpp refused a batch of {len(rows)} ids: llama_decode returned {status}")
        self._low.llama_synchronize(self._current)

    def logits(self, row: int) -> list[float]:
        """Return the logits of the row-th id of the last batch, which must have wanted them: for checks in tests."""
        pointer = self._low.llama_get_logits_ith(self._current, row)
        return [float(pointer[i]) for i in range(self.vocab_size)]

    def _free(self, name: str) -> None:
        _, context = self._contexts.pop(name, (None, None))
        if context is not None:
            self._low.llama_free(context)

    def close(self) -> None:
        for name in list(self._contexts):
            self._free(name)
        if self._model:
            self._low.llama_batch_free(self._batch)
            self._low.llama_model_free(self._model)
            self._model = None


def open_arm(options: ArmOptions) -> LlamaCppArm:
    """Open the peer on `options.peer_file`, which is written first if it is missing."""
    if installed() is None:
        raise UsageError(f"--peer llama-cpp needs the package {PACKAGE}")
    file = Path(options.peer_file)
    if not file.is_file():
        _write(file, options)
    return LlamaCppArm(file, options)


def _write(file: Path, options: ArmOptions) -> None:
    from llmproc.checkpoints.gguf.writer import write_gguf
    from llmproc.checkpoints.model_file import open_model

    model = open_model(options.path)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_gguf(file, model.description, model.load().weights, cast(WeightType, options.weights or "f32"))
