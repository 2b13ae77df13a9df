"""The words of the house: the field's terms for things, and plain English that a stranger understands at first."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from support.paths import ROOT
from support.sources import docstrings_of, program_sources, shown, texts_of, tree_of

DOCUMENTS = sorted({*ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *(ROOT / "llmproc").rglob("*.md")})

# Private words that the field has a term for. Parts of identifiers (`my_nursery`, `NurseryKeeper`), and whole ones.
PARTS = {
    "nursery": "template_process", "strays": "orphans", "bells": "wakeups", "rang": "woken", "lull": "coalesce",
    "rung": "stage", "climb": "escalate", "ladder": "escalation", "ledger": "request_table", "lastwords": "stderr_tail",
    "teller": "answer_view", "tally": "stats", "effort": "overhead", "coins": "draws", "flying": "in_flight",
    "findable": "cached", "remind": "wake_again",
}  # fmt: skip
WHOLE = {
    "Desk", "Inbox", "Home", "LastWords", "last_words", "Origin", "Post", "Serving", "HealthJudge", "Evidence",
    "Announcing", "Observation", "Watch", "Watcher", "Flight", "flight", "pushed_back", "looked_at", "_look_up",
    "_strip", "_provide",
}  # fmt: skip
IDENTIFIERS_KEPT = {
    "effort": "OpenAI's name of a field: reasoning.effort",
    "coins": "the name in sessions saved by earlier versions, which are still read",
}

# English that reads as translated.
PHRASES = re.compile(
    r"\b(?:is no (?!longer\b)|so (?:many|much)\b|anew\b|whoever\b|nobody\b|somebody\b|he\b|him\b|his\b)", re.IGNORECASE
)
PHRASES_KEPT = ("the user nobody", "user `nobody`")

# A function's docstring starts with a verb, so not with one of these.
NOT_VERBS = set(
    re.findall(
        r"\w+",
        """A All An And Another Any As At Because Before Behind Both But By Each Either Every Everything For From He How
        If In Into It Its Many No None Not Nothing Now Of On One Only Or Other Our Same See Several She Since So Some
        Such That The Their Them Then There These They This Those Three To Two Under Until We What Whatever When Where
        Whether Which While Who Whole Whose Why With Without You Your""",
    )
)


def parts_of(identifier: str) -> list[str]:
    """Return the words of a name in snake or camel case, in lower case."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", identifier)]


def identifiers(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield (line, name) of whatever a source gives a name to or names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.value.lineno, node.arg
        elif isinstance(node, ast.alias):
            for name in node.name.split("."):
                yield node.lineno, name


def private_word(identifier: str) -> bool:
    """Return whether the field has another term for it."""
    if identifier in IDENTIFIERS_KEPT:
        return False
    plain = identifier.lstrip("_")
    return identifier in WHOLE or plain in WHOLE or bool(PARTS.keys() & set(parts_of(identifier)))


def starts_badly(docstring: str) -> bool:
    """Return whether a function's docstring does not start with a verb, as far as a list can tell."""
    first = docstring.split(maxsplit=1)[0]
    return not first[0].isalpha() or first.strip(".,:;") in NOT_VERBS


def phrases_in(text: str) -> list[str]:
    """Return what a stranger stumbles over."""
    for kept in PHRASES_KEPT:
        text = text.replace(kept, "")
    return [found[0] for found in PHRASES.finditer(text)]


def test_names_are_the_fields_terms() -> None:
    found = [
        f"{shown(path, line)} {name}"
        for path in program_sources()
        for line, name in [(1, path.stem), *identifiers(tree_of(path))]
        if private_word(name)
    ]
    assert found == []


def test_docstrings_of_functions_start_with_a_verb() -> None:
    found = [
        f"{shown(path, node.lineno)} {node.name}: {text.splitlines()[0][:60]}"
        for path in program_sources()
        for node, text in docstrings_of(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and starts_badly(text)
    ]
    assert found == []


def test_docstrings_of_classes_start_with_a_noun() -> None:
    found = [
        f"{shown(path, node.lineno)} {node.name}: {text.splitlines()[0][:60]}"
        for path in program_sources()
        for node, text in docstrings_of(path)
        if isinstance(node, ast.ClassDef) and re.match(r"(Of|For|What|Who|See|Whether|How|When|Where)\b", text)
    ]
    assert found == []


def test_headers_say_used_by() -> None:
    """`Used by ...` is the one convention for who needs a module."""
    found = [
        shown(path)
        for path in program_sources()
        if re.search(r"\bServes\b|^For: ", ast.get_docstring(tree_of(path)) or "", re.MULTILINE)
    ]
    assert found == []


def test_texts_are_plain() -> None:
    """What users read, docstrings and comments."""
    found = [
        f"{shown(path, line)} {phrase}: {text[:60]}"
        for path in program_sources()
        for line, text in texts_of(path)
        for phrase in phrases_in(text)
    ]
    assert found == []


def test_documents_are_plain() -> None:
    found = [
        f"{shown(path, number)} {phrase}"
        for path in DOCUMENTS
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for phrase in phrases_in(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("name", "private"),
    [
        ("NurseryKeeper", True), ("_old_nursery", True), ("_LULL_S", True), ("Post", True), ("_Post", True),
        ("post", False), ("watch", False), ("Watch", True), ("in_flight", False), ("flight", True), ("strange", False),
        ("arrangement", False), ("coins", False), ("coins_drawn", True),
    ],
)  # fmt: skip
def test_private_words_are_seen(name: str, private: bool) -> None:
    assert private_word(name) is private


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("frob is no verb", ["is no "]),
        ("it is no longer there", []),
        ("So many of them, and nobody waits for him", ["So many", "nobody", "him"]),
        ("as the user nobody; this and the history: then shed", []),
        ("It begins anew", ["anew"]),
    ],
)
def test_translated_english_is_seen(text: str, found: list[str]) -> None:
    assert phrases_in(text) == found


@pytest.mark.parametrize(
    ("text", "bad"),
    [
        ("Return the ids.", False),
        ("Of the row.", True),
        ("(when, event) pairs.", True),
        ("See X.", True),
        ("`x`", True),
    ],
)
def test_a_bad_beginning_is_seen(text: str, bad: bool) -> None:
    assert starts_badly(text) is bad
