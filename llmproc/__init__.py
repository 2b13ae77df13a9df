"""llmproc: Llama-family language models on the CPU, and what the operating system sees of them."""

TYPE_CHECKING = False  # type checkers take it for typing's: the package itself imports nothing
if TYPE_CHECKING:
    from llmproc.api.llm import LLM
    from llmproc.config import SamplingParams

__version__ = "0.1.0"
__all__ = ["LLM", "SamplingParams"]
_HOMES = {"LLM": "llmproc.api.llm", "SamplingParams": "llmproc.config"}


def __getattr__(name: str) -> object:
    """Return an exported name, imported when it is first asked for (PEP 562). ImportError with what to install."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        value = getattr(import_module(_HOMES[name]), name)
    except ModuleNotFoundError as error:
        from llmproc.errors import missing_package

        missing = missing_package(error)
        if missing is None:
            raise
        raise ImportError(f"llmproc.{name} cannot be imported: {missing}", name=error.name) from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
