"""Which encoding bytes are in when they are not UTF-8: for one line that says so, instead of garbage.

Used by readers of text that people write: prompts, logs.
"""

from __future__ import annotations

from llmproc.errors import UsageError

_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_LOOKED_AT = 4096  # bytes
_MOSTLY = 0.4  # of the bytes at two (four) places are zero in English text as UTF-16 (UTF-32), none in UTF-8


def check_utf8(name: str, head: bytes) -> None:
    """Raise UsageError, with the command that converts it, if the beginning of a text looks like UTF-16 or UTF-32."""
    if encoding := other_encoding(head):
        raise UsageError(f"{name}: is not UTF-8, looks like {encoding}: iconv -f {encoding} -t UTF-8 converts it")


def other_encoding(head: bytes) -> str:
    """Return "UTF-16" or "UTF-32" for the beginning of a text that looks like it, else "".

    By the byte order mark, as the Unicode standard (section 23.8) defines it; without one by the zero bytes that stand
    in every second (or in three of four) places where most characters are ASCII. Text in UTF-8 has no zero bytes.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    head = head[: min(len(head), _LOOKED_AT) & ~3]
    if len(head) < 4:
        return ""
    zeros = [head[place::4].count(0) * 4 / len(head) for place in range(4)]
    if min(sorted(zeros)[1:]) > _MOSTLY > min(zeros):
        return "UTF-32"
    if min(zeros[0::2]) > _MOSTLY > max(zeros[1::2]) or min(zeros[1::2]) > _MOSTLY > max(zeros[0::2]):
        return "UTF-16"
    return ""
