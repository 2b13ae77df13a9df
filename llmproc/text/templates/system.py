"""The one rule about system messages: not every chat template has a place for one.

Used by the templates, and by every caller that is given a system message and wants to refuse it before any work.
"""

from __future__ import annotations

from typing import Protocol

from llmproc.errors import RequestError, UsageError


class SystemTemplate(Protocol):
    """The part of a chat template that the rule asks."""

    @property
    def name(self) -> str: ...

    @property
    def takes_system(self) -> bool: ...


def check_system(template: SystemTemplate, system: str | bytes | None, option: str | None = None) -> None:
    """Check that a system message, if there is one, has a place in the template.

    Raises UsageError naming `option`, the flag or argument it came by; RequestError when it came with a request.
    """
    if not system or template.takes_system:
        return
    rule = f"the template {template.name} has no place for a system message"
    raise RequestError(rule) if option is None else UsageError(f"{option} cannot be used: {rule}")
