"""Every rule of the collection of how model files are really written has its tests, named after its number."""

from __future__ import annotations

import re

from support.paths import ROOT

RULES = range(1, 24)  # of section A


def test_every_rule_has_a_test() -> None:
    found = {
        int(number)
        for path in (ROOT / "tests").rglob("test_*.py")
        for number in re.findall(r"^def test_rule_(\d+)_", path.read_text(), re.MULTILINE)
    }
    assert found == set(RULES)
