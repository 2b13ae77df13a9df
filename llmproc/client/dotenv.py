r"""Variables from the text of a .env file. Pure.

    NAME=value            export NAME=value            # a comment
    NAME="with \n, \" and spaces"        NAME='taken as it is'        NAME=value # a comment

The common part of what shells, Docker and python-dotenv read: no interpolation, no value over several lines.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_BEGINNING = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=")
_LINE = re.compile(
    r"""\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*
        (?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>[^']*)'|(?P<plain>[^'"\s#](?:[^#]|(?<!\s)\#)*)?)
        \s*(?:(?<=\s)\#.*|(?<==)\#.*)?""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


class DotenvError(ValueError):
    """A line that sets a wanted variable in no way known here. As a string: its number and name, never its value."""


def parse_dotenv(text: str, names: Collection[str]) -> dict[str, str]:
    """Return those variables of `names` that are set; one that is set twice has its last value. DotenvError.

    Other lines are passed over, readable or not: the file may serve other programs, and hold values of several lines.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        begun = _BEGINNING.match(line)
        if begun is None or begun["name"] not in names:
            continue
        setting = _LINE.fullmatch(line.strip())
        if setting is None:
            raise DotenvError(f"line {number}: {begun['name']} must be NAME=value, with matching quotes")
        found[setting["name"]] = _value(setting)
    return found


def _value(setting: re.Match[str]) -> str:
    if setting["double"] is not None:
        return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), setting["double"])
    if setting["single"] is not None:
        return setting["single"]
    return (setting["plain"] or "").strip()
