"""The prompts of the lab, answered by `llmproc.main --course` on the same model; and what can be compared of a text.

Used by `lab.py` and the judges. Nothing is stored: the reference runs when a program is checked.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from llmproc.labs.checking.program import CheckedProgram, Patience
from llmproc.labs.checking.transcript import Transcript
from llmproc.labs.lab import CheckRequest
from llmproc.labs.processes.runs import SEED, LabRuns, converse
from llmproc.monitor.courselog import parse_speed_line

MODEL, TOKENIZER = "model.bin", "tokenizer.bin"
TAIL = 40  # characters: programs differ in whether they print the closing id and the token after it
_PATIENCE = Patience(quiet_s=120, total_s=1200)  # the first start of all compiles kernels
_PACKAGE_PARENT = Path(__file__).resolve().parents[3]
_NOT_COMPARED = re.compile(r"[^\t-\r -~]")  # single bytes beyond ASCII are printed by some programs, dropped by others


def answer_as_course(request: CheckRequest, runs: LabRuns) -> None:
    """Run the reference on the folder's own model and tokenizer; `no_reference` says why when that cannot be."""
    missing = [name for name in (MODEL, TOKENIZER) if not (request.folder / name).is_file()]
    if missing:
        runs.no_reference = f"{' and '.join(missing)} not in {request.folder}"
        return
    files = ["--model", str(request.folder.resolve() / MODEL), "--tokenizer", str(request.folder.resolve() / TOKENIZER)]
    command = [sys.executable, "-m", "llmproc.main", "--course", str(SEED), *files, "--run-dir", "none"]
    with (
        tempfile.TemporaryDirectory() as place,
        CheckedProgram(command, Path(place), _PATIENCE, {"PYTHONPATH": str(_PACKAGE_PARENT)}) as program,
    ):
        converse(program, hold=False)
        program.wait_end("the end of the reference", 0)
        runs.expected = program.seen
    if program.seen.status != 0:
        runs.no_reference = f"llmproc.main --course: {program.seen.ending()}"


def answers(seen: Transcript) -> list[str]:
    """Return the text of each answer up to its speed line, without notices, in characters that all programs print."""
    found = []
    for exchange in seen.exchanges:
        lines = []
        for line in seen.text(exchange.begin, exchange.end).splitlines(keepends=True):
            if parse_speed_line(line):
                break
            if not line.startswith(("[INFO]", "Child exited")):
                lines.append(line)
        found.append(_NOT_COMPARED.sub("", "".join(lines)).strip())
    return found


def difference(text: str, expected: str, prompt: str) -> int | None:
    """Return the place from which `text` is not the expected one; None when only the last `TAIL` characters differ.

    A program may print the prompt again before its answer.
    """
    start = text.find(expected[: max(1, min(80, len(expected) - TAIL))])
    text = text[start if 0 <= start <= len(prompt) + TAIL else 0 :]
    pairs = zip(text, expected, strict=False)
    same = next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(text), len(expected)))
    return None if max(len(text), len(expected)) - same <= TAIL else same
