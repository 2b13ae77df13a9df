"""`python -m llmproc.main [seed]`: the prompt loop."""

import sys

if __name__ == "__main__":
    from llmproc.files.interpreter import leave_current_folder, quiet_interrupt

    quiet_interrupt()
    leave_current_folder()

    from llmproc.apps.exits import call_verb, leave, prepare_process

    prepare_process()
    leave(call_verb("llmproc.apps.chat.app:main", sys.argv[1:], "python -m llmproc.main"))
