"""The Python API's conversations: history, forks that go on alone, and files that continue byte for byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import chatting
from support.programs import program

from llmproc import LLM, SamplingParams
from llmproc.errors import LlmprocError, UsageError

GREEDY = SamplingParams(temperature=0)
SAMPLED = SamplingParams(temperature=0.9, seed=3, max_tokens=60)
SYSTEM = "You are a teaching assistant for an operating systems course."
STORY = "Tell me a short story."


@pytest.fixture(scope="module")
def llm() -> Iterator[LLM]:
    with LLM(sequences=4) as model:
        yield model


@pytest.fixture(scope="module")
def endless(quick: Path) -> Iterator[LLM]:
    """Random text that goes on until it is stopped, or its 512 positions are full."""
    with LLM(quick, quick.with_name("tokenizer.bin"), sequences=2) as model:
        yield model


def idle(llm: LLM) -> bool:
    return not llm._running.service.open_requests()


def test_a_session_remembers(llm: LLM) -> None:
    session = llm.session(system=SYSTEM, params=GREEDY)
    first, second = session.ask("What is a process?"), session.ask("And a thread?")
    assert "program" in first.text and second.text.startswith("A thread")
    assert session.history == [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": "What is a process?"},
        {"role": "assistant", "content": first.text},
        {"role": "user", "content": "And a thread?"},
        {"role": "assistant", "content": second.text},
    ]
    assert second.cached_tokens > first.prompt_tokens, "the turns before are not computed again"
    assert session.positions == second.prompt_tokens + second.new_tokens
    assert repr(session) == f"<Session: 2 turns, {session.positions} of 2048 positions>"


def test_its_random_stream_goes_on_from_turn_to_turn(llm: LLM) -> None:
    one, other = llm.session(params=SAMPLED), llm.session(params=SAMPLED)
    texts = [one.ask(STORY).text for _ in range(3)]
    assert len(set(texts)) > 1 and texts == ["".join(other.stream(STORY)) for _ in range(3)]


def test_sessions_side_by_side_do_not_mix(llm: LLM) -> None:
    def talk(seed: int) -> list[str]:
        session = llm.session(params=SAMPLED.changed(seed=seed))
        return [session.ask(text).text for text in (STORY, "What is a pipe?", STORY)]

    alone = [talk(seed) for seed in (1, 2, 3)]
    sessions = [llm.session(params=SAMPLED.changed(seed=seed)) for seed in (1, 2, 3)]
    together: list[list[str]] = [[], [], []]
    for text in (STORY, "What is a pipe?", STORY):
        streams = [session.stream(text) for session in sessions]
        for texts, stream in zip(together, streams, strict=True):
            texts.append("".join(stream))
    assert together == alone


def test_a_fork_goes_on_as_the_session_would_have_and_alone(llm: LLM) -> None:
    session = llm.session(params=SAMPLED)
    session.ask(STORY)
    fork, third = session.fork(), session.fork()
    before = session.history
    told = fork.ask(STORY)
    assert session.history == before and third.history == before
    again = session.ask(STORY)
    assert (told.text, told.token_ids) == (again.text, again.token_ids), "same history, same random stream"
    assert told.cached_tokens > 0
    other = third.ask("What is a pipe?")
    assert other.text != told.text and fork.history == session.history != third.history
    assert fork.ask("And a thread?").token_ids == session.ask("And a thread?").token_ids


def test_a_saved_session_continues_byte_for_byte(llm: LLM, tmp_path: Path) -> None:
    session = llm.session(system=SYSTEM, params=SAMPLED)
    session.ask(STORY)
    session.save(tmp_path / "saved.json")
    told = [session.ask(text).text for text in (STORY, "What is a pipe?")]
    loaded = llm.load(tmp_path / "saved.json")
    assert loaded.params == SAMPLED and [loaded.ask(text).text for text in (STORY, "What is a pipe?")] == told
    assert loaded.history == session.history
    ended = program(
        f"""
        from llmproc import LLM
        with LLM() as llm:
            session = llm.load("saved.json")
            print(ascii([session.ask(text).text for text in ({STORY!r}, "What is a pipe?")]))
        """,
        tmp_path,
    )
    assert (ended.code, ended.err, ended.left) == (0, "", []) and ended.out.strip() == ascii(told)


def test_a_saved_session_is_the_prompt_loops_own(llm: LLM, tmp_path: Path) -> None:
    session = llm.session(params=GREEDY)
    session.ask("What is a process?")
    session.save(str(tmp_path / "saved.json"))
    said = json.loads((tmp_path / "saved.json").read_text())
    assert said["model"] == str(llm.model) and len(said["turns"]) == 1
    answers = "/load saved.json\nAnd a thread?\n"
    code, out, _ = chatting.run(tmp_path, "--temperature", "0", text=answers)
    assert code == 0 and session.ask("And a thread?").text in out


@pytest.mark.parametrize(
    "changes", [{"template": "plain"}, {"ids": [99999]}, {"draws": -1}, {"seed": 1 << 70}, {"extra": 1}]
)
def test_what_does_not_fit_is_not_loaded(llm: LLM, tmp_path: Path, changes: dict[str, object]) -> None:
    session = llm.session(params=GREEDY)
    session.ask("What is a process?")
    session.save(tmp_path / "saved.json")
    saved = json.loads((tmp_path / "saved.json").read_text())
    (tmp_path / "saved.json").write_text(json.dumps({**saved, **changes}))
    with pytest.raises(LlmprocError) as caught:
        llm.load(tmp_path / "saved.json")
    assert "\n" not in str(caught.value)
    with pytest.raises(LlmprocError, match="no such file"):
        llm.load(tmp_path / "nothing.json")


def test_one_turn_at_a_time(endless: LLM) -> None:
    session = endless.session(params=SamplingParams(temperature=0, max_tokens=100))
    stream = session.stream("go on")
    next(stream)
    for mistake in (lambda: session.ask("b"), lambda: session.stream("b"), session.fork):
        with pytest.raises(UsageError, match="a turn of this session is under way"):
            mistake()
    text = "".join(stream)
    assert stream.result.text.endswith(text) and session.ask("b").ok


def test_a_closed_or_dropped_stream_stays_in_the_history_as_far_as_it_was(endless: LLM) -> None:
    session = endless.session(params=SamplingParams(temperature=0, max_tokens=150))
    with session.stream("go on") as stream:
        next(stream)
    assert session.history[-1]["content"] == stream.result.text != ""
    for piece in session.stream("go on"):
        assert piece
        break
    fork = session.fork()  # waits for the last word on the turn that was dropped
    assert idle(endless) and len(session.history) == 4 and fork.history == session.history
    assert fork.ask("more").token_ids == session.ask("more").token_ids


def test_a_refused_prompt_never_happened(endless: LLM) -> None:
    session = endless.session(params=SamplingParams(temperature=0, max_tokens=20))
    session.ask("go on")
    before, positions = session.history, session.positions
    refused = session.ask("x" * 2000)
    assert refused.finish_reason == "failed" and "the context has 512" in str(refused.error)
    assert list(session.stream("x" * 2000)) == []
    assert (session.history, session.positions) == (before, positions) and session.ask("go on").ok


def test_params_may_change_between_turns(llm: LLM) -> None:
    session = llm.session(params=SAMPLED)
    first = session.ask(STORY)
    session.params = SAMPLED.changed(max_tokens=2)
    assert len(session.ask(STORY).token_ids) == 2
    fresh = llm.session(params=SAMPLED.changed(seed=9))
    fresh.ask(STORY)
    session.params = SAMPLED.changed(seed=9)
    assert session._conversation.draws == 0 and session.params.seed == 9 and first.ok


def test_a_session_keeps_its_model_alive(tmp_path: Path) -> None:
    ended = program(
        """
        import gc
        from llmproc import LLM, SamplingParams
        session = LLM().session(params=SamplingParams(temperature=0))
        gc.collect()
        print(session.ask("What is the capital of France?").text)
        """,
        tmp_path,
    )
    assert (ended.code, ended.out, ended.err) == (0, "The capital of France is Paris.\n", "") and not ended.left


def test_given_turns_stand_like_asked_ones(llm: LLM) -> None:
    conversation = llm._conversation(GREEDY, None)
    conversation.place("What is a process?", "A running program.")
    assert conversation.turns[0].answer == "A running program." and conversation.length > 10
    asked = llm.session(params=GREEDY)
    said = asked.ask("What is a process?").text
    conversation = llm._conversation(GREEDY, None)
    conversation.place("What is a process?", said)
    assert conversation.ids == asked._conversation.ids[:-1], "all but the end token, which the next turn puts"
