"""`python -m llmproc <verb>`."""

from __future__ import annotations

import sys

from llmproc.apps.exits import leave
from llmproc.cli import main

if __name__ == "__main__":
    leave(main(sys.argv[1:]))
