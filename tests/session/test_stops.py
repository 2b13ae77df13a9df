"""Stop texts in a text that comes in pieces: the same is found, and shown, however the text is cut."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from llmproc.config import MAX_STOP_LENGTH, MAX_STOPS
from llmproc.session.stops import StopFinder, automaton

TEXTS = st.text("ab\n", max_size=30)
STOPS = st.lists(st.text("ab\n", min_size=1, max_size=5), min_size=1, max_size=4)


def reference(text: str, stops: list[str]) -> str | None:
    """The text before the stop that is complete first, the longest of those that end there; None without one."""
    found = [(at + len(stop), at) for stop in stops if (at := text.find(stop)) >= 0]
    return text[: min(found)[1]] if found else None


def held_back(text: str, stops: list[str]) -> int:
    """How many last characters of a text without a stop may be the beginning of one."""
    return max((size for stop in stops for size in range(len(stop)) if text.endswith(stop[:size])), default=0)


def cut(text: str, places: list[int]) -> list[str]:
    ends = sorted({min(place, len(text)) for place in places} | {len(text)})
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@settings(max_examples=1500, deadline=None)
@given(text=TEXTS, stops=STOPS, places=st.lists(st.integers(0, 30), max_size=8))
@example("aab", ["ab"], [1, 2])
@example("abab\n", ["abb", "bab\n"], [2])
@example("abb", ["abb", "b"], [])  # complete first is `b`, though it begins later
@example("aab", ["b", "aab"], [])  # complete with the same character: the one that begins first
def test_it_is_what_str_find_finds_over_the_whole_text(text: str, stops: list[str], places: list[int]) -> None:
    finder, shown, fed = StopFinder(stops), "", ""
    wanted = reference(text, stops)
    for piece in cut(text, places):
        shown, fed = shown + finder.feed(piece), fed + piece
        if not finder.found:
            assert shown == fed[: len(fed) - held_back(fed, stops)], "never more is held back than may be a beginning"
    assert finder.found == (wanted is not None)
    if wanted is None:
        assert shown + finder.flush() == text and finder.flush() == ""
    else:
        assert shown == wanted and finder.feed("more") == "" and finder.flush() == ""


def test_a_beginning_that_goes_on_otherwise_is_shown() -> None:
    finder = StopFinder(["STOP"])
    assert [finder.feed(piece) for piece in ("a S", "T", "STO", "x")] == ["a ", "", "ST", "STOx"]
    assert not finder.found


class Counting(dict[str, int]):
    """The states that follow one state; counts how often it is asked."""

    looked = 0

    def __contains__(self, key: object) -> bool:
        Counting.looked += 1
        return super().__contains__(key)


def test_the_work_grows_as_the_text_does_for_all_stops_together() -> None:
    """With the worst texts for a search that begins again at every character."""
    stops = tuple("a" * (MAX_STOP_LENGTH - size) + "b" for size in range(1, MAX_STOPS + 1))
    known = automaton(stops)
    known.following[:] = [Counting(each) for each in known.following]
    finder, text = StopFinder(stops), ("a" * (MAX_STOP_LENGTH + 20) + "c") * 20
    for place in range(0, len(text), 3):
        finder.feed(text[place : place + 3])
    automaton.cache_clear()
    assert not finder.found and 0 < Counting.looked <= 2 * len(text)


def test_the_same_stop_texts_share_what_finds_them() -> None:
    assert automaton(("a", "bc")) is automaton(("a", "bc"))
    first, second = StopFinder(["bc"]), StopFinder(["bc"])
    assert first.feed("xb") == "x" and second.feed("c") == "c", "but not how far they are"
