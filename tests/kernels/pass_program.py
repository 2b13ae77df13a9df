"""A whole forward pass of one kind: `python pass_program.py KIND`, LLMPROC_ISA chooses. Prints one line of JSON.

Compiled here and now, for its assembly. Then the same requests run under other counts of threads, sequences and tokens
in a step: their ids must be equal.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.gguf.synthetic import write_synthetic_gguf
from llmproc.checkpoints.synth import write_synthetic
from llmproc.checkpoints.synth_shapes import SynthModel
from llmproc.config import EngineOptions
from llmproc.engine.engine import Engine
from llmproc.engine.events import Token
from llmproc.engine.loading import open_forward
from llmproc.engine.sequence import SequenceRequest
from llmproc.kernels import calls, compiling, linking
from llmproc.kernels.kinds import NAMES as KINDS
from llmproc.simd import target

WEIGHTS = {"int8": None, "q8_0": "int8", "q4_0": "q4", "f16": "f16", "f32": None, "f32_c": None}
MIXES = {"q5_0": "q5_0", "q4_k": "q4_k", "q6_k": "q6_k", "int8_min": "q2_k", "bf16": "bf16"}  # of GGUF files alone
NAMES = ("%zmm", "%ymm", "%xmm", "vpdpbusd", "vpmaddwd", "pmaddwd", "pmaddubsw", "vfmadd")


def compile_here(kind: str) -> str:
    """Assembly of the pass and of the product it calls. What is compiled here stays here."""
    assert kind in KINDS
    compiling.only_final_code()
    text = ""
    for name in ("serve", f"multiply_{kind}"):
        module, machine = compiling.optimised(name)
        calls.install(linking.link({name: machine.emit_object(module)}))
        text += str(machine.emit_assembly(module))
    return text


def make_file(kind: str, folder: Path) -> Path:
    if kind in MIXES:
        path = folder / "model.gguf"
        shape = ModelDescription(256, 512, 2, 4, 2, 1024, 400, 64, False, "f32", 0)
        write_synthetic_gguf(path, SynthModel("random", shape, "smollm", None), MIXES[kind], 3)
        return path
    stored, group = ("int8", 32) if kind == "int8" else ("f32", 0)
    path = folder / "model.bin"
    layout = "version 2" if stored == "int8" else "version 1"
    write_synthetic(path, ModelDescription(96, 160, 3, 6, 2, 300, 400, 16, False, stored, group), 3, layout)
    return path


def answers(path: Path, options: EngineOptions) -> list[list[int]]:
    """Ids of six requests, one of them longer than a chunk of attention."""
    random = np.random.default_rng(0)
    with open_forward(path, options) as forward:
        engine, found = Engine(forward, options), {number: [] for number in range(6)}
        for number in range(6):
            length = 280 if number == 3 else 5 + 9 * number
            tokens = tuple(random.integers(0, 300, length).tolist())
            engine.add(SequenceRequest(number, tokens, 20, temperature=0.9 * (number % 2), top_p=0.9, seed=number))
        while engine.busy:
            for event in engine.step():
                if isinstance(event, Token):
                    found[event.request_id].append(event.token)
        return list(found.values())


def main(kind: str, folder: Path) -> dict[str, Any]:
    """Everything this program finds out."""
    text, path = compile_here(kind), make_file(kind, folder)
    order: dict[str, Any] = {"c_order": True, "kv_type": "f32"} if kind == "f32_c" else {}
    plain = answers(path, EngineOptions(threads=1, weights=WEIGHTS.get(kind), **order))
    different = []
    for threads, sequences, batch_tokens in ((2, 1, 128), (3, 4, 16), (1, 6, 5), (2, 6, 512)):
        options = EngineOptions(threads, sequences, WEIGHTS.get(kind), batch_tokens=batch_tokens, **order)
        if answers(path, options) != plain:
            different.append([threads, sequences, batch_tokens])
    return {
        "isa": target.TARGET.name,
        "answers": sum(map(len, plain)),
        "ids": len({token for ids in plain for token in ids}),
        "different": different,
        "assembly": {name: len(re.findall(name, text)) for name in NAMES},
    }


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        json.dump(main(sys.argv[1], Path(place)), sys.stdout)
