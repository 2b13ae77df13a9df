"""Writes parity.npz beside itself: the logits that transformers (5.24.0, torch 2.13.0 on the CPU) gives for the models.

    python tests/checkpoints/parity_golden/make_parity.py

Computed in float32 with the plain attention. The models are those of parity_models.py; a sum of each one's weights is
kept, so that a test can tell another model from another result.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))  # it runs as a program

from checkpoints.parity_models import MODELS, tokens_of  # noqa: E402


def main() -> None:
    arrays: dict[str, np.ndarray] = {}
    for name, made in MODELS.items():
        with tempfile.TemporaryDirectory() as folder:
            place = made.write(Path(folder) / "model")
            model = AutoModelForCausalLM.from_pretrained(place, dtype=torch.float32, attn_implementation="eager")
        with torch.no_grad():
            logits = model(torch.tensor(tokens_of(name))[None]).logits[0].numpy()
        arrays[f"{name}: logits"] = logits
        arrays[f"{name}: sum"] = np.array(
            sum(np.abs(array).sum(dtype=np.float64) for _, array in made.arrays().values())
        )
        print(f"{name}: {logits.shape}, largest {np.abs(logits).max():.2f}, std {logits.std():.2f}")
    np.savez_compressed(HERE / "parity.npz", **arrays)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
