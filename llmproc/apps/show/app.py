"""`llmproc show`: open the model, print what is in it; one that cannot be run is shown with the reason."""

from __future__ import annotations

from collections.abc import Sequence

from llmproc.apps.exits import exit_code_of, interruptible
from llmproc.apps.show.facts import facts_of
from llmproc.apps.show.lines import as_lines
from llmproc.apps.show.options import parse_options
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.overview.unreadable import partial_facts
from llmproc.config import Environment
from llmproc.errors import CheckpointError
from llmproc.files.escaping import one_line, to_json
from llmproc.files.streams import print_result


def main(arguments: Sequence[str], prog: str = "python -m llmproc show") -> int:
    """Run the verb; returns the exit code."""

    def shown() -> int:
        interruptible()
        options = parse_options(prog, arguments, Environment.read())
        try:
            facts = facts_of(open_model(options.model), options.tokenizer)
        except CheckpointError as error:
            facts = partial_facts(options.model, error)
        if options.json:
            print_result(to_json(facts) + "\n")
        else:
            print_result("".join(f"{one_line(line)}\n" for line in as_lines(facts)))
        return 0

    return exit_code_of(shown)
