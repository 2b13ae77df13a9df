"""Whether llguidance takes a grammar, asked in main, before any worker sees it; and where in a schema the fault lies.

Nothing here waits or computes for long: the library's limits bound one compilation, `_MOST_TRIES` their number. Callers
in an event loop still run it in a thread.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from llmproc.errors import RequestError, SchemaError
from llmproc.grammars.library import MAX_GRAMMAR, library, limits
from llmproc.grammars.schemas import Place, children, named
from llmproc.grammars.writing import schema_grammar

_WHERE = re.compile(r"^at \d+\(\d+\): (failed to compile JSON schema: )?")  # in the grammar, which clients do not see
_MOST_TRIES, _LONGEST_S = 200, 1.0  # of the search for a fault: after that the place is told less exactly


@lru_cache(64)
def fault(grammar: str) -> str:
    """Return why llguidance does not take a grammar; "" if it does. MissingPackageError without llguidance."""
    if len(grammar.encode("utf-8", "surrogatepass")) > MAX_GRAMMAR:
        return f"it has more than {MAX_GRAMMAR} bytes as a grammar"
    refused, messages = library().LLMatcher.validate_grammar_with_warnings(grammar, None, limits=limits())
    return _plain(messages[0]) if refused else ""


def check_grammar(grammar: str) -> None:
    """Check a grammar as a whole. RequestError."""
    if found := fault(grammar):
        raise RequestError(f"the form of the answer is refused: {found}")


def check_compiles(schema: Any, name: str) -> None:
    """Check a schema that `schemas.check_schema` took. SchemaError that names the place, `name` its beginning."""
    found = fault(schema_grammar(schema))
    if found:
        place, words = _Search(schema).find(found)
        raise SchemaError(named(name, place), f"is refused: {words}")


class _Search:
    """The smallest part of a refused schema that is refused by itself."""

    def __init__(self, schema: Any) -> None:
        self._root, self._tries, self._until = schema, 0, time.monotonic() + _LONGEST_S

    def find(self, words: str) -> tuple[Place, str]:
        """Return the place, and the words for it; `words`: those for the whole schema."""
        place: Place = ()
        node = self._root
        while isinstance(node, dict):
            inner = next(((key, part, why) for key, part in children(node) if (why := self._fault(part))), None)
            if inner is None:
                return (*place, *self._keyword(node)), words
            key, node, words = inner
            place = (*place, *key)
        return place, words

    def _keyword(self, node: dict[str, Any]) -> Iterator[str]:
        """Yield the one keyword without which the part would be taken, if there is one."""
        for key in node:
            rest = {name: value for name, value in node.items() if name != key}
            if key not in ("$defs", "definitions") and not self._fault(rest):
                yield key
                return

    def _fault(self, part: Any) -> str:
        """Return why a part is refused by itself; the definitions of the whole go with it."""
        if self._tries >= _MOST_TRIES or time.monotonic() > self._until:
            return ""
        self._tries += 1
        if isinstance(part, dict) and isinstance(self._root, dict):
            part = {**{key: self._root[key] for key in ("$defs", "definitions") if key in self._root}, **part}
        return fault(schema_grammar(part))


def _plain(message: str) -> str:
    """Return llguidance's words on one line: the error itself, where it shows a pattern and points at a place."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    told = next((line for line in lines if line.startswith("error:")), lines[0] if lines else "it cannot be compiled")
    return _WHERE.sub("", told.removeprefix("error:").strip())[:300]
