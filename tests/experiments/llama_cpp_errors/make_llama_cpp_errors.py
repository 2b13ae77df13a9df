"""Make llama_cpp_errors.json from a result of tools/compare_llama_cpp.py: llama.cpp's figures of each type.

    tools/compare_llama_cpp.py --json result.json
    python tests/experiments/llama_cpp_errors/make_llama_cpp_errors.py result.json

Needs nothing else: the tool needs llama-cpp-python (made with 0.3.36, libllama 0.5.0, on a CPU with AVX-512 and AMX; on
another CPU the figures differ in the third digit). The tests judge us by them where llama.cpp is not installed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
FIGURES = ("positions", "mean_divergence", "largest_divergence", "root_mean_square", "largest_error", "changed")


def main(source: str) -> None:
    result = json.loads(Path(source).read_text())
    found = {
        row["type"]: {
            "peer": {name: row["peer"][name] for name in FIGURES},
            "sha256": [sample["sha256"] for sample in row["samples"]],
        }
        for row in result["results"]
    }
    golden = {"peer": result["peer"], "kv_type": result["options"]["kv_type"], "types": found}
    (HERE / "llama_cpp_errors.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
