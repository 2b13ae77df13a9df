"""`python -m llmproc <command>`, and the script `llmproc` that an installation makes."""

import sys


def run() -> None:
    """Run the command line and exit."""
    from llmproc.files.interpreter import leave_current_folder, quiet_interrupt

    quiet_interrupt()
    leave_current_folder()

    from llmproc.apps.exits import leave
    from llmproc.cli import main

    leave(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
