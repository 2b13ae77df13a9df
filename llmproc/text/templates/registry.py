"""The built-in chat templates by name: the names that a tokenizer's sidecar may give. None is read from a file."""

from __future__ import annotations

from llmproc.errors import UsageError
from llmproc.text.templates.chatml import ChatMLTemplate
from llmproc.text.templates.plain import PlainTemplate
from llmproc.text.templates.template import ChatTemplate

BUILT_IN: dict[str, ChatTemplate] = {template.name: template for template in (ChatMLTemplate(), PlainTemplate())}


def built_in_template(name: str) -> ChatTemplate:
    """Return the built-in template of that name. Raises UsageError for another name."""
    template = BUILT_IN.get(name)
    if template is None:
        raise UsageError(f"chat template {name!r}: must be one of {', '.join(BUILT_IN)}")
    return template
