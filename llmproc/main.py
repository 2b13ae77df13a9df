"""`python -m llmproc.main [seed]`: the prompt loop."""

from __future__ import annotations

import sys

from llmproc.apps.startup import prepare_process

if __name__ == "__main__":
    prepare_process()

    from llmproc.apps.chat.app import main

    sys.exit(main(sys.argv[1:]))
