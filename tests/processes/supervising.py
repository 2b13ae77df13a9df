"""Small steps that tests of the supervisor share."""

from __future__ import annotations

from processes.listening import Heard
from support.processes import children

from llmproc.processes.supervisor import Supervisor


def template_pid(heard: Heard) -> int:
    return heard.all("template_started")[-1][0]


def failure(supervisor: Supervisor, heard: Heard) -> Exception:
    """What it gave up with, after it has ended by itself."""
    (error,) = heard.wait("gave_up")
    assert supervisor.join(10)
    assert len(heard.all("gave_up")) == 1
    assert not children()
    return error
