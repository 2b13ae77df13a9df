"""Record what the real clients send, into golden/: `PYTHONPATH=tests python -m clients.record [CLIENT ...]`.

Each client runs its documented use against the stand-in server; make.sh makes its environment first if there is none
(--environments FOLDER: where; its default is the user's cache).
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from clients.driving import client_program, environment_of, pins
from clients.goldens import FOLDER, Golden, distinct, golden_of, write
from clients.recorder.recorder import Recorder, recording
from clients.uses import NOT_RECORDED, PROGRAMS, RECORDED, RECORDING, SETTINGS

QUIET_S = 1.0  # a client may ask for more in the background after it has answered (litellm: /api/show)


def recorded(client: str, environments: Path | None = None) -> list[Golden]:
    """What a client sends, each request once. AssertionError if its program fails."""
    environment = environment_of(client, environments)
    settings = {**SETTINGS.get(client, {}), **RECORDING.get(client, {})}
    with (
        recording() as recorder,
        client_program(PROGRAMS[client], environment, recorder.url, None, **settings) as program,
    ):
        for case in (case for case in program.cases if case not in NOT_RECORDED):
            recorder.case = case
            program.outcome(case)
            _quiet(recorder)
        return distinct([golden_of(client, received, recorder.url) for received in recorder.received])


def _quiet(recorder: Recorder) -> None:
    """Wait until no more comes."""
    seen = -1
    while seen != (seen := len(recorder.received)):
        time.sleep(QUIET_S)


def main(arguments: list[str]) -> None:
    """Record the clients that are named, or all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clients", nargs="*", metavar="CLIENT", help=", ".join(RECORDED))
    parser.add_argument("--environments", type=Path, metavar="FOLDER")
    options = parser.parse_args(arguments)
    for client in options.clients:
        if client not in RECORDED:
            parser.error(f"CLIENT {client}: must be one of {', '.join(RECORDED)}")
    for client in options.clients or RECORDED:
        goldens = recorded(client, options.environments)
        write(client, pins()[client], goldens)
        print(f"{FOLDER / client}.json: {len(goldens)} requests")


if __name__ == "__main__":
    main(sys.argv[1:])
