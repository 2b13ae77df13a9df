"""Hugging Face folders made with `struct`, JSON and NumPy alone, right or wrong in any place."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, tuple[str, np.ndarray]]  # name -> (dtype, what is stored)
SIZES = {"dim": 32, "hidden": 64, "layers": 2, "heads": 4, "kv_heads": 2, "head_dim": 8, "vocab": 20, "context": 64}
STORED = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}
CLASSES = {"smollm3": "SmolLM3ForCausalLM"}


def stored(array: np.ndarray, dtype: str = "F32") -> tuple[str, np.ndarray]:
    if dtype == "BF16":
        return dtype, (array.astype("<f4").view("<u4") >> 16).astype("<u2")
    return dtype, array.astype(STORED[dtype])


def safetensors_bytes(arrays: Arrays, header: dict[str, Any] | None = None) -> bytes:
    """The file. `header`: entries that replace those of the same name."""
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = bytearray()
    for name, (dtype, array) in arrays.items():
        entries[name] = {
            "dtype": dtype,
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + array.nbytes],
        }
        data += array.tobytes()
    raw = json.dumps({**entries, **(header or {})}).encode()
    raw += b" " * (-len(raw) % 8)
    return struct.pack("<Q", len(raw)) + raw + bytes(data)


def small_config(model_type: str = "llama", **sizes: int) -> dict[str, Any]:
    s = {**SIZES, **sizes}
    return {
        "model_type": model_type,
        "architectures": [CLASSES.get(model_type, f"{model_type.capitalize()}ForCausalLM")],
        "hidden_size": s["dim"],
        "intermediate_size": s["hidden"],
        "num_hidden_layers": s["layers"],
        "num_attention_heads": s["heads"],
        "num_key_value_heads": s["kv_heads"],
        "head_dim": s["head_dim"],
        "max_position_embeddings": s["context"],
        "rms_norm_eps": 1e-5,
        "vocab_size": s["vocab"],
        "tie_word_embeddings": True,
        "hidden_act": "silu",
        "eos_token_id": 2,
    }


def small_arrays(model_type: str = "llama", seed: int = 1, dtype: str = "F32", **sizes: int) -> Arrays:
    s = {**SIZES, **sizes}
    width, kv_width = s["heads"] * s["head_dim"], s["kv_heads"] * s["head_dim"]
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (s["vocab"], s["dim"]),
        "model.norm.weight": (s["dim"],),
    }
    for layer in range(s["layers"]):
        of_layer: dict[str, tuple[int, ...]] = {
            "input_layernorm": (s["dim"],), "post_attention_layernorm": (s["dim"],),
            "self_attn.q_proj": (width, s["dim"]), "self_attn.k_proj": (kv_width, s["dim"]),
            "self_attn.v_proj": (kv_width, s["dim"]), "self_attn.o_proj": (s["dim"], width),
            "mlp.gate_proj": (s["hidden"], s["dim"]), "mlp.up_proj": (s["hidden"], s["dim"]),
            "mlp.down_proj": (s["dim"], s["hidden"]),
        }  # fmt: skip
        if model_type == "qwen3":
            of_layer |= {"self_attn.q_norm": (s["head_dim"],), "self_attn.k_norm": (s["head_dim"],)}
        shapes |= {f"model.layers.{layer}.{name}.weight": shape for name, shape in of_layer.items()}
        if model_type == "qwen2":
            biases = {"q": width, "k": kv_width, "v": kv_width}
            shapes |= {f"model.layers.{layer}.self_attn.{name}_proj.bias": (size,) for name, size in biases.items()}
    random = np.random.default_rng(seed)
    return {name: stored(random.standard_normal(shape), dtype) for name, shape in shapes.items()}


def write_folder(
    folder: Path,
    model_type: str = "llama",
    changes: dict[str, Any] | None = None,
    arrays: Arrays | None = None,
    **sizes: int,
) -> Path:
    """Write a whole model. `changes`: keys of config.json; None as in JSON, `...` takes the key away."""
    folder.mkdir(exist_ok=True)
    config = {**small_config(model_type, **sizes), **(changes or {})}
    config = {key: value for key, value in config.items() if value is not ...}
    (folder / "config.json").write_text(json.dumps(config))
    found = small_arrays(model_type, 1, "F32", **sizes) if arrays is None else arrays
    (folder / "model.safetensors").write_bytes(safetensors_bytes(found))
    return folder


def write_shards(folder: Path, arrays: Arrays, count: int = 3, metadata: dict[str, Any] | None = None) -> list[Path]:
    """Write `arrays` into `count` shards and their index, in the place of model.safetensors."""
    (folder / "model.safetensors").unlink(missing_ok=True)
    names, weight_map, paths = list(arrays), {}, []
    for index in range(count):
        path = folder / f"model-{index + 1:05}-of-{count:05}.safetensors"
        part = names[index::count]
        path.write_bytes(safetensors_bytes({name: arrays[name] for name in part}))
        weight_map |= dict.fromkeys(part, path.name)
        paths.append(path)
    index_file = {"metadata": metadata or {"total_size": 1}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index_file))
    return paths
