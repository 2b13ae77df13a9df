"""--otlp and the environment: which endpoint, which headers, what is said of it, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmproc.errors import UsageError
from llmproc.telemetry.settings import ExportSettings, export_settings

LANGFUSE = {"LANGFUSE_HOST": "https://lf.example", "LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk-secret"}
BASIC = "Basic cGs6c2stc2VjcmV0"


def settings(given: str, **environ: str) -> ExportSettings:
    return export_settings(given, False, environ)


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("localhost:4318", "http://localhost:4318/v1/traces"),
        ("http://localhost:4318", "http://localhost:4318/v1/traces"),
        ("http://localhost:4318/", "http://localhost:4318/v1/traces"),
        ("https://collector.example", "https://collector.example/v1/traces"),
        ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
        ("http://h/v1/traces", "http://h/v1/traces"),
        ("http://h/other/path", "http://h/other/path"),
        ("http://h:1/x?key=1", "http://h:1/x?key=1"),
        ("https://lf.example/api/public/otel", "https://lf.example/api/public/otel/v1/traces"),
        ("https://lf.example/api/public/otel/v1/traces", "https://lf.example/api/public/otel/v1/traces"),
    ],
)
def test_the_flag_names_an_endpoint(url: str, endpoint: str) -> None:
    found = settings(url, OTEL_EXPORTER_OTLP_ENDPOINT="http://elsewhere:1")
    assert found.endpoint == endpoint and found.taken_from == () and found.headers == {}


@pytest.mark.parametrize(
    ("environ", "endpoint", "taken"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, "http://c:4318/v1/traces", ["OTEL_EXPORTER_OTLP_ENDPOINT"]),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c/base/"}, "http://c/base/v1/traces", ["OTEL_EXPORTER_OTLP_ENDPOINT"]),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t/as/it/is"},
            "http://t/as/it/is",
            ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"],
        ),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t"}, "http://t", ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]),
        (
            LANGFUSE,
            "https://lf.example/api/public/otel/v1/traces",
            ["LANGFUSE_HOST", "LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"],
        ),
        (
            {**LANGFUSE, "LANGFUSE_BASE_URL": "https://new.example/"},
            "https://new.example/api/public/otel/v1/traces",
            ["LANGFUSE_BASE_URL", "LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"],
        ),
        (
            {**LANGFUSE, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"},
            "http://c/v1/traces",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"],
        ),
        ({**LANGFUSE, "OTEL_EXPORTER_OTLP_ENDPOINT": " "}, "https://lf.example/api/public/otel/v1/traces", None),
    ],
)
def test_the_environment_names_one(environ: dict[str, str], endpoint: str, taken: list[str] | None) -> None:
    found = settings("env", **environ)
    assert found.endpoint == endpoint
    assert taken is None or list(found.taken_from) == taken


def test_headers_come_from_the_more_special_variable() -> None:
    found = settings(
        "h:1",
        OTEL_EXPORTER_OTLP_HEADERS="a=1",
        OTEL_EXPORTER_OTLP_TRACES_HEADERS="X-Key=a%20b%3D, authorization=Bearer t ,,",
    )
    assert found.headers == {"x-key": "a b=", "authorization": "Bearer t"}
    assert found.taken_from == ("OTEL_EXPORTER_OTLP_TRACES_HEADERS",)
    assert settings("h:1", OTEL_EXPORTER_OTLP_HEADERS="a=1").headers == {"a": "1"}


@pytest.mark.parametrize(
    ("url", "more", "authorization"),
    [
        ("env", {}, BASIC),
        ("https://lf.example", {}, BASIC),
        ("https://LF.example:443/api/public/otel", {}, BASIC),
        ("http://lf.example", {}, None),
        ("https://lf.example:444", {}, None),
        ("https://lf.example.evil", {}, None),
        ("https://elsewhere", {}, None),
        ("https://lf.example", {"OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer mine"}, "Bearer mine"),
        ("env", {"OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer mine"}, BASIC),
        ("env", {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://elsewhere"}, None),
    ],
)
def test_langfuse_keys_go_to_langfuse_alone(url: str, more: dict[str, str], authorization: str | None) -> None:
    found = settings(url, **LANGFUSE, **more)
    assert found.headers.get("authorization") == authorization
    assert ("x-langfuse-ingestion-version" in found.headers) == (authorization == BASIC)


@pytest.mark.parametrize(
    ("given", "environ", "told"),
    [
        ("env", {}, "--otlp is env: one of OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT and"),
        ("env", {"LANGFUSE_HOST": "https://x"}, "LANGFUSE_HOST is set without LANGFUSE_PUBLIC_KEY"),
        ("env", {"LANGFUSE_HOST": "x", "LANGFUSE_PUBLIC_KEY": "k"}, "LANGFUSE_HOST is set without LANGFUSE_SECRET_KEY"),
        ("env", {"LANGFUSE_SECRET_KEY": "sk-x"}, "LANGFUSE_SECRET_KEY is set without LANGFUSE_HOST"),
        ("env", {"OTEL_EXPORTER_OTLP_ENDPOINT": "grpc://x"}, "OTEL_EXPORTER_OTLP_ENDPOINT must be http://"),
        ("env", {"OTEL_EXPORTER_OTLP_ENDPOINT": "x:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "is grpc: must be"),
        ("", {}, "--otlp must be http://HOST:PORT"),
        ("http://", {}, "--otlp must be http://HOST:PORT"),
        ("file:///etc/passwd", {}, "--otlp must be http://HOST:PORT"),
        ("http://h:99999", {}, "--otlp is not a URL"),
        ("http://h:0", {}, "--otlp must be"),
        ("http://[::1", {}, "--otlp is not a URL"),
        ("http://a b", {}, "--otlp is not a URL: it has a space"),
        ("http://bücher", {}, "--otlp is not a URL"),
        ("http://h/\n", {}, "--otlp is not a URL"),
        ("h", {"OTEL_EXPORTER_OTLP_HEADERS": "novalue-sk-secret"}, "OTEL_EXPORTER_OTLP_HEADERS must be NAME=VALUE"),
        ("h", {"OTEL_EXPORTER_OTLP_HEADERS": "a=sk-secret%0d%0ax"}, "OTEL_EXPORTER_OTLP_HEADERS must be NAME=VALUE"),
        ("h", {"OTEL_EXPORTER_OTLP_HEADERS": "a b=1"}, "OTEL_EXPORTER_OTLP_HEADERS must be NAME=VALUE"),
    ],
)
def test_what_is_no_endpoint_is_refused(given: str, environ: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError) as error:
        settings(given, **environ)
    assert told in str(error.value) and "\n" not in str(error.value)
    assert "sk-" not in str(error.value)


def test_what_is_said_holds_no_key() -> None:
    found = settings("https://user:sk-secret@h:1/p?key=sk-secret", OTEL_EXPORTER_OTLP_HEADERS="k=sk-secret")
    assert found.address == "https://h:1/p"
    assert found.summary == (
        "traces go to https://h:1/p (OTEL_EXPORTER_OTLP_HEADERS from the environment), without prompts and answers"
    )
    assert "sk-secret" not in f"{found!r} {found.summary}"
    assert "with them" in export_settings("h", True, {}).summary


def test_the_kill_switch_of_the_sdk_is_told() -> None:
    assert settings("h", OTEL_SDK_DISABLED="true").summary == "no traces: OTEL_SDK_DISABLED is true"


@given(st.text(max_size=60), st.dictionaries(st.sampled_from(["OTEL_EXPORTER_OTLP_HEADERS", *LANGFUSE]), st.text()))
def test_any_text_is_an_endpoint_or_one_line(given: str, environ: dict[str, str]) -> None:
    try:
        found = export_settings(given, False, environ)
    except UsageError as error:
        assert "\n" not in str(error)
    else:
        assert found.endpoint.startswith(("http://", "https://")) and found.endpoint.isascii()
        assert all(name.isascii() and value.isprintable() for name, value in found.headers.items())
