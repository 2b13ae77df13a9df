"""The files that every answer needs, opened and checked together: a checkpoint, its tokenizer, a chat template.

Used by every entry point before anything is started, so it imports nothing of the service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmproc.checkpoints.model_file import ModelFile, open_model
from llmproc.config import EngineOptions, SamplingParams, shipped_file
from llmproc.text.generation_config import NOT_SUGGESTED, SuggestedSampling, read_suggested_sampling
from llmproc.text.templates.registry import template_for
from llmproc.text.templates.system import check_system
from llmproc.text.templates.template import ChatTemplate
from llmproc.text.tokenizers.contract import TextTokenizer


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A checkpoint that was opened, the tokenizer and the chat template that go with it; no weights."""

    model: ModelFile
    tokenizer: TextTokenizer
    template: ChatTemplate
    tokenizer_path: Path  # where the tokenizer was read from: the model itself, if it brings one
    notes: tuple[str, ...] = ()  # what a user should know about how the files were read, a line each
    suggested: SuggestedSampling = NOT_SUGGESTED

    @property
    def name(self) -> str:
        """Return the checkpoint's name for clients and collectors: its file without the ending, or its folder."""
        path = self.model.path
        if path == shipped_file("model", "model.bin"):
            return "llmproc-shipped"
        stem = path.name if path.is_dir() else path.stem
        return stem if stem not in ("", "model") else path.absolute().parent.name or stem

    def check_system(self, system: str | None, option: str = "--system") -> None:
        """Check that the template has a place for a system message. UsageError naming `option`."""
        check_system(self.template, system, option)

    def context(self, engine: EngineOptions) -> int:
        """Return the positions of a sequence: the checkpoint's, or fewer when the options ask for fewer."""
        return engine.positions(self.model.description.seq_len)

    def cut_context(self, engine: EngineOptions, option: str = "--context") -> str:
        """Return a notice for a context longer than the checkpoint's, which is cut; "" when there is nothing to say."""
        longest = self.model.description.seq_len
        if engine.context is None or engine.context <= longest:
            return ""
        return f"{option} is {engine.context}: {self.model.path} has {longest} positions, so {longest} are used"

    def notices(
        self, engine: EngineOptions, sampling: SamplingParams | None = None, option: str = "--context"
    ) -> list[str]:
        """Return what to tell a user once, at the start. `sampling`: the options in use, if there is one set."""
        cut = self.cut_context(engine, option)
        said = [] if sampling is None else self.suggested.notices(sampling.temperature, sampling.top_p, sampling.top_k)
        return [*self.notes, *said, *([cut] if cut else [])]


def read_model_files(
    model: Path,
    tokenizer: Path | None = None,
    template: ChatTemplate | None = None,
    template_options: Mapping[str, Any] | None = None,
) -> ModelFiles:
    """Read and check the files. CheckpointError, TokenizerError, UsageError, MissingPackageError.

    `tokenizer`: by default the model's own, or the one that goes with it; `template`: by default the tokenizer's, with
    the variables `template_options`.
    """
    opened = open_model(model)
    path = tokenizer or opened.tokenizer_path
    found = opened.load_tokenizer(path)
    chosen = template or template_for(found, template_options)
    notes = [*opened.notes, *found.notes]
    if template is None and found.chat is None and path == opened.path:
        notes.append(f"{path} brings no chat template: prompts are continued as plain text")
    suggested = read_suggested_sampling(opened.path)
    return ModelFiles(opened, found, chosen, path, tuple(dict.fromkeys(notes)), suggested)
