"""The argument parser of every verb: what it refuses is one line and exit code 2."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from typing import Any, NoReturn

from llmproc.errors import UsageError

_WIDTH = 96  # of a description's paragraphs, which verbs write as one line


class _NumberFormatError(argparse.ArgumentTypeError):
    """A value is refused in our own words, the option's name excepted."""


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise _NumberFormatError(f"is {text}: must be a whole number") from None


def _any_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _NumberFormatError(f"is {text}: must be a number") from None


class OneLineParser(argparse.ArgumentParser):
    """An argparse parser that raises UsageError, one line, instead of printing the whole usage."""

    def __init__(self, **settings: Any) -> None:
        """Make it. `settings`: as ArgumentParser takes them; `type=int` and `type=float` refuse in our words."""
        super().__init__(exit_on_error=False, **settings)
        self.register("type", int, _whole_number)
        self.register("type", float, _any_number)
        lines = (self.description or "").split("\n")
        self.description = "\n".join(textwrap.fill(line, _WIDTH) if len(line) > _WIDTH else line for line in lines)

    def parse_known_args(  # type: ignore[override]  # argparse's overloads are about namespaces, which no verb gives
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> Any:
        """Parse as argparse does. Raises UsageError, with the name as it is typed: `seed`, `--seed`."""
        try:
            return super().parse_known_args(args, namespace)
        except argparse.ArgumentError as error:
            if isinstance(error.__context__, _NumberFormatError):
                name = (error.argument_name or "").rpartition("/")[2]
                raise UsageError(f"{name} {error.message}") from None
            self.error(str(error))

    def error(self, message: str) -> NoReturn:
        """Raise UsageError. Called by argparse."""
        raise UsageError(f"{message} (--help lists the options)")
