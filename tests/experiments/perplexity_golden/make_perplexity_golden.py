"""Make perplexity_golden.json: what llama.cpp's own tools say of the models of perplexity_models.py.

    PYTHONPATH=.:tests python tests/experiments/perplexity_golden/make_perplexity_golden.py FOLDER

FOLDER holds llama-perplexity and llama-quantize of llama.cpp 0.5.0 (made with those built from the sources in the
package llama-cpp-python 0.3.36). 32-bit keys and values without flash attention, which would round them to halves; the
comparison is of Q4_0 with float32, computed without repacked weights.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from experiments.perplexity_models import CONTEXT, PRE, TEXT, digest_of_ids, windows_in, write_model_and_text

from llmproc.experiments.against_llama_cpp.models import digest_of

HERE = Path(__file__).parent
NUMBER = r"\s*(-?[0-9.]+)"
PATTERNS = {
    "perplexity": rf"Mean PPL\(Q\)\s+:{NUMBER} ±{NUMBER}",
    "ln_ratio": rf"Mean ln\(PPL\(Q\)/PPL\(base\)\)\s+:{NUMBER} ±{NUMBER}",
    "divergence": rf"Mean    KLD:{NUMBER} ±{NUMBER}",
    "same_top": rf"Same top p:{NUMBER} ±{NUMBER}",
}


def ask(folder: Path, model: Path, *more: str) -> str:
    size = str(CONTEXT)
    command = [
        str(folder / "llama-perplexity"), "-m", str(model), "-f", str(model.parent / TEXT), "-c", size, "-b", size,
        "-ub", size, "-ctk", "f32", "-ctv", "f32", "-fa", "off", "-t", "1", "--no-repack", *more,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def figures(folder: Path, model: Path) -> dict[str, object]:
    base, small = model.with_suffix(".base"), model.with_suffix(".q4")
    said = ask(folder, model, "--save-all-logits", str(base))
    value, error = re.search(rf"Final estimate: PPL ={NUMBER} \+/-{NUMBER}", said).groups()  # type: ignore[union-attr]
    (count,) = re.search(r"over (\d+) chunks", said).groups()  # type: ignore[union-attr]
    subprocess.run([str(folder / "llama-quantize"), "--pure", str(model), str(small), "q4_0"], check=True)
    said = ask(folder, small, "--kl-divergence", "--kl-divergence-base", str(base))
    compared = {name: re.search(pattern, said).groups() for name, pattern in PATTERNS.items()}  # type: ignore[union-attr]
    return {
        "sha256": digest_of(model),
        "ids_sha256": digest_of_ids(windows_in(model)),
        "windows": int(count),
        "perplexity": {"value": float(value), "error": float(error)},
        "q4_0": {name: {"value": float(a), "error": float(b)} for name, (a, b) in compared.items()},
    }


def main(folder: str) -> None:
    found = {}
    for name in PRE:
        with tempfile.TemporaryDirectory() as place:
            found[name] = figures(Path(folder), write_model_and_text(Path(place), name))
    (HERE / "perplexity_golden.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
