"""Writes what today's writers write, beside itself: configs.json, model.safetensors and shards, written.gguf.

    python tests/checkpoints/written_golden/make_written.py

transformers 5.24.0, torch 2.13.0, safetensors 0.8.0, gguf 0.19.0. The models are those of parity_models.py, read by
transformers and saved again: config.json in its new form; one whole in bfloat16, and one in shards of 20 KB.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

import torch
from gguf import GGMLQuantizationType, GGUFWriter, quants
from transformers import AutoModelForCausalLM

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))  # it runs as a program

from checkpoints.gguf_files import small_arrays  # noqa: E402
from checkpoints.parity_models import MODELS  # noqa: E402

SAVED = "llama, one key head a head"


def save_all(place: Path) -> dict[str, object]:
    configs = {}
    for name, made in MODELS.items():
        model = AutoModelForCausalLM.from_pretrained(made.write(place / "old"), dtype=torch.float32)
        model.save_pretrained(place / "new")
        configs[name] = json.loads((place / "new" / "config.json").read_text())
        if name == SAVED:
            shutil.copyfile(place / "new" / "generation_config.json", HERE / "generation_config.json")
            model.save_pretrained(HERE / "shards", max_shard_size="20KB")
            model.to(torch.bfloat16).save_pretrained(place / "half")
            shutil.copyfile(place / "half" / "model.safetensors", HERE / "model.safetensors")
        shutil.rmtree(place / "new")
    return configs


def write_gguf_file() -> None:
    """A model whose matrices are Q8_0 and Q4_0 in turn, with metadata of every type that the writer has."""
    writer = GGUFWriter(HERE / "written.gguf", "llama")
    writer.add_name("written")
    writer.add_context_length(64)
    writer.add_embedding_length(32)
    writer.add_block_count(2)
    writer.add_feed_forward_length([64, 64])
    writer.add_head_count(4)
    writer.add_head_count_kv([2, 2])
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(5000.0)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"t{token}" for token in range(19)] + ["</s>"])
    writer.add_token_merges(["t 1", "t 2"])
    writer.add_eos_token_id(3)
    writer.add_add_bos_token(False)
    writer.add_float64("x.f64", 0.1)
    writer.add_int64("x.i64", -5)
    writer.add_array("x.floats", [0.5, 1.5])
    for number, (name, array) in enumerate(small_arrays("llama").items()):
        if array.ndim == 1:
            writer.add_tensor(name, array)
            continue
        kind = GGMLQuantizationType.Q8_0 if number % 2 else GGMLQuantizationType.Q4_0
        writer.add_tensor(name, quants.quantize(array, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        configs = save_all(Path(folder))
    (HERE / "configs.json").write_text(json.dumps(configs, indent=1) + "\n")
    write_gguf_file()


if __name__ == "__main__":
    main()
