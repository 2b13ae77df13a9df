"""The same ids from the reference, from the kernels and through a worker; the course's golden ids through a worker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from service.serving import collect, serving
from support.orders import order

from llmproc import kernels
from llmproc.checkpoints.model_file import open_model
from llmproc.config import EngineOptions, SamplingParams, shipped_file
from llmproc.engine.batch import PAGE, Chunk
from llmproc.engine.loading import open_forward
from llmproc.engine.randomness import RandomStream
from llmproc.engine.reference import Reference
from llmproc.engine.sampling import Sampler, most_likely
from llmproc.labs.course.rules import COURSE as COURSE_RULES
from llmproc.labs.course.template import CourseTemplate
from llmproc.session.conversation import Conversation
from llmproc.session.session import ServiceSession
from llmproc.text.tokenizers.tokenizer import load_tokenizer

BOS, LENGTH = 1, 200
COURSE = EngineOptions(kv_type="f32", c_order=True)


def by_reference(path: Path, temperature: float, length: int = LENGTH) -> list[int]:
    kernels.load(kernels.COMMON)  # what draws a token
    header = open_model(path)
    weights = header.load().weights
    reference, stream, ids = Reference(header.description, weights, c_order=True), RandomStream(42), [BOS]
    for position in range(length):
        logits = reference.forward(ids[-1], position)
        ids.append(Sampler().sample(logits, most_likely(logits[None])[0], temperature, 0.9, stream))
    return ids[1:]


def by_kernels(path: Path, temperature: float, options: EngineOptions, length: int = LENGTH) -> list[int]:
    stream, ids, pages = RandomStream(42), [BOS], list(range(length // PAGE + 1))
    with open_forward(path, options) as forward:
        for position in range(length):
            logits = forward.run([Chunk(ids[-1:], position, pages, True)])[0]
            ids.append(Sampler().sample(logits, most_likely(logits[None])[0], temperature, 0.9, stream))
    return ids[1:]


def by_worker(path: Path, temperatures: list[float], options: EngineOptions, length: int = LENGTH) -> list[list[int]]:
    with serving(path, engine=options) as service:
        return [collect(service.submit(order([BOS], length, temperature)))[0] for temperature in temperatures]


def named(name: str, request: pytest.FixtureRequest) -> Path:
    """The shipped checkpoint, or one of the shared test data."""
    return shipped_file("model", "model.bin") if name == "shipped" else request.getfixturevalue("shared_data") / name


@pytest.mark.parametrize("name", ["shipped", "course-tiny-v2.bin", "stories260K.bin"])
def test_reference_kernels_and_worker_agree_token_for_token(name: str, request: pytest.FixtureRequest) -> None:
    path = named(name, request)
    through = by_worker(path, [0.0, 0.8], COURSE)
    for temperature, worker in zip([0.0, 0.8], through, strict=True):
        compiled = by_kernels(path, temperature, COURSE)
        assert len(compiled) == LENGTH
        assert worker == compiled
        assert by_reference(path, temperature, 60) == compiled[:60]


@pytest.mark.parametrize("name", ["shipped", "stories260K.bin"])
def test_a_worker_of_two_threads_gives_what_one_thread_here_does(name: str, request: pytest.FixtureRequest) -> None:
    """The fast order, as it is by default."""
    path = named(name, request)
    through = by_worker(path, [0.0, 0.8], EngineOptions(threads=2, sequences=2))
    assert through == [by_kernels(path, temperature, EngineOptions(threads=1)) for temperature in (0.0, 0.8)]


@pytest.mark.soak
@pytest.mark.parametrize("name", ["shipped", "course-tiny-v2.bin", "stories260K.bin"])
def test_reference_agrees_over_200_tokens(name: str, request: pytest.FixtureRequest) -> None:
    path = named(name, request)
    for temperature in (0.0, 0.8):
        assert by_reference(path, temperature) == by_kernels(path, temperature, COURSE)


def course_session(service: object, shared_data: Path, model: Path) -> ServiceSession:
    header = open_model(model)
    tokenizer = load_tokenizer(shared_data / "smollm-tokenizer.bin", header.description.vocab_size)
    sampling = SamplingParams(0.6, 0.9, seed=42)
    context = header.description.seq_len
    conversation = Conversation(tokenizer, CourseTemplate(), context, sampling, rules=COURSE_RULES)
    return ServiceSession(service, conversation)  # type: ignore[arg-type]


def test_course_turns_equal_the_c_engines_ids(shared_data: Path) -> None:
    golden = json.loads((shared_data / "course-golden.json").read_text())
    model = shared_data / "course-tiny-v2.bin"
    with serving(model, engine=COURSE) as service:
        session = course_session(service, shared_data, model)
        for prompt, length, expected in zip(
            golden["prompts"], golden["seq_len_after_turn"], golden["next_ids"], strict=True
        ):
            start = session.conversation.length
            answer = session.ask(prompt)
            text = "".join(answer)
            assert answer.finish is not None
            found = [*session.conversation.ids[start + 1 :], answer.finish.discarded]
            assert found == expected
            assert session.conversation.length == length
            assert text
        assert session.conversation.draws == 512
