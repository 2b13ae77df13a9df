"""The clients' process against a server: as many under way as there are clients, and every failure is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from experiments.stub_servers import recorded, running_stub

from llmproc.errors import StartError
from llmproc.experiments.http_load.line_process import LineProcess
from llmproc.experiments.http_load.load_client import DrivenLoad, LoadClient
from llmproc.experiments.http_load.prompts import bodies_for
from llmproc.experiments.http_load.server_process import free_port
from llmproc.experiments.http_load.streamed import failure

PROMPT, NEW = 12, 10


def failures(load: DrivenLoad) -> list[str]:
    return [words for answer in load.answers if (words := failure(answer, PROMPT, NEW)) is not None]


def test_every_client_gets_every_answer(tmp_path: Path) -> None:
    bodies = bodies_for(4, 3, PROMPT, NEW, 0)
    with running_stub(tmp_path) as server, LoadClient() as client:
        load = client.drive(server.port, bodies)
        again = client.drive(server.port, bodies[:1])
    assert len(load.answers) == 12 and failures(load) == []
    assert load.answers[0].text == "".join(f" {n}" for n in range(NEW))
    assert all(len(answer.gaps_s) == NEW - 1 and answer.first_s for answer in load.answers)
    assert len(again.answers) == 3 and failures(again) == [], "the same process drives again"
    asked = [body["prompt"] for body in recorded(tmp_path, "body")]
    assert len(asked) == 15 and len(set(asked)) == 12
    assert load.seconds >= max(answer.total_s for answer in load.answers) and load.client_s > 0


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("cut", "the stream was cut"),
        ("short", f"{NEW // 2} tokens, by usage; finish reason length"),
        ("error", "no slot"),
        ("refuse", "busy"),
    ],
)
def test_what_a_server_does_wrong_is_told_and_the_next_request_goes_on(tmp_path: Path, fault: str, words: str) -> None:
    with running_stub(tmp_path, fault) as server, LoadClient() as client:
        load = client.drive(server.port, bodies_for(2, 4, PROMPT, NEW, 0))
    assert len(load.answers) == 8 and failures(load) == [words] * 4


def test_a_server_may_close_after_an_answer_without_a_word(tmp_path: Path) -> None:
    """llama-server does, after every stream (the tree in llama-cpp-python 0.3.36)."""
    with running_stub(tmp_path, "leave") as server, LoadClient() as client:
        load = client.drive(server.port, bodies_for(3, 5, PROMPT, NEW, 0))
    assert len(load.answers) == 15 and failures(load) == []
    asked = [body["prompt"] for body in recorded(tmp_path, "body")]
    assert len(asked) == len(set(asked)) == 15, "nothing that was read is asked twice"


def test_a_request_that_is_read_and_not_answered_has_failed(tmp_path: Path) -> None:
    with running_stub(tmp_path, "silent") as server, LoadClient() as client:
        load = client.drive(server.port, bodies_for(1, 1, PROMPT, NEW, 0) + bodies_for(1, 1, PROMPT, NEW, 99))
    assert sorted(failures(load)) == ["the connection was closed without an answer"]


def test_a_port_without_a_server_is_told_for_every_request() -> None:
    with LoadClient() as client:
        load = client.drive(free_port(), bodies_for(2, 2, PROMPT, NEW, 0))
    assert len(load.answers) == 4 and all("onnect" in words for words in failures(load))


def test_a_server_that_does_not_end_is_left(tmp_path: Path) -> None:
    with running_stub(tmp_path) as server, LoadClient() as client:
        load = client.drive(server.port, bodies_for(2, 1, PROMPT, 100_000, 0), limit_s=0.3)
        assert failures(load) == ["not ended in time"] * 2


def test_a_process_that_dies_is_one_line() -> None:
    with LineProcess("llmproc.experiments.http_load.client_process") as process:
        with pytest.raises(StartError, match=r"client_process ended with status 1: KeyError: 'port'"):
            process.ask({"path": "/"})
        process.close()
