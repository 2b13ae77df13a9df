"""The chat app: check options and files, start a template, and only then import the rest."""

from __future__ import annotations

from collections.abc import Sequence

from llmproc.apps.chat.options import parse_options
from llmproc.apps.exits import exit_code_of
from llmproc.config import Environment
from llmproc.service.early import early_template
from llmproc.session.model_files import read_model_files


def main(arguments: Sequence[str], prog: str = "python -m llmproc.main") -> int:
    """Run the prompt loop; returns the exit code. Errors are one line on stderr."""

    def chat() -> int:
        options = parse_options(prog, arguments, Environment.read())
        files = read_model_files(options.model, options.tokenizer, options.rules.template, options.template_options)
        files.check_system(options.system)
        with early_template() as template:
            from llmproc.apps.chat.running import run_chat  # here: meanwhile the template imports what it needs

            return run_chat(options, files, template)

    return exit_code_of(chat)
