"""The files that every answer needs, opened and checked together: a checkpoint, its tokenizer, a chat template.

Used by every entry point before anything is started, so it imports nothing of the service.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from llmproc.checkpoints.model_file import ModelFile, open_model
from llmproc.config import EngineOptions
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


def read_model_files(model: Path, tokenizer: Path, template: ChatTemplate | None = None) -> ModelFiles:
    """Read and check both files; `template`: by default the tokenizer's. CheckpointError, TokenizerError."""
    opened = open_model(model)
    found = opened.load_tokenizer(tokenizer)
    return ModelFiles(opened, found, template or template_for(found))
