"""guidellm and aiperf to the end of a small run: their reports, not their exit codes, say whether all was well."""

from __future__ import annotations

from pathlib import Path

import pytest
from clients.driving import ClientProgram
from clients.recorder.recorder import recording
from clients.running import running

pytestmark = pytest.mark.soak
COUNT, TOKENS = 8, 8
guidellm = pytest.mark.parametrize("program", ["guidellm"], indirect=True)
aiperf = pytest.mark.parametrize("program", ["aiperf"], indirect=True)


@guidellm
@pytest.mark.parametrize("case", ["chat", "completions"])
def test_guidellm_reports_no_error(program: ClientProgram, case: str) -> None:
    """It found the model's name itself, and with ignore_eos every request brings the tokens that were asked for."""
    told = program.result(case)
    assert told["outcomes"] == {"successful": COUNT, "errored": 0, "incomplete": 0}, told["errors"]
    assert told["output_tokens"] == [TOKENS] * COUNT
    assert min(told["prompt_tokens"]) > 0


@aiperf
@pytest.mark.parametrize("case", ["chat_stream", "chat", "completions"])
def test_aiperf_reports_no_error(program: ClientProgram, case: str) -> None:
    told = program.result(case)
    assert (told["code"], told["requests"], told["failed"], told["errors"]) == (0, COUNT, 0, [])
    assert told["input_tokens"] > 0 and told["cancelled"] is False
    most = COUNT * TOKENS
    assert told["output_tokens"] == most if case == "chat_stream" else 0 < told["output_tokens"] <= most


@pytest.mark.parametrize("client", ["guidellm", "aiperf"])
def test_a_request_that_fails_is_in_the_report(client: str, tmp_path: Path) -> None:
    """Both end with exit code 0 all the same; neither comes again after status 429."""
    with recording() as recorder, running(client, recorder.url, tmp_path) as program:
        recorder.busy = 1
        told = program.result("chat")
    if client == "guidellm":
        assert told["outcomes"]["errored"] == 1 and "429" in told["errors"][0]
    else:
        assert told["failed"] == 1 and told["requests"] == COUNT - 1 and "429" in str(told["errors"])
