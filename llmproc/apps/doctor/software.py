"""Checks of the software: packages, kernel cache, checkpoint and tokenizer, extras for the terminal."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

from llmproc.apps.doctor.check import INSTALL, Check, human_bytes
from llmproc.checkpoints.model_file import ModelFile, open_model, stored_types
from llmproc.errors import InvalidFileError, LlmprocError
from llmproc.files.interpreter import child_command, child_environment
from llmproc.monitor.machine import versions

_NEEDED = ("numpy", "numba", "llvmlite", "psutil", "msgspec")  # without these nothing runs
_REPORTS = ("pandas", "matplotlib")  # imported by tools and reports only
_TERMINAL = {"prompt_toolkit": "history and completion in the prompt loop"}
_LOOK = "llmproc.kernels.look"
_LOOK_S = 60.0


def packages(found: dict[str, str] | None = None) -> Check:
    """Check that the packages that llmproc needs are installed."""
    there = versions() if found is None else found
    value = ", ".join(f"{name} {version}" for name, version in there.items())
    facts: dict[str, Any] = {"versions": there}
    if missing := [name for name in _NEEDED if name not in there]:
        return Check("versions", value, "fail", f"missing: {', '.join(missing)}; {INSTALL}", facts)
    if missing := [name for name in _REPORTS if name not in there]:
        return Check("versions", value, "warn", f"missing: {', '.join(missing)}; plots and reports need them", facts)
    return Check("versions", value, facts=facts)


def kernel_cache(looked: dict[str, Any] | None = None) -> Check:
    """Check where compiled kernels are kept, in a process of its own. Nothing is compiled."""
    found = _look() if looked is None else looked
    if "error" in found:
        return Check("kernel cache", str(found["error"]), "fail", "kernels cannot be compiled like this", found)
    if not found["lasting"]:
        hint = "no private folder can be written (XDG_CACHE_HOME, ~/.cache, TMPDIR): every start compiles"
        return Check("kernel cache", "none", "warn", hint, found)
    if found["fallback"]:
        hint = f"compiled code cannot be used here ({found['fallback']}): every start compiles, results are the same"
        return Check("kernel cache", str(found["directory"]), "warn", hint, found)
    if not found["types"]:
        hint = "the first run compiles the kernels for its weights, which takes up to a minute"
        return Check("kernel cache", f"{found['directory']}: empty", "ok", hint, found)
    value = f"{found['directory']}: ready for {', '.join(found['types'])} ({human_bytes(found['bytes'])})"
    return Check("kernel cache", value, facts=found)


def _look() -> dict[str, Any]:
    try:
        done = subprocess.run(
            child_command(_LOOK), env=child_environment(), capture_output=True, text=True, timeout=_LOOK_S
        )
        found = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return {"error": f"looking at it took more than {_LOOK_S:.0f} s"}
    except ValueError:
        lines = done.stderr.strip().splitlines()
        return {"error": lines[-1] if lines else f"looking at it ended with status {done.returncode}"}
    return found if isinstance(found, dict) else {"error": f"it said {found!r}"}


def checkpoint(path: Path) -> tuple[Check, ModelFile | None]:
    """Check the checkpoint's header; also return the model if it could be opened."""
    try:
        model = open_model(path)
    except InvalidFileError as error:
        return Check("checkpoint", str(error), "fail", "choose another one with --model or LLMPROC_MODEL"), None
    d = model.description
    own = f"{d.weight_type}, group {d.group_size}" if d.group_size else d.weight_type
    types = own if model.format == "llama2.c" else " ".join(sorted(stored_types(model)))
    value = (
        f"{path}: {model.format} {model.version}, {human_bytes(model.size)}, {types}, dim {d.dim}, "
        f"hidden {d.hidden_dim}, {d.n_layers} layers, {d.n_heads} heads, {d.n_kv_heads} KV heads, "
        f"vocabulary {d.vocab_size}, context {d.seq_len}"
    )
    return Check("checkpoint", value, facts={"path": str(path), "bytes": model.size, "shape": asdict(d)}), model


def tokenizer(path: Path, model: ModelFile | None) -> Check:
    """Check the tokenizer; it can only be read with the checkpoint's vocabulary size."""
    if model is None:
        return Check(
            "tokenizer",
            f"{path}: not looked at",
            "warn",
            "the checkpoint says how many entries it must have",
        )
    try:
        found = model.load_tokenizer(path)
    except LlmprocError as error:
        return Check("tokenizer", str(error), "fail", "choose another one with --tokenizer or LLMPROC_TOKENIZER")
    value = f"{path}: {found.vocab_size} entries, template {found.template_name}, ends at {sorted(found.eos)}"
    return Check("tokenizer", value, facts={"path": str(path), "template": found.template_name})


def terminal() -> Check:
    """Check the packages of the extra `tty`."""
    there = {name: importlib.util.find_spec(name) is not None for name in _TERMINAL}
    missing = [name for name, found in there.items() if not found]
    value = ", ".join(name for name, found in there.items() if found) or "none"
    hint = "; ".join(f"{name} gives {_TERMINAL[name]}: pip install -e '.[tty]'" for name in missing)
    return Check("terminal extras", value, "warn" if missing else "ok", hint, {"extras": there})
