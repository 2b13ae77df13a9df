"""`python -m llmproc <verb>`."""

from __future__ import annotations

import sys

from llmproc.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
