"""The environment that Hugging Face's chat templates are written for: Jinja in a sandbox, with a few names more.

Blocks are trimmed; `break`, `continue` and `generation` blocks work; `tojson` neither escapes nor sorts;
`raise_exception` and `strftime_now` are there. Used by the Jinja template; imported when a model brings one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from jinja2 import Environment, Template, TemplateError, meta, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from llmproc.errors import UsageError


class GenerationBlock(Extension):
    """The block `generation`, which marks an answer's text for training; here it is its content."""

    tags = {"generation"}  # noqa: RUF012 (jinja2 declares it so)

    def parse(self, parser: Parser) -> nodes.Node:
        """Return the block's content as a scope of its own, as transformers does."""
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_content"), [], [], body).set_lineno(line)

    def _content(self, caller: Callable[[], str]) -> str:
        return caller()


class RefusedMessagesError(TemplateError):
    """An error that a template raises itself, about messages that it does not take."""


def compile_template(source: str, now: Callable[[], datetime] = datetime.now) -> Template:
    """Compile `source`; `now` is what `strftime_now` formats. UsageError for what is not a Jinja template."""
    environment = _environment(now)
    try:
        return _compiled(environment, source)
    except (TemplateError, RecursionError, SyntaxError) as error:
        line = getattr(error, "lineno", None)
        place = f" at line {line}" if line else ""
        raise UsageError(f"chat template: not a Jinja template{place}: {one_line(error)}") from None


def to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Return `value` as JSON, its keys in the order they stand in and nothing escaped for HTML."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def one_line(error: BaseException) -> str:
    """Return what a template or the library says, in one line of bounded length."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:197]}..."


def variables_of(source: str) -> set[str]:
    """Return the names that a template reads and does not set itself. `source` must be one that compiles."""
    return meta.find_undeclared_variables(_environment(datetime.now).parse(source))


def _environment(now: Callable[[], datetime]) -> Environment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[GenerationBlock, loopcontrols]
    )
    environment.filters["tojson"] = to_json
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = lambda form: now().strftime(form)
    return environment


def _compiled(environment: Environment, source: str) -> Template:
    return environment.from_string(source)


def _refuse(message: object) -> None:
    raise RefusedMessagesError(str(message))
