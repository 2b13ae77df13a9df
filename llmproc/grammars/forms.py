"""The form that a request asks of its answer: JSON of a schema, or calls of functions.

Plain records that dialects make; `check` and `grammar` are for a thread, as a large schema takes its time. Used by
the server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llmproc.errors import SchemaError
from llmproc.grammars.checking import check_compiles, check_grammar
from llmproc.grammars.functions import Function
from llmproc.grammars.schemas import check_schema
from llmproc.grammars.writing import call_grammar, schema_grammar


@dataclass(frozen=True, slots=True)
class SchemaForm:
    """JSON that a schema describes."""

    schema: Any
    place: str  # of the schema in the request: what an error's path begins with

    @property
    def calls(self) -> bool:
        """Return whether an answer may hold calls."""
        return False

    def check(self) -> None:
        """Check the schema. SchemaError that names the place; MissingPackageError without llguidance."""
        check_schema(self.schema, self.place)
        check_compiles(self.schema, self.place)

    def grammar(self, reasoning: bool) -> str:
        """Return the grammar; `reasoning`: the answer begins inside of <think>."""
        return schema_grammar(self.schema, reasoning)


@dataclass(frozen=True, slots=True)
class CallForm:
    """Calls of functions, or what is said in place of them."""

    functions: tuple[Function, ...]  # that may be called
    required: bool = False  # at least one call
    parallel: bool = True  # several may come
    answer: SchemaForm | None = None  # of what is said instead; None: any text

    @property
    def calls(self) -> bool:
        """Return whether an answer may hold calls."""
        return True

    def check(self) -> None:
        """Check all schemas. SchemaError that names the place; MissingPackageError without llguidance."""
        if self.answer is not None:
            self.answer.check()
        for function in self.functions:
            check_schema(function.parameters, function.place)
            if function.parameters.get("type") != "object":
                raise SchemaError(f"{function.place}.type", "must be object: arguments have names")
            check_compiles(function.parameters, function.place)
        check_grammar(self.grammar(False))

    def grammar(self, reasoning: bool) -> str:
        """Return the grammar; `reasoning`: the answer begins inside of <think>."""
        return call_grammar(
            self.functions,
            required=self.required,
            parallel=self.parallel,
            answer=None if self.answer is None else self.answer.schema,
            reasoning=reasoning,
        )


Form = SchemaForm | CallForm
