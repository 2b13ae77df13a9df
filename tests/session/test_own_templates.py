"""Conversations over a tokenizer and a chat template that a model brings: rules 34 and 35 of shared/formats.md."""

from __future__ import annotations

from pathlib import Path

import pytest
from text.chat_cases import BYTE_LEVEL, TEMPLATES
from text.small_vocabularies import byte_level_metadata

from llmproc.config import SamplingParams
from llmproc.engine.events import Finish, Reason
from llmproc.errors import RequestError
from llmproc.session.conversation import Conversation
from llmproc.session.prompts import place_prompt
from llmproc.session.saving import read_session, write_session
from llmproc.session.turns import PreparedTurn
from llmproc.text.templates.messages import ChatMessage
from llmproc.text.templates.registry import template_for
from llmproc.text.tokenizers.contract import ChatSource
from llmproc.text.tokenizers.gguf import load_gguf_tokenizer
from llmproc.text.tokenizers.pieces import PieceTokenizer

BRIEF = "Be brief."


@pytest.fixture(scope="module")
def tokenizer() -> PieceTokenizer:
    return load_gguf_tokenizer(Path("model.gguf"), byte_level_metadata("qwen2"), 2000)


def conversation(
    tokenizer: PieceTokenizer, template: str, system: str | None = None, context: int = 4096
) -> Conversation:
    tokenizer.chat = ChatSource(TEMPLATES.get(template, template), BYTE_LEVEL)
    return Conversation(tokenizer, template_for(tokenizer), context, SamplingParams(), system)


def answer(talk: Conversation, prepared: PreparedTurn, text: str, reason: Reason = "end") -> None:
    """End a turn as a worker that wrote `text` does."""
    ids = talk.tokenizer.encode_rendered([text])
    if reason == "end":
        ids.append(talk.tokenizer.special[b"<|im_end|>"])
    prepared.turn.answer, prepared.turn.reason = text, reason
    finish = Finish(
        request_id=1, reason=reason, message="", prompt_tokens=1, cached_tokens=0, new_tokens=len(ids), draws=7,
        discarded=None, positions=len(prepared.order.ids) + len(ids), prefill_s=0.0, decode_s=0.0,
    )  # fmt: skip
    talk.complete(prepared, ids, finish)


def said(*texts: str, system: str | None = None) -> list[ChatMessage]:
    turns = [ChatMessage(("user", "assistant")[index % 2], text) for index, text in enumerate(texts)]
    return [*([ChatMessage("system", system)] if system else []), *turns]


def rendered(talk: Conversation, messages: list[ChatMessage]) -> list[int]:
    return talk.template.render(talk.tokenizer, messages)


@pytest.mark.parametrize("reason", ["end", "length"])
@pytest.mark.parametrize("name", ["chatml", "qwen3", "llama3", "zephyr"])
def test_rule_34_every_turn_is_what_the_template_renders(name: str, reason: Reason, tokenizer: PieceTokenizer) -> None:
    talk, texts = conversation(tokenizer, name, BRIEF), []
    for question, reply in (
        ("Hello <|im_end|>", " Hi "),
        ("And?", "\nYes.\n\n"),
        ("  ", "<think>\nwhy\n</think>\n\nso"),
    ):
        prepared = talk.prepare(question)
        texts.append(question)
        assert prepared.order.ids == rendered(talk, said(*texts, system=BRIEF))
        answer(talk, prepared, reply, reason)
        texts.append(reply)
    assert talk.prepare("Last").order.ids == rendered(talk, said(*texts, "Last", system=BRIEF))
    assert [turn.answer for turn in talk.turns] == texts[1::2]


def test_rule_34_what_stands_is_found_by_comparing(tokenizer: PieceTokenizer) -> None:
    """ChatML leaves an answer as it was, Llama 3 trims it: only the ids before it stand then."""
    for name, stands in (("chatml", True), ("llama3", False)):
        talk = conversation(tokenizer, name)
        first = talk.prepare("a")
        assert first.turn.start == 0
        answer(talk, first, " b ")
        later = talk.prepare("c")
        start = later.turn.start
        assert later.order.ids[:start] == talk.ids[:start]
        assert later.order.ids[start] != talk.ids[start] if start < talk.length else stands
        assert start >= len(first.order.ids) and (start >= talk.length - 1) == stands


def test_rule_34_reasoning_of_earlier_turns_is_left_out_by_qwen3(tokenizer: PieceTokenizer) -> None:
    talk = conversation(tokenizer, "qwen3")
    prepared = talk.prepare("1")
    answer(talk, prepared, "<think>\nvery long\n</think>\n\n2")
    later = talk.prepare("3")
    assert later.turn.start == len(prepared.order.ids)
    assert b"very long" not in tokenizer.decode(later.order.ids)
    assert talk.turns[0].answer == "<think>\nvery long\n</think>\n\n2"  # the user's history keeps it


def test_reasoning_that_the_template_opened_goes_back_to_it_apart(tokenizer: PieceTokenizer) -> None:
    talk = conversation(tokenizer, "reasoning")
    assert talk.template.opens_reasoning
    answer(talk, talk.prepare("1"), "why</think>2")
    expected = [*said("1"), ChatMessage("assistant", "2", "\nwhy"), *said("3")]
    assert talk.prepare("3").order.ids == rendered(talk, expected)


def test_regenerating_renders_the_same_prompt(tokenizer: PieceTokenizer) -> None:
    talk = conversation(tokenizer, "llama3", BRIEF)
    answer(talk, talk.prepare("a"), "b")
    second = talk.prepare("c")
    answer(talk, second, "d")
    again = talk.prepare_again()
    assert again.order.ids == second.order.ids and again.order.draws == 7
    assert again.turn.start == len(second.order.ids) - 1  # all of it stands but the id that the answer begins after
    answer(talk, again, "e")
    assert [turn.answer for turn in talk.turns] == ["b", "e"]


def test_a_fork_goes_on_alone(tokenizer: PieceTokenizer) -> None:
    talk = conversation(tokenizer, "chatml")
    answer(talk, talk.prepare("a"), "b")
    other = talk.fork()
    answer(other, other.prepare("c"), "d")
    assert (len(talk.turns), len(other.turns)) == (1, 2)
    assert talk.prepare("x").order.ids == rendered(talk, said("a", "b", "x"))
    assert other.prepare("x").order.ids == rendered(talk, said("a", "b", "c", "d", "x"))


def test_a_saved_conversation_goes_on_with_the_same_ids(tokenizer: PieceTokenizer, tmp_path: Path) -> None:
    """Also when a later rendering is shorter than an earlier turn's start: here a long beginning is left out later."""
    beginning = "{% if messages | length < 4 %}" + "once upon a time " * 20 + "{% endif %}"
    keep = beginning + "{% for m in messages %}{{ m.role }}:{{ m.content }}<|im_end|>{% endfor %}"
    for name in ("qwen3", keep):
        talk = conversation(tokenizer, name, None)
        for question, reply in (("a" * 50, "<think>b</think>" * 9), ("c", "d"), ("e", "f")):
            answer(talk, talk.prepare(question), reply)
        saved = talk.saved("model", "tokenizer")
        assert (max(turn.start for turn in saved.turns) > len(saved.ids)) == (name == keep)
        write_session(tmp_path / "saved", saved)
        other = conversation(tokenizer, name, None)
        other.restore(read_session(tmp_path / "saved"))
        one, two = talk.prepare("g"), other.prepare("g")
        assert (one.order, one.turn) == (two.order, two.turn)


def test_a_saved_conversation_needs_the_same_template(tokenizer: PieceTokenizer) -> None:
    saved = conversation(tokenizer, "chatml").saved("model", "tokenizer")
    assert saved.template.startswith("jinja-")
    conversation(tokenizer, "chatml").restore(saved)
    with pytest.raises(RequestError, match=f"the saved template is {saved.template}"):
        conversation(tokenizer, "llama3").restore(saved)


# -- messages ----------------------------------------------------------------------------------------------------------


def messages(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": role, "content": content} for role, content in pairs]


@pytest.mark.parametrize(
    "given",
    [
        [("system", "S"), ("user", "a"), ("assistant", "b"), ("user", "c")],
        [("user", "a"), ("user", "c")],
        [("user", "a"), ("system", "S"), ("user", "c")],
        [("assistant", "b"), ("user", "c")],
        [("system", ""), ("user", "c")],
    ],
)
def test_rule_17_messages_are_rendered_as_they_are(given: list[tuple[str, str]], tokenizer: PieceTokenizer) -> None:
    talk = conversation(tokenizer, "chatml", "of the command line")
    assert place_prompt(talk, messages(*given)) == "c"
    first = [] if any(role == "system" for role, _ in given[:1]) else [ChatMessage("system", "of the command line")]
    assert talk.prepare("c").order.ids == rendered(talk, [*first, *(ChatMessage(*pair) for pair in given)])


def test_a_turn_placed_by_hand(tokenizer: PieceTokenizer) -> None:
    talk = conversation(tokenizer, "llama3")
    talk.place("a", " b ")
    assert talk.prepare("c").order.ids == rendered(talk, said("a", " b ", "c"))
    talk.clear()
    assert talk.prepare("c").order.ids == rendered(talk, said("c"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "the last one must be the user's"),
        ([("user", "a"), ("assistant", "b")], "the last one must be the user's"),
        ([("tool", "a"), ("user", "b")], "message 0: role is 'tool': must be one of system, user, assistant"),
    ],
)
def test_messages_that_no_template_can_be_given(
    given: list[tuple[str, str]], words: str, tokenizer: PieceTokenizer
) -> None:
    with pytest.raises(RequestError, match=words):
        place_prompt(conversation(tokenizer, "chatml"), messages(*given))


def test_rule_35_what_the_template_refuses_is_one_line_and_nothing_is_lost(tokenizer: PieceTokenizer) -> None:
    talk = conversation(tokenizer, "mistral")
    place_prompt(talk, messages(("user", "a"), ("user", "b")))
    with pytest.raises(
        RequestError, match=r"the chat template refuses the messages: Conversation roles must"
    ) as caught:
        talk.prepare("b")
    assert caught.value.http_status == 400 and "\n" not in str(caught.value)
    talk = conversation(tokenizer, "mistral")
    answer(talk, talk.prepare("a"), "b")
    before = (list(talk.ids), list(talk.turns), talk.draws)
    talk.system = BRIEF
    with pytest.raises(RequestError, match="has no place for a system message"):
        talk.prepare("c")
    assert (talk.ids, talk.turns, talk.draws) == before
    talk.system = None
    assert talk.prepare("c").order.ids == rendered(talk, said("a", "b", "c"))
    with pytest.raises(RequestError, match="has no place for a system message"):
        place_prompt(conversation(tokenizer, "mistral"), messages(("system", "S"), ("user", "a")))


def test_a_conversation_that_fills_the_context_is_refused(tokenizer: PieceTokenizer) -> None:
    talk = conversation(tokenizer, "chatml", context=60)
    with pytest.raises(RequestError, match="positions and the context has 60"):
        talk.prepare("many words " * 30)


# -- what ends an answer -----------------------------------------------------------------------------------------------


def test_rule_3_the_ends_of_model_tokenizer_and_template_together(tokenizer: PieceTokenizer) -> None:
    template = conversation(tokenizer, "llama3").template
    talk = Conversation(tokenizer, template, 100, SamplingParams(), ends=(3, 5))
    names = (b"<|eot_id|>", b"<|endoftext|>", b"<|im_end|>", b"</s>")
    assert set(talk.prepare("a").order.end_tokens) == {3, 5, *(tokenizer.special[name] for name in names)}
