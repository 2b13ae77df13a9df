"""The block that every document begins with: the machine as it was, the command as typed, the conditions as judged."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from llmproc.experiments.conditions import between, take
from llmproc.experiments.surroundings import Surroundings
from llmproc.experiments.turns import WARM_UP, in_turn, rotated, rounds


def test_the_fields_of_a_document() -> None:
    found = Surroundings.now()
    held = between(found.start, take(), set())
    block = found.as_dict("llmproc bench -p 8", held, ["the load average was 3.00 at the start"])
    assert list(block) == ["started", "command", "machine", "conditions", "warnings"]
    assert block["command"] == "llmproc bench -p 8" and block["warnings"] == ["the load average was 3.00 at the start"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}", block["started"])
    assert block["machine"]["cpus_allowed"] and block["conditions"]["seconds"] >= 0
    assert json.loads(json.dumps(block))["machine"] == block["machine"], "plain JSON"


def test_a_document_may_add_to_its_machine_block_alone() -> None:
    found = Surroundings.now()
    held = between(found.start, replace(found.start, t=found.start.t + 1), set())
    found.as_dict("a", held, [])["machine"]["cpus_usable"] = 7
    assert "cpus_usable" not in found.as_dict("b", held, [])["machine"]


def test_rounds_and_turns() -> None:
    assert list(rounds(3)) == [-1, 0, 1, 2] and len(rounds(0)) == WARM_UP
    assert rotated("abc", 4) == ["b", "c", "a"] and rotated("", 3) == []
    assert list(in_turn([("w", "ab"), ("v", "")], 1)) == [(-1, "w", "b"), (-1, "w", "a"), (0, "w", "a"), (0, "w", "b")]
