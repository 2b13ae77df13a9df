"""Where traces go: the flag --otlp and the environment become an endpoint and headers. Pure: the environment is given.

    --otlp URL    that collector
    --otlp env    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, else OTEL_EXPORTER_OTLP_ENDPOINT, else LANGFUSE_BASE_URL or
                  LANGFUSE_HOST with both of Langfuse's keys
    no flag       nothing: a variable alone exports nothing

OTEL_EXPORTER_OTLP_TRACES_HEADERS, else OTEL_EXPORTER_OTLP_HEADERS, go along to whatever endpoint. Langfuse's keys go to
Langfuse's host alone, also when --otlp names it. Sources: OpenTelemetry's specification of the OTLP exporter
(configuration by environment variables); Langfuse's documentation of its OpenTelemetry endpoint.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from llmproc.errors import UsageError
from llmproc.files.escaping import one_line

FROM_ENVIRONMENT = "env"
TRACES_PATH = "/v1/traces"
TRACES_ENDPOINT, ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"
TRACES_HEADERS, HEADERS = "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"
TRACES_PROTOCOL, PROTOCOL = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"
LANGFUSE_URLS = ("LANGFUSE_BASE_URL", "LANGFUSE_HOST")  # the first is the newer name
PUBLIC_KEY, SECRET_KEY = "LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"
_LANGFUSE_PATH = "/api/public/otel"
_LANGFUSE_VERSION = {"x-langfuse-ingestion-version": "4"}  # shown at once; without it after about 10 minutes
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """The collector, and whether texts go along. `taken_from`: the variables that were used, not their values."""

    endpoint: str = field(repr=False)  # complete, with the path
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # names in lower case
    content: bool = False
    taken_from: tuple[str, ...] = ()
    disabled: bool = False  # by OTEL_SDK_DISABLED, which switches every exporter off

    @property
    def address(self) -> str:
        """Return the endpoint as it may be shown: without a password or a query, which may be keys."""
        parts = urlsplit(self.endpoint)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    @property
    def summary(self) -> str:
        """Return one line that says where spans go, and what was taken from the environment."""
        if self.disabled:
            return "no traces: OTEL_SDK_DISABLED is true"
        used = f" ({', '.join(self.taken_from)} from the environment)" if self.taken_from else ""
        what = "prompts and answers with them" if self.content else "without prompts and answers"
        return f"traces go to {self.address}{used}, {what}"


def export_settings(given: str, content: bool, environ: Mapping[str, str]) -> ExportSettings:
    """Return what --otlp `given` means. UsageError that names the flag or variable, and never a key."""
    environ = {name: value.strip() for name, value in environ.items() if value.strip()}
    if given == FROM_ENVIRONMENT:
        endpoint, source = _endpoint_of(environ)
    else:
        endpoint, source = _complete("--otlp", given), None
    headers, used = _own_headers(environ)
    keys, more = _langfuse_headers(endpoint, source in LANGFUSE_URLS, environ, "authorization" in headers)
    names = (*([source] if source else []), *used, *more)
    disabled = environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return ExportSettings(endpoint, {**headers, **keys}, content, names, disabled)


# -- endpoints --------------------------------------------------------------------------------------------------------


def _endpoint_of(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return (endpoint, the variable it is from)."""
    langfuse = next((name for name in LANGFUSE_URLS if name in environ), None)
    for name in (TRACES_ENDPOINT, ENDPOINT):
        if name in environ:
            _check_protocol(environ)
            parts = _split(name, environ[name])
            return (parts.geturl() if name == TRACES_ENDPOINT else _joined(parts, TRACES_PATH)), name
    if langfuse is not None:
        for key in (PUBLIC_KEY, SECRET_KEY):
            if key not in environ:
                raise UsageError(f"--otlp is env: {langfuse} is set without {key}")
        return _joined(_split(langfuse, environ[langfuse]), _LANGFUSE_PATH + TRACES_PATH), langfuse
    keys = [name for name in (PUBLIC_KEY, SECRET_KEY) if name in environ]
    if keys:
        raise UsageError(f"--otlp is env: {keys[0]} is set without {LANGFUSE_URLS[1]}: set it, too")
    names = f"{TRACES_ENDPOINT}, {ENDPOINT} and {LANGFUSE_URLS[1]}"
    raise UsageError(f"--otlp is env: one of {names} must be set")


def _check_protocol(environ: Mapping[str, str]) -> None:
    for name in (TRACES_PROTOCOL, PROTOCOL):
        if name in environ:
            if environ[name] != "http/protobuf":
                raise UsageError(f"{name} is {one_line(environ[name][:40])}: must be http/protobuf")
            return


def _complete(name: str, text: str) -> str:
    """Return the endpoint that a user means: without a path, or with that of Langfuse, it is a base."""
    parts = _split(name, text)
    if parts.path.rstrip("/") == "" or parts.path.rstrip("/").endswith(_LANGFUSE_PATH):
        return _joined(parts, TRACES_PATH)
    return parts.geturl()


def _joined(parts: SplitResult, path: str) -> str:
    return parts._replace(path=parts.path.rstrip("/") + path).geturl()


def _split(name: str, text: str) -> SplitResult:
    """Return a URL's parts; `host:port` means http. UsageError that shows no password."""
    if not text.isascii() or not text.isprintable() or " " in text:
        raise UsageError(f"{name} is not a URL: it has a space, or another than a printable ASCII character")
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise UsageError(f"{name} is not a URL: {error}") from None
    if parts.scheme not in ("http", "https") or not host or port == 0 or parts.fragment:
        raise UsageError(f"{name} must be http://HOST:PORT or https://HOST, with or without a path, or for --otlp env")
    return parts


# -- headers ----------------------------------------------------------------------------------------------------------


def _own_headers(environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the headers of OpenTelemetry's variables, `name=value` with commas between, percent-encoded."""
    variable = next((name for name in (TRACES_HEADERS, HEADERS) if name in environ), None)
    if variable is None:
        return {}, []
    found = {}
    for pair in filter(None, (part.strip() for part in environ[variable].split(","))):
        name, separator, value = (unquote(part).strip() for part in pair.partition("="))
        if not separator or not _HEADER_NAME.fullmatch(name) or not (value.isascii() and value.isprintable()):
            raise UsageError(f"{variable} must be NAME=VALUE,NAME=VALUE in printable ASCII characters")
        found[name.lower()] = value
    return found, [variable]


def _langfuse_headers(
    endpoint: str, from_variable: bool, environ: Mapping[str, str], authorized: bool
) -> tuple[dict[str, str], list[str]]:
    """Return what Langfuse asks for; nothing unless the endpoint is that of Langfuse's own variable."""
    variable = next((name for name in LANGFUSE_URLS if name in environ), None)
    if variable is None or PUBLIC_KEY not in environ or SECRET_KEY not in environ:
        return {}, []
    if not from_variable and (authorized or _origin(endpoint) != _origin(environ[variable])):
        return {}, []
    pair = f"{environ[PUBLIC_KEY]}:{environ[SECRET_KEY]}".encode()
    authorization = {"authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {**authorization, **_LANGFUSE_VERSION}, [PUBLIC_KEY, SECRET_KEY]


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "", None, None
