"""--course as one object: the ids around a text, the length of a turn, and nothing of it outside labs."""

from __future__ import annotations

import re

import pytest
from support.paths import ROOT

from llmproc.config import SamplingParams
from llmproc.engine.events import Finish
from llmproc.errors import RequestError
from llmproc.labs.course.rules import COURSE
from llmproc.labs.course.template import CourseTemplate
from llmproc.session.conversation import Conversation
from llmproc.session.rules import ORDINARY
from llmproc.text.templates.messages import ChatMessage
from llmproc.text.tokenizers.sidecar import Sidecar
from llmproc.text.tokenizers.tokenizer import Tokenizer
from llmproc.text.tokenizers.vocabulary import Vocabulary


def vocabulary(size: int, user_at: int) -> Tokenizer:
    """A vocabulary of `size` entries in which `user` is another id than the exercise's."""
    pieces = [b"<unk>", b"<s>", b"</s>", b" ", *(b"<%d>" % token for token in range(4, size))]
    pieces[user_at] = b"user"
    for offset, letter in enumerate(b"user"):
        pieces[4 + offset] = bytes((letter,))
    entries = Vocabulary(tuple(pieces), tuple(-float(i) for i in range(size)), 16)
    return Tokenizer(entries, Sidecar(bos=1, eos=(2,), unk=0, template="plain"), byte_tokens=False)


@pytest.mark.parametrize("size", [4094, 5000, 32000])
def test_the_ids_are_fixed_whatever_the_vocabulary_calls_them(size: int) -> None:
    tokenizer = vocabulary(size, user_at=900)
    assert CourseTemplate().open(tokenizer, "") == [1, 4093, 2, 1]
    assert CourseTemplate().open(tokenizer, "e") == [1, 4093, 3, 6, 2, 1]


def test_a_vocabulary_that_is_too_small_for_them_spells_user() -> None:
    assert CourseTemplate().open(vocabulary(4093, user_at=900), "e")[:2] != [1, 4093]
    with pytest.raises(RequestError, match="needs ids 1 and 2"):
        CourseTemplate().open(
            Tokenizer(
                Vocabulary((b"a", b"b"), (0.0, 0.0), 1), Sidecar(bos=None, eos=(0,), unk=None, template="plain"), False
            ),
            "a",
        )


def test_a_turn_has_a_fixed_length_and_the_next_one_adds_no_closing_id() -> None:
    tokenizer = vocabulary(5000, user_at=900)
    sampling = SamplingParams(0.6, 0.9, max_tokens=3)
    conversation = Conversation(tokenizer, CourseTemplate(), 2048, sampling, rules=COURSE)
    prepared = conversation.prepare("e")
    order = prepared.order
    assert (order.max_tokens, order.closing, order.end_tokens) == (255, 2, [])
    conversation.complete(prepared, [7] * 255 + [2], _finish(len(order.ids)))
    assert conversation.length == len(order.ids) + 256
    assert conversation.prepare("e").order.ids[conversation.length :] == [1, 4093, 3, 6, 2, 1]


def _finish(prompt: int) -> Finish:
    return Finish(
        request_id=1, reason="length", message="", prompt_tokens=prompt, cached_tokens=0, new_tokens=256, draws=256,
        discarded=9, positions=prompt + 256, prefill_s=0.1, decode_s=0.1,
    )  # fmt: skip


def test_render_agrees_with_the_turns() -> None:
    tokenizer, template = vocabulary(5000, user_at=900), CourseTemplate()
    ids = template.render(tokenizer, [ChatMessage("user", "e")])
    assert ids == template.open(tokenizer, "e")
    assert template.render(tokenizer, [ChatMessage("user", "e")], add_generation_prompt=False) == ids[:-1]


def test_the_exercise_differs_in_every_rule() -> None:
    """A rule that is the same in both would be no rule."""
    same = [name for name in ORDINARY.__slots__ if getattr(ORDINARY, name) == getattr(COURSE, name)]
    assert same == []


def test_no_core_room_asks_for_the_exercise_by_name() -> None:
    asked = re.compile(r"""[=!]= *["']course["']|["']course["'] *[=!]=|\.course\b""")
    rooms = ("session", "service", "text", "engine", "dispatch", "processes", "batch", "api", "kernels")
    for room in rooms:
        for path in (ROOT / "llmproc" / room).rglob("*.py"):
            assert not asked.search(path.read_text()), path
