"""The subreaper flag is the process's, and several supervisors may need it at overlapping times."""

from __future__ import annotations

import pytest

from llmproc.processes import system
from llmproc.processes.orphan_reaper import OrphanReaper


@pytest.mark.parametrize("before", [False, True])
def test_the_flag_stays_until_the_last_fork_and_is_then_what_it_was(before: bool) -> None:
    system.set_child_subreaper(before)
    try:
        one, other = OrphanReaper(), OrphanReaper()
        one.fork_begins()
        other.fork_begins()
        one.fork_ended()
        assert system.get_child_subreaper(), "the other one's worker would become init's child"
        one.fork_ended()
        assert system.get_child_subreaper()
        other.search("nobody-has-this-name")
        other.fork_ended()
        assert system.get_child_subreaper(), "there is still a search"
        other.collect(set())
        assert system.get_child_subreaper() is before
    finally:
        system.set_child_subreaper(False)
