"""What the standard streams still hold at the end of a program: written, or given up without a word."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from support.paths import ROOT

LEAVING = """
import os, sys
from llmproc.apps.exits import leave
from llmproc.files.streams import open_standard_streams
open_standard_streams()
sys.stdout.write("an answer in the buffer")
if sys.argv[1] == "gone":
    os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
leave(int(sys.argv[2]))
"""


@pytest.mark.parametrize(("how", "code", "status"), [("gone", 129, 129), ("gone", 0, 1), ("there", 0, 0)])
def test_what_cannot_be_written_at_the_end_changes_no_other_status(how: str, code: int, status: int) -> None:
    """The interpreter's own last flush would make it 120, with two lines on stderr."""
    environment = {**os.environ, "PYTHONUNBUFFERED": ""}
    command = [sys.executable, "-c", LEAVING, how, str(code)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (status, "")
    assert done.stdout == ("an answer in the buffer" if how == "there" else "")
