"""Every situation llmproc reports as an error, each with its exit code and HTTP status.

One base, one subclass per situation. The message names the file or flag, the value and the rule it broke, in one
line; entry points print it and leave with `exit_code`, the server answers with `http_status`. No I/O here.
"""

from __future__ import annotations

import contextlib
import sys


class LlmprocError(Exception):
    """Base of every error a user can meet."""

    exit_code = 1
    http_status = 500


class UsageError(LlmprocError):
    """A flag, a command or a configuration value breaks its rule."""

    exit_code = 2
    http_status = 400


class RequestError(LlmprocError):
    """One request cannot be accepted (text without tokens, too long for the context, ...); others go on."""

    exit_code = 1
    http_status = 400


class SchemaError(RequestError):
    """A JSON schema that an answer is to keep cannot be enforced, or is none."""

    def __init__(self, path: str, problem: str) -> None:
        """Take the place in the schema, such as schema.properties.a.pattern, and what is wrong there."""
        super().__init__(f"{path} {problem}")
        self.path, self.problem = path, problem

    def __reduce__(self) -> tuple[object, ...]:
        """Let it cross a process boundary by pickle, as `InvalidFileError` does."""
        if not hasattr(self, "path"):  # rebuilt from a message
            return rebuild, (type(self).__name__, str(self))
        return type(self), (self.path, self.problem)


class ContextLengthError(RequestError):
    """A prompt has more positions than the context, or leaves none for an answer."""


class StartError(LlmprocError):
    """The template or a worker died before it was ready."""

    exit_code = 3
    http_status = 503


class InvalidFileError(LlmprocError):
    """A checkpoint or tokenizer file is missing, unreadable or breaks a rule."""

    exit_code = 4

    def __init__(self, path: object, field: str, value: object, rule: str) -> None:
        """Make the message. `path`: the file; `field`: a part of it; `value`: what it holds; `rule`: what must hold."""
        missing = (field, value) == ("file", "missing")
        super().__init__(f"{path}: no such file" if missing else f"{path}: {field} is {value}: {rule}")
        self.path, self.field, self.value, self.rule = path, field, value, rule

    def __reduce__(self) -> tuple[object, ...]:
        """Let it cross a process boundary by pickle: systems that call this library do that."""
        if not hasattr(self, "rule"):  # rebuilt from a message
            return rebuild, (type(self).__name__, str(self))
        return type(self), (self.path, self.field, self.value, self.rule)


class CheckpointError(InvalidFileError):
    """The checkpoint breaks a rule of its format."""


class TokenizerError(InvalidFileError):
    """The tokenizer or its sidecar breaks a rule of its format."""


class FetchError(LlmprocError):
    """A model cannot be fetched: no network, no such repository or file, no right to it, or other bytes than stated."""

    exit_code = 4
    http_status = 503


class RemoteServerError(LlmprocError):
    """A server elsewhere cannot be reached, or does not answer as its interface says."""

    exit_code = 3
    http_status = 502


class MissingPackageError(StartError):
    """A package that llmproc needs is not installed."""


class WorkersLostError(LlmprocError):
    """Workers died more often than the restart budget allows."""

    exit_code = 5
    http_status = 503


class ProtocolError(LlmprocError):
    """A frame or message on a pipe breaks the protocol."""


class BoardFullError(LlmprocError):
    """The request board has no free slot, or a ring no free cell."""

    http_status = 429


class ServiceClosedError(LlmprocError):
    """The service is closed and takes no more requests."""

    http_status = 503


class LogError(LlmprocError):
    """A log or run folder cannot be read, or holds nothing usable."""


# All that setup.cfg asks for, and what only some models need.
_PACKAGES = (
    "httpx", "huggingface_hub", "jinja2", "llvmlite", "matplotlib", "msgspec", "numba", "numpy", "opentelemetry",
    "pandas", "prometheus_client", "psutil", "python_multipart", "starlette", "tokenizers", "uvicorn",
)  # fmt: skip
_DISTRIBUTIONS = {"opentelemetry": "opentelemetry-exporter-otlp-proto-http"}  # whose names are not their packages'


def missing_package(error: ImportError) -> MissingPackageError | None:
    """Return the error for a user when an import failed for want of a package of ours; None for anything else."""
    name = (error.name or "").partition(".")[0]
    if not isinstance(error, ModuleNotFoundError) or name not in _PACKAGES:
        return None
    wanted = _DISTRIBUTIONS.get(name, name)
    return MissingPackageError(f"{wanted} is not installed; install it with: {sys.executable} -m pip install {wanted}")


def require_package(name: str) -> None:
    """Raise MissingPackageError when a package of ours is not installed; it is looked for, not imported."""
    from importlib.util import find_spec

    with contextlib.suppress(ModuleNotFoundError):
        if find_spec(name) is not None:
            return
    missing = missing_package(ModuleNotFoundError(name=name))
    if missing is not None:
        raise missing


def rebuild(name: str, message: str) -> LlmprocError:
    """Return the error that another process sent as class name and message; an unknown name becomes StartError."""
    kind = globals().get(name)
    if not (isinstance(kind, type) and issubclass(kind, LlmprocError)):
        kind = StartError
    error = kind.__new__(kind)
    error.args = (message,)
    return error
