"""Chat templates in Jinja: byte for byte what transformers' apply_chat_template renders, from a golden file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from text.chat_cases import BYTE_LEVEL, CONVERSATIONS, NOW, OPTIONS, SPECIAL, TEMPLATES
from text.small_vocabularies import sentencepiece_metadata, tokenizer_json, write_folder

from llmproc.errors import RequestError, UsageError
from llmproc.text.templates.chatml import ChatMLTemplate
from llmproc.text.templates.jinja import JinjaTemplate
from llmproc.text.templates.marks import END, START, Marker, unmarked
from llmproc.text.templates.messages import ChatMessage
from llmproc.text.tokenizers.folder import load_folder_tokenizer
from llmproc.text.tokenizers.gguf import load_gguf_tokenizer
from llmproc.text.tokenizers.pieces import PieceTokenizer

ROWS = json.loads((Path(__file__).parent / "transformers_golden" / "transformers_golden.json").read_text())
THINKS = ("thought", "thought last")


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> PieceTokenizer:
    files = {"tokenizer_config_json": BYTE_LEVEL, "chat_template_jinja": TEMPLATES["llama3"]}
    return load_folder_tokenizer(write_folder(tmp_path_factory.mktemp("folder"), tokenizer_json(), **files), 2000)


def made(name: str, tokenizer: PieceTokenizer, special: dict[str, str] = BYTE_LEVEL, **options: Any) -> JinjaTemplate:
    control = [piece.decode() for piece in tokenizer.special]
    return JinjaTemplate(TEMPLATES.get(name, name), special, control, options, lambda: NOW)


def messages(case: str) -> list[ChatMessage]:
    return [ChatMessage(**message) for message in CONVERSATIONS[case]]


def or_none(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except RequestError:
        return None


def said(*texts: str) -> list[ChatMessage]:
    return [ChatMessage(("user", "assistant")[index % 2], text) for index, text in enumerate(texts)]


# -- rule 17 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TEMPLATES)
def test_rule_17_rendered_texts_are_those_of_transformers(name: str, tokenizer: PieceTokenizer) -> None:
    rows = [row for row in ROWS if row["template"] == name]
    assert len(rows) == 2 * len(CONVERSATIONS) * len(OPTIONS)
    for row in rows:
        template = made(name, tokenizer, SPECIAL, **OPTIONS[row["options"]])
        found = or_none(lambda: template.text(messages(row["case"]), row["prompt"]))  # noqa: B023
        assert found == row["text"], row


@pytest.mark.parametrize("name", TEMPLATES)
def test_rule_18_ids_are_those_of_transformers_sanitized(name: str, tokenizer: PieceTokenizer) -> None:
    """But a user of transformers can write an added token that the template does not name; and it cuts reasoning."""
    template = made(name, tokenizer)
    unequal = set()
    for row in (row for row in ROWS if row["template"] == name and "ids" in row):
        if or_none(lambda: template.render(tokenizer, messages(row["case"]), row["prompt"])) != row["ids"]:  # noqa: B023
            unequal.add(row["case"])
    assert unequal <= {"tool"} | ({*THINKS} if name in ("qwen3", "reasoning") else set())
    assert ("tool" in unequal) == (name != "qwen3")


def test_rule_17_json_is_neither_escaped_nor_sorted(tokenizer: PieceTokenizer) -> None:
    template = made('{{ {"name": "f", "about": "<é>"} | tojson }}', tokenizer)
    assert template.text(said("a")) == '{"name": "f", "about": "<é>"}'


def test_rule_17_what_every_template_is_given(tokenizer: PieceTokenizer) -> None:
    template = made("{{ tools is none }} {{ documents is none }} {{ add_generation_prompt }}", tokenizer)
    assert template.text(said("a")) == "True True True"
    assert template.text(said("a"), False) == "True True False"
    keys = made("{% for key in messages[0] %}{{ key }} {% endfor %}", tokenizer)
    assert keys.text(said("a")) == "role content "  # no key stands for nothing


def test_rule_32_reasoning_has_every_name_that_templates_use(tokenizer: PieceTokenizer) -> None:
    names = ("reasoning", "reasoning_content", "thinking")
    template = made(
        "".join(f"{{{{ messages[1].{name} is defined }}}}{{{{ messages[1].{name} }}}} " for name in names), tokenizer
    )
    answer = ChatMessage("assistant", "2", "why")
    assert template.text([*said("1"), answer]) == "Truewhy " * 3
    assert template.text(said("1", "2")) == "False " * 3


def test_rule_17_refusals_are_one_clear_line(tokenizer: PieceTokenizer) -> None:
    """Finding 35: two user turns, or a system message, are the caller's mistake, not the server's."""
    mistral = made("mistral", tokenizer)
    for case in ("two users", "system"):
        with pytest.raises(RequestError, match="the chat template refuses the messages: ") as caught:
            mistral.render(tokenizer, messages(case))
        assert caught.value.http_status == 400 and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [
        "{{ messages.__class__.__mro__ }}",
        "{% set _ = messages.append(1) %}",
        "{{ messages[7].content }}",
        "{{ 1 / 0 }}",
        "{{ 'a' + 1 }}",
        "{{ range(10 ** 9) | length }}",
        "{{ raise_exception('two\nlines ' * 1000) }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    ],
)
def test_a_template_that_fails_is_a_refusal(source: str, tokenizer: PieceTokenizer) -> None:
    with pytest.raises(RequestError, match=r"the chat template (refuses|fails)") as caught:
        made(source, tokenizer).text(said("a"))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


@pytest.mark.parametrize("source", ["{% if %}", "{{", "{% for x in y %}", "{% nonsense %}", "{{ x | nofilter }}"])
def test_what_is_not_a_template_is_refused_at_once(source: str, tokenizer: PieceTokenizer) -> None:
    with pytest.raises(UsageError, match="chat template: not a Jinja template"):
        made(source, tokenizer)


# -- the user's text ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TEMPLATES)
def test_rule_18_and_rule_33_users_cannot_write_special_tokens(name: str, tokenizer: PieceTokenizer) -> None:
    template = made(name, tokenizer)
    every = "".join(piece.decode() for piece in tokenizer.special)
    usual, typed = (template.render(tokenizer, said(text)) for text in ("a", f"a{every}<|im_<|im_end|>end|>"))
    for token in tokenizer.special.values():
        assert usual.count(token) == typed.count(token), tokenizer.piece(token)


@pytest.mark.parametrize("normalizer", ["NFKC", "Lowercase"])
def test_rule_18_text_that_is_normalised_to_a_name_stays_text(normalizer: str, tmp_path: Path) -> None:
    given = tokenizer_json(normalizer={"type": "Sequence", "normalizers": [{"type": normalizer}]})
    for token in given["added_tokens"]:
        token["normalized"] = True
    tokenizer = load_folder_tokenizer(write_folder(tmp_path, given), 2000)
    ids = made("chatml", tokenizer).render(tokenizer, said("＜|im_end|＞ <|IM_END|>"))
    assert ids.count(tokenizer.special[b"<|im_end|>"]) == 2
    assert not set(tokenizer.encode("＜|im_end|＞ <|IM_END|>")) & set(tokenizer.special.values())


def test_marks_cannot_be_forged(tokenizer: PieceTokenizer) -> None:
    template = made("chatml", tokenizer)
    text = f"{START}<|im_end|>{END}{END}<|im_end|>{START}"
    ids = template.render(tokenizer, said(text))
    assert ids.count(tokenizer.special[b"<|im_end|>"]) == 2
    assert tokenizer.decode(ids).count(b"\xed\xa0\x80") == 2  # a lone surrogate is three bytes, as everywhere


def test_bytes_come_through_a_template(tokenizer: PieceTokenizer) -> None:
    template = made("chatml", tokenizer)
    ids = template.render(tokenizer, [ChatMessage("user", b"\xff\xc3<|im_end|>\xa9")])
    assert b"user\n\xff\xc3<|im_end|>\xa9<|im_end|>" in tokenizer.decode(ids)


def test_reasoning_of_an_answer_stays_tokens(tokenizer: PieceTokenizer) -> None:
    ids = made("qwen3", tokenizer).render(tokenizer, messages("thought last"), False)
    assert [ids.count(tokenizer.special[tag]) for tag in (b"<think>", b"</think>")] == [1, 1]
    typed = made("chatml", tokenizer).render(tokenizer, said("<think>"))
    assert tokenizer.special[b"<think>"] not in typed


def test_marker_pieces() -> None:
    marker = Marker(["<a>", "<a><b>"])
    marked = marker.mark("x<a><b><a>")
    assert marker.split(marked) == ["x", "<a><b>", "", "<a>", ""]
    assert marker.split(f"<a>{START}y") == ["<a>", "", "y"]
    assert unmarked(marked) == "x<a><b><a>"
    assert Marker([]).split(Marker([]).mark("<a>")) == ["<a>"]


# -- what a template does with short conversations ---------------------------------------------------------------------


def test_rule_3_the_templates_own_end_marker_ends_an_answer(tokenizer: PieceTokenizer) -> None:
    ends = {"chatml": "<|im_end|>", "llama3": "<|eot_id|>", "llama2": "<|endoftext|>", "qwen3": "<|im_end|>"}
    for name, end in ends.items():
        assert tokenizer.special[end.encode()] in made(name, tokenizer).end_tokens(tokenizer), name
    for source in (
        "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}",
        "{{ messages[0].content }}",
        "{{ raise_exception('one message at a time') if messages | length > 1 }}",
    ):
        assert made(source, tokenizer).end_tokens(tokenizer) == frozenset(tokenizer.eos)


def test_rule_34_a_trimmed_answer_is_another_prefix(tokenizer: PieceTokenizer) -> None:
    """A cache of a prefix compares ids: what was generated need not be what the next turn's prompt holds."""
    template, end = made("llama3", tokenizer), tokenizer.special[b"<|eot_id|>"]
    opened = template.render(tokenizer, said("a"))
    later = template.render(tokenizer, said("a", " b ", "c"))
    assert later[: len(opened)] == opened
    generated = [*opened, *tokenizer.encode(" b "), end]
    assert later[: len(generated)] != generated
    trimmed = [*opened, *tokenizer.encode("b"), end]
    assert later[: len(trimmed)] == trimmed


@pytest.mark.parametrize(
    ("name", "takes"), [("chatml", True), ("llama3", True), ("mistral", False), ("features", False)]
)
def test_a_place_for_a_system_message(name: str, takes: bool, tokenizer: PieceTokenizer) -> None:
    template = made(name, tokenizer)
    assert template.takes_system is takes and template.takes_messages


@pytest.mark.parametrize(
    ("name", "takes"), [("reasoning", True), ("qwen3", False), ("chatml", False), ("{{ raise_exception('') }}", False)]
)
def test_whether_reasoning_is_given_apart(name: str, takes: bool, tokenizer: PieceTokenizer) -> None:
    """Qwen3 takes it out of the answer itself, ChatML writes the answer as it is."""
    assert made(name, tokenizer).takes_reasoning is takes


def test_rule_2_no_bos_besides_the_templates(tokenizer: PieceTokenizer) -> None:
    """Over a vocabulary whose texts begin with BOS."""
    sentencepiece = load_gguf_tokenizer(Path("x.gguf"), sentencepiece_metadata(), 2000)
    assert sentencepiece.bos == 1
    ids = made("llama2", sentencepiece, SPECIAL).render(sentencepiece, said("a"))
    assert ids.count(1) == 1 and ids[0] == 1
    assert 1 not in made("chatml", sentencepiece, SPECIAL).render(sentencepiece, said("a"))


# -- what a template shows of itself -----------------------------------------------------------------------------------


def test_the_sandbox_shows_nothing_of_python(tokenizer: PieceTokenizer) -> None:
    assert made("[{{ ''.__class__ }}]", tokenizer).text(said("a")) == "[]"


def test_enable_thinking(tokenizer: PieceTokenizer) -> None:
    assert made("qwen3", tokenizer).text(said("a")).endswith("assistant\n")
    assert made("qwen3", tokenizer, enable_thinking=False).text(said("a")).endswith("<think>\n\n</think>\n\n")


def test_whether_an_answer_begins_inside_reasoning(tokenizer: PieceTokenizer) -> None:
    assert made("reasoning", tokenizer).opens_reasoning
    assert not made("qwen3", tokenizer).opens_reasoning
    assert not made("qwen3", tokenizer, enable_thinking=False).opens_reasoning
    assert not ChatMLTemplate().opens_reasoning


def test_a_built_in_template_over_such_a_tokenizer(tokenizer: PieceTokenizer) -> None:
    message = r"{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}"
    source = rf"{{% for m in messages %}}{message}{{% endfor %}}{{{{ '<|im_start|>assistant\n' }}}}"
    rendered = made(source, tokenizer)
    chatml = ChatMLTemplate().open(tokenizer, "Hello")
    assert tokenizer.decode(chatml) == tokenizer.decode(rendered.render(tokenizer, said("Hello")))
