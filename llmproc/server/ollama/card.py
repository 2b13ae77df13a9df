"""What is told of the model that answers: its card, made once, when the server starts.

    ModelFiles --read_card--> OllamaCard --pages--> /api/tags, /api/ps, /api/show

`read_card` is the one thing in this folder that touches a disk: the time of the last change and the fingerprint. The
keys of `model_info` are GGUF's (its specification, "Standardized key-value pairs"), as Ollama tells them; the values
are this program's reading of the model, whatever format it is stored in. The file's place is not told to clients.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from typing import Any

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.model_file import ModelFile
from llmproc.checkpoints.overview.tensors import parameters, type_shares
from llmproc.errors import CheckpointError
from llmproc.server.ollama.lines import stamp
from llmproc.server.ollama.thinking import ThinkingSupport
from llmproc.session.model_files import ModelFiles
from llmproc.text.templates.chatml import CHATML_JINJA
from llmproc.text.tokenizers.contract import TextTokenizer

_FORMATS = {"GGUF": "gguf", "Hugging Face": "safetensors"}  # Ollama's words
# Of the built-in templates; {{ .Prompt }} is Ollama's own word for a prompt that is continued as it stands.
_TEMPLATES = {"chatml": CHATML_JINJA, "plain": "{{ .Prompt }}"}


@dataclass(frozen=True, slots=True)
class OllamaCard:
    """A model as Ollama's clients list it."""

    names: tuple[str, ...]  # under which it is listed, the checkpoint's own first
    modified_at: str
    size: int  # bytes of the weights as stored; loading takes about as much memory
    digest: str  # 64 hexadecimal digits
    format: str
    family: str
    parameter_count: int
    quantization: str  # the type that most bytes of its matrices are of
    model_info: dict[str, Any]
    template: str
    context: int  # positions of a sequence in this server
    thinking: bool


def read_card(files: ModelFiles, names: tuple[str, ...], context: int) -> OllamaCard:
    """Return the card of a model. `names`: at least one. CheckpointError when it cannot be read any more."""
    model = files.model
    try:
        modified = os.stat(model.path).st_mtime
    except OSError as error:
        raise CheckpointError(model.path, "file", "unreadable", str(error.strerror)) from None
    count = parameters(model)
    return OllamaCard(
        names=names,
        modified_at=stamp(modified),
        size=model.size,
        digest=model.fingerprint().rpartition(":")[2],
        format=_FORMATS.get(model.format, model.format),
        family=model.description.features.architecture,
        parameter_count=count,
        quantization=_main_type(model),
        model_info=model_info(model.description, count, names[0]),
        template=template_text(files.tokenizer),
        context=context,
        thinking=ThinkingSupport.of(files.tokenizer.chat).known,
    )


def model_info(d: ModelDescription, count: int, name: str) -> dict[str, Any]:
    """Return a model's sizes under GGUF's keys. `count`: of its parameters."""
    family = d.features.architecture
    sizes = {
        "context_length": d.seq_len,
        "embedding_length": d.dim,
        "block_count": d.n_layers,
        "feed_forward_length": d.hidden_dim,
        "vocab_size": d.vocab_size,
        "attention.head_count": d.n_heads,
        "attention.head_count_kv": d.n_kv_heads,
        "attention.key_length": d.head_dim,
        "attention.value_length": d.head_dim,
        "attention.layer_norm_rms_epsilon": d.norm_eps,
        "rope.dimension_count": d.head_dim,
        "rope.freq_base": d.rope_theta,
    }
    general = {"general.architecture": family, "general.basename": name, "general.parameter_count": count}
    return general | {f"{family}.{key}": value for key, value in sizes.items()}


def template_text(tokenizer: TextTokenizer) -> str:
    """Return the chat template as text: the model's own, or what the built-in one does."""
    return tokenizer.chat.template if tokenizer.chat else _TEMPLATES.get(tokenizer.template_name, "")


def human_number(count: int) -> str:
    """Return 135M, 134.52M, 1.2B: as Ollama's format.HumanNumber writes how many parameters a model has."""
    for unit, sign, digits in ((10**9, "B", 1), (10**6, "M", 2)):
        if count >= unit:
            return f"{count // unit}{sign}" if count % unit == 0 else f"{count / unit:.{digits}f}{sign}"
    return f"{count / 1000:.0f}K" if count >= 1000 else str(count)


def _main_type(model: ModelFile) -> str:
    """Return the type of most bytes: that of most matrices, for norms and biases are small."""
    stored: Counter[str] = Counter()
    for share in type_shares(model):
        stored[share.type] += share.stored
    return stored.most_common(1)[0][0]
