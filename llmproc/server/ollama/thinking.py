"""`think`: what the model's chat template knows of it, and what it is told.

    think true, "high"   the template's own variable for it; reasoning is told apart
    think false          the variable says no; reasoning that comes all the same is left out
    think missing        the template's default; reasoning is told apart

Pure. Source: Ollama's API reference, `think`; that a missing one counts as true: server/routes.go (August 2026).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llmproc.server.refusals import RefusedError
from llmproc.text.reasoning import CLOSING
from llmproc.text.tokenizers.contract import ChatSource

_SWITCHES = ("enable_thinking", "thinking")  # Qwen3, SmolLM3 and others; DeepSeek V3.1, Granite
_LEVEL = "reasoning_effort"  # gpt-oss, which knows nothing above high


@dataclass(frozen=True, slots=True)
class ThinkingSupport:
    """A chat template's knowledge of reasoning."""

    known: bool = False  # its model reasons
    switch: str | None = None  # the variable that says whether to
    level: str | None = None  # the variable that says how much

    @classmethod
    def of(cls, chat: ChatSource | None) -> ThinkingSupport:
        """Look into the template that a model brings; a built-in one knows nothing of reasoning."""
        if chat is None:
            return cls()
        from llmproc.text.templates.jinja_environment import variables_of  # only such models need jinja2

        variables = variables_of(chat.template)
        switch = next((name for name in _SWITCHES if name in variables), None)
        level = _LEVEL if _LEVEL in variables else None
        return cls(bool(CLOSING in chat.template or switch or level), switch, level)

    def variables(self, think: bool | str | None) -> dict[str, Any]:
        """Return what the template is told. RefusedError when a model that does not reason is to."""
        if think is None or (think is False and not self.known):
            return {}
        if not self.known:
            raise RefusedError(f"think is {_shown(think)}: this model does not support thinking", param="think")
        found: dict[str, Any] = {}
        if self.switch is not None:
            found[self.switch] = think is not False
        if self.level is not None and isinstance(think, str):
            found[self.level] = "high" if think == "max" else think
        return found


def _shown(think: bool | str) -> str:
    return f'"{think}"' if isinstance(think, str) else "true"
