"""The argument parser of every verb: what it refuses is one line and exit code 2."""

from __future__ import annotations

import argparse
from typing import NoReturn

from llmproc.errors import UsageError


class OneLineParser(argparse.ArgumentParser):
    """An argparse parser that raises UsageError, one line, instead of printing the whole usage."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError. Called by argparse."""
        raise UsageError(f"{message} (--help lists the options)")
