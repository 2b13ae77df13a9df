"""Which chat template goes with a tokenizer: the one its model brings, or a built-in one by its name.

The built-in names are those that a tokenizer's sidecar may give.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmproc.errors import UsageError, require_package
from llmproc.text.templates.chatml import ChatMLTemplate
from llmproc.text.templates.plain import PlainTemplate
from llmproc.text.templates.template import ChatTemplate, TurnTemplate
from llmproc.text.templates.template_options import GIVEN
from llmproc.text.tokenizers.contract import ChatSource, TextTokenizer

BUILT_IN: dict[str, TurnTemplate] = {template.name: template for template in (ChatMLTemplate(), PlainTemplate())}


def built_in_template(name: str) -> TurnTemplate:
    """Return the built-in template of that name. Raises UsageError for another name."""
    template = BUILT_IN.get(name)
    if template is None:
        raise UsageError(f"chat template {name!r}: must be one of {', '.join(BUILT_IN)}")
    return template


def template_for(tokenizer: TextTokenizer, options: Mapping[str, Any] | None = None) -> ChatTemplate:
    """Return the template of a tokenizer; `options`: variables for one that is written in Jinja.

    UsageError for a template that cannot be read, for an option that it never reads, or any for a built-in one, which
    has no variables; MissingPackageError without jinja2.
    """
    if tokenizer.chat is None:
        if options:
            raise UsageError(
                f"template option {next(iter(options))}: the template {tokenizer.template_name} has no variables"
            )
        return built_in_template(tokenizer.template_name)
    require_package("jinja2")
    from llmproc.text.templates.jinja import JinjaTemplate  # only models that bring a template need jinja2

    control = [name.decode("utf-8", "surrogateescape") for name in tokenizer.special]
    template = JinjaTemplate(tokenizer.chat.template, tokenizer.chat.variables, control, options)
    _check_options(tokenizer.chat, options or {})
    return template


def _check_options(chat: ChatSource, options: Mapping[str, Any]) -> None:
    """Refuse a variable that the template never reads: it would change nothing, and is most likely misspelled."""
    if not options:
        return
    from llmproc.text.templates.jinja_environment import variables_of

    known = variables_of(chat.template)
    for name in options:
        if name not in known:
            others = sorted(known - {*GIVEN, *chat.variables})
            reads = f"reads {', '.join(others)}" if others else "reads none"
            raise UsageError(f"template option {name}: the model's chat template has no such variable; it {reads}")
