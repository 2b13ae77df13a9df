"""llmproc: Llama-family language models on the CPU, and what the operating system sees of them."""

TYPE_CHECKING = False  # type checkers take it for typing's: the package itself imports nothing
if TYPE_CHECKING:
    from llmproc.api.llm import LLM
    from llmproc.config import SamplingParams

__all__ = ["LLM", "SamplingParams"]
_HOMES = {"LLM": "llmproc.api.llm", "SamplingParams": "llmproc.config"}


def __getattr__(name: str) -> object:
    """The exported names, imported when they are first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    globals()[name] = value = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
