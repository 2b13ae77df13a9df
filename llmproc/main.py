"""`python -m llmproc.main [seed]`: the prompt loop."""

from __future__ import annotations

import sys

from llmproc.apps.chat.app import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
