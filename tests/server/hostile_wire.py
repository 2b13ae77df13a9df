"""Connections of clients that know HTTP badly, or too well: each with the statuses that its requests may get.

Used by the tests of hostile requests. Where HTTP itself is broken the answer is 400 in OpenAI's words and the end of
the connection; a client that breaks off gets none. What is merely unusual is answered.
"""

from __future__ import annotations

from server.hostile_bodies import CHAT, OLLAMA_CHAT, right_body
from server.hostile_client import HostileConnection
from server.http_serving import request_bytes

RIGHT = right_body(CHAT)
_GET = b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n"
_POST = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
_API = b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\n"
_CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
OK, BAD = (200,), (400,)


def _one(name: str, raw: bytes, *allowed: int, ends: bool = False) -> HostileConnection:
    return HostileConnection(name, raw, (allowed,), ends=ends)


def no_http() -> list[HostileConnection]:
    """What is no request at all, or one that two servers might read in two ways."""
    host = b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    begun = {
        "words": b"hello there\r\n\r\n", "no version": b"GET /\r\n\r\n", "no target": b"GET HTTP/1.1\r\n\r\n",
        "two spaces": b"GET  /" + host, "SSH": b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "HTTP/0.9": b"GET /health\r\n\r\n",
        "no digits": b"GET / HTTP/x.y\r\nHost: localhost\r\n\r\n", "noise": bytes(range(128, 256)) + b"\r\n\r\n",
        "a method with NUL": b"GE\x00T /" + host, "a target that is not ASCII": b"GET /\xff" + host,
        "a target with NUL": b"GET /\x00" + host, "JSON": RIGHT + b"\r\n\r\n",
        "no Host": b"GET /v1/models HTTP/1.1\r\n\r\n", "folded first": _GET[:26] + b" folded\r\n\r\n",
    }  # fmt: skip
    headers = {
        "no colon": b"X", "space before colon": b"X : y", "no name": b": y", "a name that is not ASCII": b"\xc3\xa9: y",
        "NUL in a value": b"X: a\x00b", "CR in a value": b"X: a\rb", "two Hosts": b"Host: localhost",
    }  # fmt: skip
    lengths = {
        "a negative length": b"-5", "a signed length": b"+5", "a hexadecimal length": b"0x10", "no length": b"",
        "a length with an exponent": b"1e3", "5,000 digits": b"9" * 5000, "lengths in a list": b"5, 6",
        "lengths that differ": b"5\r\nContent-Length: 6",
    }  # fmt: skip
    raws = {
        **begun,
        **{name: _GET + line + b"\r\n\r\n" for name, line in headers.items()},
        **{name: _POST + b"Content-Length: " + value + b"\r\n\r\n{}{}{}" for name, value in lengths.items()},
    }
    return [_one(name, raw, 400, ends=True) for name, raw in raws.items()]


def targets_and_methods() -> list[HostileConnection]:
    """Paths and methods that the server has not, written in every way."""
    found = ("/%76%31/models", "/v1/models?%ff=%&=#", "/health?" + "a=b&" * 1000)
    missing = (
        "//v1/models", "/v1//models", "/v1/../v1/models", "/v1/./models", "/v1/models/", "/%", "/%zz", "/%00",
        "/%0d%0aX:%20y", "/%ff%fe", "/..%2f..%2fetc%2fpasswd", "/v1/models/%2e%2e%2f", "/V1/models", "/v1", "/api",
        "/api/", "/api/%2e%2e/v1", "/api/x" + "/y" * 2000, "/v1/x\\y",
    )  # fmt: skip
    no_path = ("*", "x", "?", "localhost:80", "http://localhost", "http://evil.example/v1/models", "//evil.example")
    cases = [_one(f"GET {target}", request_bytes("GET", target), 200) for target in found]
    cases += [_one(f"GET {target}", request_bytes("GET", target), 404) for target in missing]
    cases += [_one(f"GET {target}", request_bytes("GET", target), 400, 403, 404) for target in no_path]
    cases.append(_one("a long target", request_bytes("GET", "/" + "y" * 70_000), 400, 414, 431))
    for path in ("/v1/models", "/api/tags", "/health"):
        for method in ("OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "get", "X-Y", "PROPFIND", "M" * 2000):
            cases.append(_one(f"{method} {path}", request_bytes(method, path), 405))
        cases.append(_one(f"HEAD {path}", request_bytes("HEAD", path), 200))
    cases.append(_one("OPTIONS *", request_bytes("OPTIONS", "*"), 400, 404, 405))
    cases.append(_one("CONNECT", request_bytes("CONNECT", "evil.example:443"), 400, 404, 405))
    return [*cases, *(_one(f"GET {path}", request_bytes("GET", path), 405) for path in (CHAT, OLLAMA_CHAT))]


def heads() -> list[HostileConnection]:
    """Unusual versions and headers."""

    def get(headers: dict[str, str] | None = None, path: str = "/health", host: str = "localhost") -> bytes:
        return request_bytes("GET", path, headers=headers, host=host)

    def post(path: str, body: bytes, **headers: str) -> bytes:
        return request_bytes("POST", path, body, {name.replace("_", "-"): value for name, value in headers.items()})

    upgrade = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c"}
    return [
        _one("1,000 headers", get({f"X-{number}": "y" for number in range(1000)}), 200, 431),
        _one("70 KB in one header", get({"X": "y" * 70_000}), 400, 431),
        _one("70 KB in 700 headers", get({f"X{number}": "y" * 95 for number in range(700)}), 400, 431),
        _one("HTTP/1.0", b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n", 200, ends=True),
        _one("HTTP/1.0 without Host", b"GET /health HTTP/1.0\r\n\r\n", 403, ends=True),
        _one("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, 403, 404, 405, 505),
        _one("HTTP/9.9", b"GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n", 200, 400, 505),
        _one("an empty Host", get(host=""), 400, 403),
        _one("a foreign Host", get(host="evil.example"), 403),
        _one("a Host that is a part of an address", get(host="[::1"), 400, 403),
        _one("a Host with a user", get(host="localhost@evil.example"), 400, 403),
        _one("two names in Host", get(host="localhost, evil.example"), 400, 403),
        _one("a foreign Origin", post(CHAT, RIGHT, Origin="https://evil.example"), 403),
        _one("a foreign Origin on /api", post(OLLAMA_CHAT, b"{}", Origin="null"), 403),
        _one("a preflight", request_bytes("OPTIONS", CHAT, headers={"Origin": "null"}), 403),
        _one("lines that end in LF", b"GET /health HTTP/1.1\nHost: localhost\n\n", 200, 400),
        _one("lines before", b"\r\n\r\n" + get(), 200, 400),
        _one("a folded header", get({"X": "a\r\n  b"}), 200, 400),
        _one("compressed", post(CHAT, b"\x1f\x8b\x08", Content_Encoding="gzip"), 415),
        _one("compressed on /api", post(OLLAMA_CHAT, b"\x1f\x8b", Content_Encoding="br"), 415),
        _one("an odd Expect", post(CHAT, RIGHT, Expect="the-unexpected"), 200, 417),
        _one("a websocket", get({"Connection": "Upgrade", "Upgrade": "websocket"}, "/"), 200, 400, 426),
        _one("h2c", get(upgrade, "/"), 200),
        _one("an odd Accept", get({"Accept": ",;q=x,*/*;q=NaN\xff"}, "/metrics"), 200),
        _one("a form", post(CHAT, b"messages=x", Content_Type="multipart/form-data"), 400),
    ]


def bodies() -> list[HostileConnection]:
    """Lengths and chunks that do not fit what comes."""

    def long(length: int, begin: bytes = _POST) -> bytes:
        return begin + b"Content-Length: %d\r\n\r\n" % length

    whole = b"%x\r\n" % len(RIGHT) + RIGHT + b"\r\n0\r\n\r\n"
    single = b"".join(b"1\r\n%c\r\n" % byte for byte in RIGHT) + b"0\r\n\r\n"
    cases = [
        _one("a body in one chunk", _POST + _CHUNKED + whole, 200),
        _one("a body in chunks of one byte", _POST + _CHUNKED + single, 200),
        _one("a length and chunks", _POST + b"Content-Length: 3\r\n" + _CHUNKED + whole, 200, 400),
        _one("the same length twice", long(2, _POST + b"Content-Length: 2\r\n") + b"{}", 400),
        _one("a list of one length", _POST + b"Content-Length: 2, 2\r\n\r\n{}", 400),
        _one("a length above the bound", long(9 << 20), 413),
        _one("a length above 64 bits", long(10**20 - 1), 400, 413),
        _one("a length above the bound on /api", long(9 << 20, _API), 413),
        _one("no length and a body", _POST + b"\r\n" + RIGHT, 400),
        _one("another coding", _POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400, 501, ends=True),
        _one("a coding that is none", _POST + b"Transfer-Encoding: xchunked\r\n\r\n", 400, 501, ends=True),
        _one("chunked twice", _POST + b"Transfer-Encoding: chunked\r\n" + _CHUNKED, 400, 501, ends=True),
        _one("a long extension", _POST + _CHUNKED + b"2;" + b"x" * 100_000 + b"\r\n{}\r\n0\r\n\r\n", 400),
        HostileConnection("a length too short", long(10) + RIGHT + b"\r\n\r\n", (BAD, BAD), ends=True),
        _one("a body for GET", request_bytes("GET", "/health", b"x" * 100), 200),
    ]
    broken = {
        "a size that is none": b"zz\r\n{}\r\n0\r\n\r\n", "a negative size": b"-2\r\n{}\r\n", "no size": b"\r\n\r\n",
        "a size above 64 bits": b"f" * 30 + b"\r\n{}", "no end of a chunk": b"2\r\n{}0\r\n\r\n",
        "a signed size": b"+2\r\n", "two sizes": b"2 2\r\n{}\r\n", "a bad trailer": b"0\r\nX y\r\n\r\n",
    }  # fmt: skip
    for name, body in broken.items():
        cases.append(_one(f"chunks: {name}", _POST + _CHUNKED + body, 400, 413, ends=True))
        cases.append(_one(f"chunks on /api: {name}", _API + _CHUNKED + body, 400, 413, ends=True))
    return cases


def truncated() -> list[HostileConnection]:
    """Clients that say that nothing more comes before their request is whole: nobody waits for an answer."""
    whole, size = request_bytes("POST", CHAT, RIGHT), len(RIGHT)
    chunked = _POST + _CHUNKED + b"%x\r\n" % size + RIGHT + b"\r\n"
    cuts = [whole[:cut] for cut in (0, 1, 4, 20, 40, len(whole) - size - 1, len(whole) - size, len(whole) - 1)]
    cuts += [chunked[:cut] for cut in (len(chunked) - 1, len(chunked) - 9, len(chunked))]
    for path in (b"/tokenize", b"/detokenize", b"/api/show", b"/api/generate", b"/v1/completions"):
        cuts.append(b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
    return [HostileConnection(f"truncated to {len(cut)} bytes", cut, (), half_closed=True) for cut in cuts]


def pipelined() -> list[HostileConnection]:
    """Several requests in one write."""
    get, ask = request_bytes("GET", "/health"), request_bytes("POST", CHAT, RIGHT)
    closing = request_bytes("GET", "/health", headers={"Connection": "close"})
    return [
        HostileConnection("three in one write", get + ask + get, (OK, OK, OK)),
        HostileConnection("fifty in one write", ask * 50, (OK,) * 50),
        HostileConnection("nonsense behind", ask + b"nonsense\r\n\r\n", (OK, BAD), ends=True),
        HostileConnection("a refused one before", request_bytes("POST", CHAT, b"{") + ask, (BAD, OK)),
        HostileConnection("a 404 with a body before", request_bytes("POST", "/x", b"y" * 1000) + get, ((404,), OK)),
        HostileConnection("the last one, and more behind", closing + get, (OK,), ends=True),
    ]


def hostile_connections() -> list[HostileConnection]:
    """All of them."""
    return [*no_http(), *targets_and_methods(), *heads(), *bodies(), *truncated(), *pipelined()]
