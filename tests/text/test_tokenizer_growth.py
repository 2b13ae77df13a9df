"""A tokenizer.json of a few lines exhausts neither memory nor patience, and nothing the library throws gets through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from text.small_vocabularies import opened, sentencepiece_json, template_processing, tokenizer_json

from llmproc.errors import RequestError, TokenizerError
from llmproc.text.tokenizers.growth import MOST_GROWTH, check_growth, growth_of


def replace(content: str, pattern: dict[str, str] | None = None) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern or {"String": "a"}, "content": content}


def sequence(name: str, *steps: Any) -> dict[str, Any]:
    return {"type": "Sequence", name: list(steps)}


TEN = replace("a" * 10)
NINE_TIMES = [TEN] * 9  # a letter becomes a billion


def template(count: int) -> dict[str, Any]:
    made = template_processing("<s>", 1509)
    return {**made, "single": [*made["single"], *[made["single"][-1]] * (count - 1)]}


GROWING: dict[str, dict[str, Any]] = {
    "normalizer": {"normalizer": sequence("normalizers", *NINE_TIMES)},
    "normalizer, nested": {"normalizer": sequence("normalizers", sequence("normalizers", *NINE_TIMES), TEN)},
    "normalizer, after many that do nothing": {
        "normalizer": sequence("normalizers", *[replace("b")] * 2000, *NINE_TIMES)
    },
    "normalizer, of nothing": {"normalizer": sequence("normalizers", *[replace("a", {"Regex": ""})] * 20)},
    "normalizer, in one step": {"normalizer": replace("a" * (MOST_GROWTH + 1))},
    "decoder": {"decoder": sequence("decoders", *NINE_TIMES)},
    "post_processor": {"post_processor": template(MOST_GROWTH + 1)},
    "post_processor, nested": {"post_processor": sequence("processors", *[template(10)] * 3)},
}


@pytest.mark.parametrize("name", GROWING)
def test_a_text_that_grows_beyond_all_use_is_refused(tmp_path: Path, name: str) -> None:
    part = name.partition(",")[0]
    with pytest.raises(TokenizerError, match=f"{part} is one that makes a text up to [0-9,]+ times as long") as caught:
        opened(tmp_path, tokenizer_json(**GROWING[name]))
    assert "\n" not in str(caught.value) and str(caught.value).endswith(f"must be at most {MOST_GROWTH} times")


def test_ordinary_steps_are_left_alone(tmp_path: Path) -> None:
    llama = sentencepiece_json()
    for part in ("normalizer", "decoder", "post_processor"):
        assert growth_of(llama[part]) == 1
    quotes = sequence("normalizers", replace("…"), {"type": "NFKC"}, replace(" ", {"Regex": r" +"}), {"type": "Strip"})
    assert growth_of(quotes) == 2
    assert opened(tmp_path, tokenizer_json(normalizer=sequence("normalizers", TEN, TEN))).encode("a")


def test_growth_by_hand() -> None:
    assert growth_of(TEN) == 10 and growth_of(replace("")) == growth_of(replace("b")) == 1
    assert growth_of(replace("b", {"Regex": "x*"})) == growth_of(replace("b", {"String": ""})) == 2
    assert growth_of(sequence("normalizers", TEN, sequence("normalizers", TEN))) == 100
    assert growth_of(sequence("normalizers", *[TEN] * 400)) == 10**9
    assert growth_of(template(1)) == 1 and growth_of(template(7)) == 7
    check_growth(Path("x"), "normalizer", replace("a" * MOST_GROWTH))


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "normalizers", "single", "pattern", "content", "x"]), inner, max_size=4
        )
    ),
)


@given(JSON)
def test_any_value_has_a_growth(value: Any) -> None:
    assert 1 <= growth_of(value) <= 10**9


def test_a_pattern_that_takes_too_many_steps_is_an_error_of_the_request(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The library panics, which is no Exception to Python, and goes on afterwards."""
    slow = {"type": "Split", "pattern": {"Regex": "(a|aa)+$"}, "behavior": "Isolated", "invert": False}
    plain = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    tokenizer = opened(tmp_path, tokenizer_json(pre_tokenizer=sequence("pretokenizers", slow, plain)))
    before = tokenizer.encode("a b")
    with pytest.raises(RequestError, match=r"the tokenizers library cannot encode the text: .*retry-limit") as caught:
        tokenizer.encode("a" * 60 + "b")
    assert "\n" not in str(caught.value)
    assert tokenizer.encode("a b") == before
