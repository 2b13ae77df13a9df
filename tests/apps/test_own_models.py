"""Models that bring their own tokenizer and chat template, in every program that answers prompts.

Folders of Hugging Face's stand in as tokenizers here: which models run is for the tests of the engine.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from apps.batching import batch, rows_of
from support.chatting import answers, run
from support.own_models import write_own_folder, write_own_gguf

from llmproc import LLM, SamplingParams
from llmproc.apps.chat.app import main
from llmproc.batch.provenance import tokenizer_digest
from llmproc.errors import UsageError
from llmproc.session.model_files import read_model_files

HOW = ("--weights", "int8", "--max-tokens", "6", "--threads", "1")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    for name in ("qwen3", "mistral", "reasoning"):
        write_own_gguf(folder / f"{name}.gguf", name)
    write_own_folder(folder / "folder", "chatml", generation_config={"do_sample": True, "temperature": 0.7, "top_k": 0})
    return folder


def test_chat_takes_both_from_the_file(models: Path, tmp_path: Path) -> None:
    model = models / "qwen3.gguf"
    text = f"Hello <|im_end|>\nAnd?\n/show\n/save {tmp_path / 'kept'}\n/load {tmp_path / 'kept'}\n/regen\n"
    code, out, _ = run(tmp_path, "7", "--model", model, *HOW, text=text)
    files = read_model_files(model)
    assert code == 0 and "error" not in out
    template = f"{files.template.name}, the model's own"
    for line in (f"  model        {model}", f"  tokenizer    {model}", f"  template     {template}"):
        assert line in out.splitlines()
    with LLM(model, weights="int8", threads=1) as llm:
        chat = llm.session(params=SamplingParams(max_tokens=6, seed=7))
        first, second = chat.ask("Hello <|im_end|>"), chat.ask("And?")
        assert answers(out)[:2] == [f"{first.text}\n", f"{second.text}\n"]
        loaded = llm.load(tmp_path / "kept")
        assert loaded.history == chat.history and loaded.ask("More").text == chat.ask("More").text
    saved = json.loads((tmp_path / "kept").read_text())
    assert (saved["model"], saved["tokenizer"], saved["template"]) == (str(model), str(model), files.template.name)


def test_a_folder_named_as_tokenizer_with_what_there_is_to_say(models: Path, quick: Path, tmp_path: Path) -> None:
    code, out, _ = run(
        tmp_path, "--model", quick, "--tokenizer", models / "folder", "--max-tokens", "3", text="Hello\n/show\n"
    )
    assert code == 0 and f"  tokenizer    {models / 'folder'}" in out
    said = "[INFO] generation_config.json names no eos_token_id: that of config.json ends a text ([3])\n"
    assert out.startswith(said) and out.count(said) == 1


def test_reasoning_is_hidden_when_asked(models: Path, tmp_path: Path) -> None:
    """Of two answers, which begin inside reasoning, one leaves it."""
    how = ("42", "--model", models / "reasoning.gguf", "--weights", "int8", "--max-tokens", "60")
    text = "Hello\n/set verbose on\nAgain\n"
    shown, hidden = (run(tmp_path, *how, *more, text=text)[1] for more in ((), ("--reasoning", "hide")))
    whole, left = ([answer.strip() for answer in answers(out) if answer.strip()] for out in (shown, hidden))
    assert [answer.count("</think>") for answer in whole] == [0, 1]
    assert left == [whole[1].partition("</think>")[2].lstrip()]
    assert "of them reasoning), decode" in shown and "of them reasoning), decode" in hidden


def test_template_options(models: Path, tmp_path: Path) -> None:
    how = ("--model", models / "qwen3.gguf", *HOW)
    option = ("--template-option", "enable_thinking=false")
    rows = [rows_of(batch(tmp_path, "-", *how, *more, text="Hello\n")[1])[0] for more in ((), option)]
    files = read_model_files(models / "qwen3.gguf")
    more = len(files.tokenizer.encode_rendered(["<think>\n\n</think>\n\n"]))
    assert rows[1]["prompt_tokens"] == rows[0]["prompt_tokens"] + more
    with LLM(models / "qwen3.gguf", weights="int8", template_options={"enable_thinking": False}) as llm:
        assert llm.generate("Hello", SamplingParams(max_tokens=6))[0].prompt_tokens == rows[1]["prompt_tokens"]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (
            ("--template-option", "enable_thinkin=false"),
            "template option enable_thinkin: the model's chat template has",
        ),
        (("--template-option", "enable_thinking"), "--template-option is 'enable_thinking': must be NAME=VALUE"),
        (("--template-option", "a=1", "--course"), "--template-option cannot be used with --course"),
    ],
)
def test_template_options_that_are_refused(
    flags: tuple[str, ...], words: str, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--model", str(models / "qwen3.gguf"), *flags]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"llmproc: {words}") and err.count("\n") == 1


def test_the_api_refuses_them_too(models: Path) -> None:
    with pytest.raises(UsageError, match="template option nothing: "):
        LLM(models / "qwen3.gguf", template_options={"nothing": 1})


def test_rule_35_a_row_that_the_template_refuses_fails_alone(models: Path, tmp_path: Path) -> None:
    rows = [
        {"prompt": "Hello"},
        {"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]},
        {"messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "b"}]},
        {"messages": [{"role": role, "content": "x"} for role in ("user", "assistant", "user")]},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    how = ("--format", "jsonl", "--model", models / "mistral.gguf", *HOW)
    code, out, _ = batch(tmp_path, "-", *how, text=text)
    found = rows_of(out)
    assert code == 1 and [row["status"] for row in found] == ["ok", "error", "error", "ok"]
    assert found[1]["error"].startswith("line 2: the chat template refuses the messages: Conversation roles must")
    assert "has no place for a system message" in found[2]["error"]


def test_a_resume_needs_the_same_template(models: Path, tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("Hello\nAnd?\n")
    how = ("p.txt", "-o", "r.jsonl", "--model", models / "qwen3.gguf", *HOW)
    assert batch(tmp_path, *how)[0] == 0
    whole = (tmp_path / "r.jsonl").read_text()
    option = ("--template-option", "enable_thinking=false")
    code, _, log = batch(tmp_path, *how, *option, "--resume")
    assert code == 2 and "was started with a different input, model or options" in log
    (tmp_path / "r.jsonl").write_text(whole.splitlines(True)[0])
    assert batch(tmp_path, *how, "--resume")[0] == 0
    assert [row["text"] for row in rows_of(tmp_path / "r.jsonl")] == [row["text"] for row in rows_of(whole)]


def test_what_identifies_a_tokenizer(models: Path, tmp_path: Path) -> None:
    """All files of a folder that count; the bytes of a GGUF file."""
    folder = write_own_folder(tmp_path / "folder")
    digest = tokenizer_digest(folder)
    assert (
        digest == tokenizer_digest(folder / "tokenizer.json") == tokenizer_digest(write_own_folder(tmp_path / "other"))
    )
    seen = {digest, tokenizer_digest(models / "qwen3.gguf"), tokenizer_digest(models / "mistral.gguf")}
    (folder / "unrelated.txt").write_text("x")
    assert tokenizer_digest(folder) == digest
    for name in ("chat_template.jinja", "generation_config.json", "special_tokens_map.json", "tokenizer_config.json"):
        (folder / name).write_text("{}")
        seen.add(tokenizer_digest(folder))
    assert len(seen) == 7


def test_the_api_says_it_to_its_logger(models: Path, quick: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "llmproc"), LLM(quick, models / "folder", threads=1) as llm:
        assert llm.tokenizer == models / "folder"
        assert llm.generate("Hello", SamplingParams(max_tokens=2))[0].ok
    assert [record.message for record in caplog.records if "eos_token_id" in record.message] != []
