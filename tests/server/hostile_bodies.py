"""Bodies that no server should take, made by a table: each path, each field, each value that the field cannot have.

JSON is put together as text, for much of it is none: NaN, halves of surrogate pairs, endless numbers, lost brackets.
Used by the tests of hostile requests. Every one of these is to be refused by 400 in the words of its path's interface.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

CHAT, COMPLETIONS = "/v1/chat/completions", "/v1/completions"
OLLAMA_CHAT, GENERATE = "/api/chat", "/api/generate"

_ODD = ("[]", "{}", "[1]", '{"a": 1}', "[[]]", "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "nul", "'x'", "0x10")
_NUMBER = (*_ODD, "true", '"1"', '""', "1e400", "01", "+1", "1.", ".5", "1e", "-")
_WHOLE = (*_NUMBER, "1.5", "9" * 400, "-" + "9" * 400, "9" * 5000, "1e300")
_YES_NO = (*_ODD, "1", "0", '"true"', '""', "True")
_TEXT = (*_ODD, "1", "true", '"\\ud800"', '"\\udc00\\ud800"', '"\\x41"', '"a\nb"', '"\x00"', '"open')
_MESSAGE = '{"role": "user", "content": "x"}'
_MESSAGES = (
    "1", "true", '"x"', "{}", _MESSAGE, "[1]", "[[]]", "[{}]", '[{"role": "user"}]', '[{"content": "x"}]',
    '[{"role": 1, "content": "x"}]', '[{"role": "root", "content": "x"}]', '[{"role": "", "content": "x"}]',
    '[{"role": "user", "content": 1}]', '[{"role": "user", "content": {"text": "x"}}]', f"[{_MESSAGE}, null]",
    '[{"role": "user", "content": "\\ud800"}]', '[{"role": "user", "content": "x", "surprise": 1}]', f"[{_MESSAGE}",
    f"[{_MESSAGE},]", f"[{_MESSAGE} {_MESSAGE}]", '[{"role": "user", "content": "x"]', "[" * 2000 + "]" * 2000, "NaN",
)  # fmt: skip
_PARTS = tuple(
    f'[{{"role": "user", "content": {content}}}]'
    for content in (
        "[1]", "[{}]", '[{"type": "image_url", "image_url": {"url": "data:,"}}]', '[{"type": "text"}]', "true", "[[]]",
        '[{"type": "text", "text": 1}]', '[{"type": "sound", "text": "x"}]', "[" * 500 + "]" * 500,
    )
)  # fmt: skip
_STOPS = (
    "1", "true", "{}", "[1]", "[[]]", '[""]', '""', f'["{"x" * 600}"]', '["\\ud800"]', "NaN", '[null, "x"]',
    "[" + ", ".join(f'"{number}"' for number in range(17)) + "]",
)  # fmt: skip
_BIASES = (
    "1",
    "[1]",
    '"x"',
    '{"x": 1}',
    '{"1": 101}',
    '{"1": -101}',
    '{"1": NaN}',
    '{"1": "1"}',
    '{"-1": 1}',
    '{"": 1}',
)
_PROMPTS = (
    "1", "true", "{}", "[{}]", "[[{}]]", '[1, "x"]', '["x", 1]', "[1.5]", "[-1]", "[99999999]", "[[1], 1]", "[true]",
    '"\\ud800"', f"[{'9' * 400}]", "[" * 2000 + "]" * 2000, '["x"', "NaN",
)  # fmt: skip

_OPENAI: dict[str, tuple[str, ...]] = {
    "temperature": (*_NUMBER, "-1", "-0.001", "101", "1e300"),
    "top_p": (*_NUMBER, "-1", "1.001", "1e300"),
    "min_p": (*_NUMBER, "-1", "1.001"),
    "top_k": (*_WHOLE, "-2", "2097152"),
    "max_tokens": (*_WHOLE, "0", "-1", "2097152"),
    "n": (*_WHOLE, "0", "-1", "129", "18446744073709551616"),
    "seed": tuple(value for value in _WHOLE if value.strip("-9")),  # any whole number is one
    "stop": _STOPS,
    "stream": _YES_NO,
    "stream_options": ("1", "true", "[]", '"x"', '{"include_usage": 1}', '{"surprise": true}', "[[]]"),
    "presence_penalty": (*_NUMBER, "-2.1", "2.1"),
    "frequency_penalty": (*_NUMBER, "-2.1", "2.1"),
    "repetition_penalty": (*_NUMBER, "0", "-1", "101"),
    "logit_bias": _BIASES,
    "ignore_eos": _YES_NO,
    "min_tokens": (*_WHOLE, "-1", "2097152"),
    "surprise": ("1", '"x"', "[]", "{}", "true", "[" * 100 + "]" * 100),
    "tools": ("1", '"x"', '[{"type": "function"}]', '[{"type": "function", "function": {"name": "f g"}}]', "[[]]"),
}
_FIELDS: dict[str, dict[str, tuple[str, ...]]] = {
    CHAT: {
        **_OPENAI,
        "messages": (*_MESSAGES, *_PARTS, "[]", "null"),
        "max_completion_tokens": (*_WHOLE, "0", "-1"),
        "logprobs": _YES_NO,
        "top_logprobs": (*_WHOLE, "21", "-1"),
        "response_format": ('"text"', "1", '{"type": "json_schema"}', '{"type": "sound"}', "[]"),
        "model": _TEXT,
    },
    COMPLETIONS: {
        **{name: values for name, values in _OPENAI.items() if name != "tools"},
        "prompt": (*_PROMPTS, "null"),
        "logprobs": (*_WHOLE, "21", "-1"),
        "echo": _YES_NO,
        "best_of": ("2", "0", "-1", '"1"', "1.5", "[]"),
        "suffix": ('"x"', "1", "[]", "{}"),
    },
    OLLAMA_CHAT: {
        "messages": tuple(value for value in _MESSAGES if value != '[{"role": "user"}]'),  # no content is an empty one
        "stream": _YES_NO,
        "options": ("1", '"x"', "[]", "true", '{"temperature": "1"}', '{"num_predict": NaN}', '{"stop": 1}', "[[]]"),
        "format": ('"yaml"', '{"type": "objekt"}', '{"not": {}}', "1", "true"),
        "tools": ("1", '[{"type": "function"}]', '"x"'),
        "surprise": ("1", '"x"', "[]", "true"),
        "model": _TEXT,
        "think": ("1", "[]", "{}", '"sometimes"'),
    },
    GENERATE: {
        "prompt": _TEXT,
        "system": _TEXT,
        "context": ("[1]", "1", '"x"', "[[]]"),
        "raw": _YES_NO,
        "images": ('["eA=="]', "1", '"x"'),
        "suffix": ('"x"', "1", "[]"),
        "template": ('"x"', "1", "[]"),
        "keep_alive": ("[]", "{}", "true", '"soon"', '"5 years"', "NaN"),
    },
    "/tokenize": {"prompt": (*_TEXT, "null"), "messages": _MESSAGES, "surprise": ("1",)},
    "/detokenize": {"tokens": ("1", '"x"', "{}", '["x"]', "[-1]", "[1.5]", "[99999999]", "[[1]]", "[NaN]", "[true]")},
    "/api/show": {"model": _TEXT, "surprise": ("1",)},
}
_RIGHT: dict[str, dict[str, str]] = {
    CHAT: {"messages": f"[{_MESSAGE}]", "max_tokens": "1"},
    COMPLETIONS: {"prompt": '"x"', "max_tokens": "1"},
    OLLAMA_CHAT: {"messages": f"[{_MESSAGE}]", "options": '{"num_predict": 1}'},
    GENERATE: {"prompt": '"x"', "options": '{"num_predict": 1}'},
    "/tokenize": {"prompt": '"x"'},
    "/detokenize": {"tokens": "[1]"},
    "/api/show": {"model": '"x"'},
}
PATHS = tuple(_RIGHT)


def right_body(path: str) -> bytes:
    """A small body that is right."""
    return _object(_RIGHT[path])


def hostile_bodies() -> list[tuple[str, bytes]]:
    """All (path, body), the same ones every time."""
    found = {(path, body): None for path in PATHS for body in (*_with_a_wrong_value(path), *_broken(path))}
    return [(path, body) for path, body in found if body != right_body(path)]


def _object(fields: Mapping[str, str]) -> bytes:
    inside = ", ".join(f'"{name}": {value}' for name, value in fields.items())
    return f"{{{inside}}}".encode("utf-8", "surrogatepass")


def _with_a_wrong_value(path: str) -> Iterator[bytes]:
    for name, values in _FIELDS[path].items():
        for value in values:
            yield _object({**_RIGHT[path], name: value})


def _broken(path: str) -> Iterator[bytes]:
    """What is no JSON object, or not only one, made of a right body."""
    right = right_body(path)
    yield from (right[:cut] for cut in range(0, len(right), 7))
    yield from (right + end for end in (b"}", b",", b"x", b"\x00", b" {}", right))
    yield from (begin + right for begin in (b"\xef\xbb\xbf", b",", b"[", b"//\n", b"\x00", b")]}',\n"))
    yield from (right.decode().encode(code) for code in ("utf-16", "utf-32", "utf-16-le"))
    yield from (right.replace(b"x", byte) for byte in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"))
    yield from (right.replace(*pair) for pair in ((b'"', b"'"), (b":", b"="), (b"}", b",}"), (b"{", b"{1: 2, ")))
    yield from (b"", b" ", b"\n" * 100, b"null", b"1", b'"x"', b"[]", b"true", b"NaN", b"[" + right + b"]", b"\x1f\x8b")
    for depth in (33, 1000, 100_000):
        yield b"[" * depth + b"]" * depth
        yield b"[" * depth
        yield b'{"a":' * depth + b"1" + b"}" * depth
    yield right[:-1] + b', "surprise": ' + b'{"a":[' * 5000 + b"]}" * 5000 + b"}"
    yield b"{" + b", ".join(b'"k%d": 1' % number for number in range(3000)) + b"}"
    yield b'{"' + b"k" * 100_000 + b'": 1}'
