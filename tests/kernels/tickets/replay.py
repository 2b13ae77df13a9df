"""The functions of `kernels.tickets`, from their own source, run one memory operation at a time.

A function depends on nothing but its arguments and what its operations gave: run from its start with the results there
are, it stops at the next operation. So a rank in the middle of a function is a value: (name, arguments, results).
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import llmproc

SOURCE = Path(llmproc.__file__).parent / "kernels" / "tickets.py"
Operation = tuple[Any, ...]  # load, store, add, cas, wait or wake; place; value or expected; wanted
Edit = tuple[str, str]  # a piece of the source and what stands there instead


class Pending(BaseException):
    """The function needs the result of one more operation."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation


class Call(NamedTuple):
    """A function in the middle: what it was called with, and what its operations have given so far."""

    name: str
    arguments: tuple[Any, ...]
    results: tuple[int, ...] = ()


class Returned(NamedTuple):
    """A function that is over."""

    value: Any


class Tickets:
    """The functions, by name; `edits` bend them."""

    def __init__(self, edits: tuple[Edit, ...] = ()) -> None:
        text = SOURCE.read_text()
        for old, new in edits:
            assert text.count(old) >= 1, f"the source does not hold {old!r}"
            text = text.replace(old, new)
        tree = ast.parse(text)
        tree.body = [node for node in tree.body if not _is_compiler_import(node)]
        self._results: tuple[int, ...] = ()
        self._at = 0
        self.names: dict[str, Any] = {"__name__": "tickets", "np": SimpleNamespace(int64=int), **self._operations()}
        exec(compile(tree, str(SOURCE), "exec"), self.names)
        self.phase: Callable[..., Any] = self.names["Phase"]
        self._known: dict[Call, Returned | Operation] = {}

    def look(self, call: Call) -> Returned | Operation:
        """What a function wants next, or what it returned."""
        if call not in self._known:
            self._results, self._at = call.results, 0
            try:
                self._known[call] = Returned(self.names[call.name](*call.arguments))
            except Pending as pending:
                self._known[call] = pending.operation
        return self._known[call]

    def _operations(self) -> dict[str, Callable[..., Any]]:
        def perform(*operation: Any) -> int:
            if self._at == len(self._results):
                raise Pending(operation)
            self._at += 1
            return self._results[self._at - 1]

        def bound(kind: str) -> Callable[..., int]:
            return lambda *arguments: perform(kind, *arguments)

        names = {"load_i32": "load", "load_i64": "load", "store_i32": "store", "put_i32": "store", "add_i32": "add"}
        names |= {"compare_exchange_i64": "cas", "futex_wait": "wait", "futex_wake": "wake"}
        found: dict[str, Callable[..., Any]] = {name: bound(kind) for name, kind in names.items()}
        return found | {"njit": lambda function: function, "fence": lambda: None, "pause": lambda: None}


def _is_compiler_import(node: ast.stmt) -> bool:
    """Operations and njit are given from here; numpy is too slow for millions of small numbers."""
    if isinstance(node, ast.Import):
        return True
    module = node.module if isinstance(node, ast.ImportFrom) else None
    return module in ("llmproc.kernels.registry", "llmproc.simd.atomics", "llmproc.simd.scalars")
