"""Which model names are answered. One model is loaded: by default every name gets it, with one notice per foreign name.

Existing programs carry `llama3.2` or `Qwen/QwQ-32B-Preview` in their source; the answer's `model` names the checkpoint
that really answered. Used by `responding`; pure but for the notice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from llmproc.server.refusals import RefusedError

MAX_NOTICES = 100  # different foreign names that are told of: a client may invent any number


class ModelNames:
    """The names of the one model."""

    def __init__(
        self,
        own: str,
        others: Sequence[str] = (),
        strict: bool = False,
        notice: Callable[[str], None] = print,
        counted: Callable[[str], object] = lambda name: None,
    ) -> None:
        """Know the names. `own`: the checkpoint's; `others`: listed too; `strict`: refuse every other name.

        `notice` is told of each foreign name once, `counted` whenever one is answered.
        """
        self.listed = tuple(dict.fromkeys([own, *others]))
        self._own, self._strict, self._notice, self._counted = own, strict, notice, counted
        self._known = {*self.listed, *(f"{name}:latest" for name in self.listed)}  # Ollama's clients add the tag
        self._noticed: set[str] = set()
        self.foreign = 0  # requests that named another model

    def judge(self, name: str | None) -> None:
        """Let a name pass. RefusedError 404 for a foreign one when they are refused."""
        if name is None or name in self._known:
            return
        if self._strict:
            shown = ", ".join(self.listed)
            raise RefusedError(
                f"the model {name[:100]!r} does not exist here; there is {shown}", 404, param="model",
                code="model_not_found",
            )  # fmt: skip
        self.foreign += 1
        self._counted(name)
        if name not in self._noticed and len(self._noticed) < MAX_NOTICES:
            self._noticed.add(name)
            self._notice(f"a client asked for the model {name[:100]!r}: {self._own} answers")
