"""Turn a training state into the shipped checkpoint: llama2.c version 2, int8 in groups of 64.

    python model/recipe/export.py RUN/state.pt model/model.bin

For whoever repeats the model. Written with the project's own writer, so the file obeys the rules our reader checks.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

ROOT = Path(__file__).resolve().parents[2]
GROUP = 64
sys.path.insert(0, str(ROOT))

from llmproc.checkpoints.description import ModelDescription  # noqa: E402
from llmproc.checkpoints.llama2c.writer import write_checkpoint  # noqa: E402


def interleave(rows: Tensor, heads: int) -> Tensor:
    """Rows of q or k from [first members of the pairs | second members] per head to pairs side by side, as in the file.

    rows (heads * head, dim) -> the same shape.
    """
    head = rows.shape[0] // heads
    return rows.view(heads, 2, head // 2, rows.shape[1]).transpose(1, 2).reshape(rows.shape)


def description(shape: dict[str, int]) -> ModelDescription:
    """The description of a network of this shape as an int8 checkpoint."""
    return ModelDescription(
        dim=shape["dim"],
        hidden_dim=shape["hidden"],
        n_layers=shape["layers"],
        n_heads=shape["heads"],
        n_kv_heads=shape["kv_heads"],
        vocab_size=shape["vocab"],
        seq_len=shape["seq_len"],
        head_dim=shape["dim"] // shape["heads"],
        shared_classifier=True,
        weight_type="int8",
        group_size=GROUP,
    )


def arrays(shape: dict[str, int], weights: dict[str, Tensor]) -> dict[str, Any]:
    """Tensors by the names of llmproc.checkpoints.llama2c.layout, float32; those of a layer as lists."""
    dim, kv = shape["dim"], shape["dim"] // shape["heads"] * shape["kv_heads"]
    found: dict[str, Any] = {
        "embedding": weights["embedding"].numpy(),
        "final_norm": weights["final_norm"].numpy(),
        **{name: [] for name in ("attention_norm", "ffn_norm", "wq", "wk", "wv", "wo", "w1", "w2", "w3")},
    }
    for number in range(shape["layers"]):
        layer = {name: weights[f"layers.{number}.{name}"] for name in ("wqkv", "wo", "w13", "w2")}
        q, k, v = layer["wqkv"].split((dim, kv, kv))
        gate, up = layer["w13"].chunk(2)
        parts = {
            "wq": interleave(q, shape["heads"]),
            "wk": interleave(k, shape["kv_heads"]),
            "wv": v,
            "wo": layer["wo"],
            "w1": gate,
            "w2": layer["w2"],
            "w3": up,
            "attention_norm": weights[f"layers.{number}.attention_norm"],
            "ffn_norm": weights[f"layers.{number}.ffn_norm"],
        }
        for name, part in parts.items():
            found[name].append(part.contiguous().numpy())
    return found


def export(state: Path, out: Path) -> ModelDescription:
    """Write `out` from the averaged weights of a training state."""
    kept = torch.load(state, weights_only=True, map_location="cpu")
    wanted = description(kept["shape"])
    write_checkpoint(out, wanted, arrays(kept["shape"], kept["averaged"]), "version 2")
    return wanted


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("state", type=Path)
    parser.add_argument("out", type=Path, nargs="?", default=ROOT / "model" / "model.bin")
    args = parser.parse_args()
    export(args.state, args.out)
    print(f"{args.out}: {args.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
