#!/usr/bin/env python3
"""What a token of a sequence with a grammar costs, beside one of a free sequence. See --help."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a checkout runs without being installed

# What computes is imported when it is called: --help is quick, and a missing package costs one line.

DESCRIPTION = """\
Decode with one engine, free sequences and such with a JSON schema in turn, and compare the time of a step. Masks are
computed in the same thread, so the ratio is what a schema costs. Needs the extra `structured`.
"""
EXAMPLES = """examples:
  python -m llmproc synth --shape smollm-135m -o smollm.bin
  tools/measure_structured.py smollm.bin --sequences 16

exit code: 0 the ratio is within --bar, 1 it is not, 2 wrong usage
"""
SCHEMA: dict[str, Any] = {  # long enough that no sequence ends: names, texts, numbers, a union, a pattern
    "type": "array", "minItems": 1000,
    "items": {
        "type": "object", "additionalProperties": False, "required": ["name", "code", "size", "kind", "words"],
        "properties": {
            "name": {"type": "string", "minLength": 4, "maxLength": 24},
            "code": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"},
            "size": {"type": "number", "minimum": 0, "maximum": 1000},
            "kind": {"anyOf": [{"enum": ["pipe", "socket", "file"]}, {"type": "null"}]},
            "words": {"type": "array", "items": {"type": "string", "maxLength": 12}, "maxItems": 4},
        },
    },
}  # fmt: skip
PROMPT = tuple(range(70, 102))


@dataclass(frozen=True, slots=True)
class CostRatio:
    """Medians over the steps of all rounds, in milliseconds a step, and their ratio."""

    sequences: int
    temperature: float
    steps: int  # of each kind
    free_ms: float
    constrained_ms: float
    ratio: float


def ratio_of(sequences: int, temperature: float, free: Sequence[float], constrained: Sequence[float]) -> CostRatio:
    """Return what samples in seconds a step come to."""
    one, other = statistics.median(free) * 1e3, statistics.median(constrained) * 1e3
    return CostRatio(sequences, temperature, len(constrained), round(one, 3), round(other, 3), round(other / one, 4))


def open_engine(options: argparse.Namespace) -> tuple[Any, Any]:
    """Return an engine over the model, and what closes it."""
    import msgspec

    from llmproc.config import EngineOptions
    from llmproc.engine.engine import Engine
    from llmproc.engine.forward import Forward
    from llmproc.grammars.matching import Grammars
    from llmproc.grammars.token_table import token_bytes
    from llmproc.processes.template import Prepared
    from llmproc.service.messages import PrepareOrder
    from llmproc.service.prepare import prepare
    from llmproc.session.model_files import read_model_files

    engine = EngineOptions(threads=options.threads, sequences=options.sequences, context=512)
    order = PrepareOrder(str(options.model).encode(), engine)
    prepared: Prepared = prepare(msgspec.json.encode(order), [], lambda payload: None)
    for fd in prepared.fds:  # the weights are mapped
        os.close(fd)
    files = read_model_files(options.model, options.tokenizer)
    forward = Forward(prepared.context.model, engine, prepared.context.pages)
    return Engine(forward, engine, grammars=Grammars(lambda: token_bytes(files.tokenizer))), forward.close


def steps_of(engine: Any, grammar: str, options: argparse.Namespace, temperature: float, seed: int) -> list[float]:
    """Return the seconds of each step in which all sequences decode."""
    from llmproc.engine.sequence import SequenceRequest
    from llmproc.engine.shaping import Shaping

    shaping = Shaping(given=len(PROMPT), grammar=grammar) if grammar else None
    for number in range(options.sequences):
        engine.add(
            SequenceRequest(number, PROMPT, options.tokens, temperature=temperature, top_p=0.9, seed=seed + number,
                            shaping=shaping)
        )  # fmt: skip
    found: list[float] = []
    while engine.busy:
        before = time.perf_counter()
        events = engine.step()
        after = time.perf_counter()
        if len(events) == options.sequences:
            found.append(after - before)
    return found[2:-1]  # the first ones compile, the last one ends


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=DESCRIPTION, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, help="a checkpoint")
    parser.add_argument("--tokenizer", type=Path, help="its tokenizer (default: its own)")
    parser.add_argument("--sequences", type=int, default=16, help="sequences side by side (16)")
    parser.add_argument("--threads", type=int, default=2, help="threads of the engine (2)")
    parser.add_argument("--tokens", type=int, default=16, help="of each sequence in a round (16)")
    parser.add_argument("--rounds", type=int, default=10, help="rounds of each kind, in turn (10)")
    parser.add_argument("--bar", type=float, default=1.3, help="the largest ratio that is fine (1.3)")
    options = parser.parse_args(arguments)

    from llmproc.grammars.writing import schema_grammar

    engine, close = open_engine(options)
    grammar = schema_grammar(SCHEMA)
    results = []
    for temperature in (0.0, 1.0):
        free: list[float] = []
        constrained: list[float] = []
        for seed in range(options.rounds):
            free += steps_of(engine, "", options, temperature, seed)
            constrained += steps_of(engine, grammar, options, temperature, seed)
        results.append(ratio_of(options.sequences, temperature, free, constrained))
        print(json.dumps(asdict(results[-1])), flush=True)
    close()
    return 0 if all(result.ratio <= options.bar for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
