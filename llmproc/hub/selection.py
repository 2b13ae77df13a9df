"""Which files of a repository make a model: decided from their names alone. No I/O.

Used by `fetching` on what the hub lists, and by `hub_cache` on what is here. A folder of Hugging Face's goes before
GGUF files beside it; pickles (.bin, .pt), ONNX and other programs' files are left where they are.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass

from llmproc.errors import FetchError

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
_SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
_PART = re.compile(r"(.*)-\d{5}-of-(\d{5})\.gguf", re.DOTALL)
_MLC = "mlc-chat-config.json"
_BESIDE = (".json", ".jinja")  # configuration, tokenizer, templates
_TOKENIZER = ("tokenizer.bin", "tokenizer.meta.json")
_SHOWN = 8  # names in a message
_UNREAD = re.compile(r".*\.(?:pt|pth|onnx|h5|msgpack|ot|tflite|pkl|zip)|(?:.*/)?pytorch_model.*\.bin", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FileChoice:
    """The files of one model, weights last, and the one that names it; "" for the folder that holds them."""

    files: tuple[str, ...]
    entry: str


def choose_files(names: Collection[str], wanted: str | None, asked: str) -> FileChoice:
    """Return the files of the model in a repository of files `names`. `wanted`: one that the user named.

    FetchError that begins with `asked`: nothing to read there, several models and none named, or no such file.
    """
    if wanted is not None:
        return _named(names, wanted, asked)
    if SINGLE in names or INDEX in names:
        return _folder(names)
    models = sorted({_first_part(name) for name in names if name.endswith(".gguf") and not _is_extra(name)})
    if len(models) == 1:
        return FileChoice(_parts(models[0], names, asked), models[0])
    if models:
        raise FetchError(f"{asked}: holds {len(models)} GGUF models; add the name of one: {_listed(models)}")
    raise FetchError(f"{asked}: {_why_nothing(names)}")


def needs_other_format(names: Collection[str]) -> bool:
    """Return whether files are of a model that was compiled for MLC, and of nothing else."""
    return _MLC in names and not any(name.endswith((".safetensors", ".gguf")) for name in names)


def _named(names: Collection[str], wanted: str, asked: str) -> FileChoice:
    if wanted not in names:
        near = difflib.get_close_matches(wanted, names, n=3) or [name for name in names if name.endswith(".gguf")]
        there = f"; there is {_listed(sorted(near))}" if near else ""
        raise FetchError(f"{asked}: the repository has no file {wanted}{there}")
    if _UNREAD.fullmatch(wanted):
        raise FetchError(f"{asked}: is not a format that llmproc reads: take the same model as safetensors or GGUF")
    if wanted.endswith(".safetensors"):
        raise FetchError(f"{asked}: a safetensors file alone is not a model: name the repository without the file")
    first = _first_part(wanted)
    files = _parts(first, names, asked)
    if wanted.endswith(".bin"):  # of llama2.c, whose tokenizer and its sidecar stand beside the model
        folder = wanted[: wanted.rfind("/") + 1]
        beside = [folder + name for name in _TOKENIZER]
        files = (*(name for name in beside if name in names and name != wanted), *files)
    return FileChoice(files, first)


def _folder(names: Collection[str]) -> FileChoice:
    """Return what makes a folder: as transformers does it, one file of weights goes before an index beside it."""
    weights = [SINGLE] if SINGLE in names else sorted(filter(_SHARD.fullmatch, names))
    ignored = {INDEX} if SINGLE in names else set()
    beside = sorted(name for name in names if "/" not in name and name.endswith(_BESIDE) and name not in ignored)
    return FileChoice((*beside, *weights), "")


def _first_part(name: str) -> str:
    found = _PART.fullmatch(name)
    return f"{found[1]}-00001-of-{found[2]}.gguf" if found else name


def _parts(first: str, names: Collection[str], asked: str) -> tuple[str, ...]:
    """Return all files of a model that begins with `first`. FetchError when one is missing."""
    found = _PART.fullmatch(first)
    if not found:
        return (first,)
    parts = tuple(f"{found[1]}-{number:05}-of-{found[2]}.gguf" for number in range(1, int(found[2]) + 1))
    if missing := [name for name in parts if name not in names]:
        raise FetchError(f"{asked}: the repository lacks a part of it, {missing[0]}")
    return parts


def _is_extra(name: str) -> bool:
    """Return whether a GGUF file goes with a model and is none: of a picture encoder, or of importances."""
    return name.rpartition("/")[2].lower().startswith(("mmproj", "imatrix"))


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _why_nothing(names: Collection[str]) -> str:
    if needs_other_format(names):
        return f"is compiled for MLC ({_MLC}): take the same model as safetensors or GGUF"
    if pickles := [name for name in names if _UNREAD.fullmatch(name)]:
        return f"holds {_listed(sorted(pickles))}, which are not read: take the same model as safetensors or GGUF"
    return f"holds neither {SINGLE} nor a GGUF file"
