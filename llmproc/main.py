"""`python -m llmproc.main [seed]`: the prompt loop."""

from __future__ import annotations

import sys

from llmproc.apps.exits import leave, prepare_process

if __name__ == "__main__":
    prepare_process()

    from llmproc.apps.chat.app import main

    leave(main(sys.argv[1:]))
