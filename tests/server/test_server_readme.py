"""Every command of the server's README does what it says, typed by a shell."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from server.served import Served, served
from support.paths import ROOT

README = (ROOT / "llmproc" / "server" / "README.md").read_text()
COMMANDS = re.findall(r"^    (curl .*)$", README, re.MULTILINE)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The shipped model, as the README has it."""
    with served(tmp_path_factory.mktemp("readme")) as found:
        assert found.port
        yield found
        assert found.end() == 0


def test_the_readme_has_examples_of_both_interfaces() -> None:
    assert len(COMMANDS) >= 10
    assert {re.findall(r"8000(/[a-z0-9]+)", command)[0] for command in COMMANDS} >= {"/v1", "/api", "/health"}


@pytest.mark.parametrize("command", COMMANDS)
def test_an_example_is_answered(server: Served, command: str) -> None:
    assert shutil.which("curl"), "curl is needed"
    typed = command.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}").replace("curl ", "curl -sS --fail ", 1)
    done = subprocess.run(["sh", "-c", typed], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    if "/metrics" in command:
        assert "llmproc:generation_tokens_total" in done.stdout
    elif "stream" in command and "/v1" in command:
        assert done.stdout.endswith("data: [DONE]\n\n")
    else:
        assert [json.loads(line) for line in done.stdout.splitlines()]


def test_the_limits_in_the_readme_are_the_servers(server: Served) -> None:
    from llmproc.server.admission import MEMORY_MARGIN
    from llmproc.server.limits import KIB, MIB, HttpLimits

    limits = HttpLimits()
    for told in (
        f"{limits.head_bytes // KIB} KiB; {limits.body_bytes // MIB} MiB",
        f"{limits.head_s:g} s; {limits.body_s:g} s",
        f"| {limits.stalled_s:g} s |",
        f"| {limits.idle_s:g} s |",
        f"| {limits.connections},",
        f"{MEMORY_MARGIN // MIB} MiB",
        f"`--drain` seconds ({limits.drain_s:g})",
    ):
        assert told in README, told


def test_the_limits_on_the_page_of_batches_are_theirs() -> None:
    from llmproc.server.batches.lifecycle import LONGEST_WINDOW_S
    from llmproc.server.batches.limits import BatchLimits
    from llmproc.server.limits import MIB, HttpLimits

    limits = BatchLimits()
    page = (ROOT / "llmproc" / "server" / "batches" / "README.md").read_text()
    for told in (
        f"{limits.file_bytes // MIB} MiB; {limits.files} files with {limits.stored_bytes >> 30} GiB",
        f"{limits.lines:,}; {HttpLimits().body_bytes // MIB} MiB",
        f"| {limits.unfinished}; {limits.kept},",
        f"{limits.stalled_s:g} s without a byte",
        f"of {limits.errors} lines at most",
    ):
        assert told in page, told
    assert "a week at most" in page and LONGEST_WINDOW_S == 7 * 24 * 3600 and limits.upload_s == 3600
    assert f"{limits.file_bytes // MIB} MiB | 413" in README
