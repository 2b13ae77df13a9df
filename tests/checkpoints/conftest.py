"""Lets the tests of this room import the plain modules beside them (files to refuse, a naive reader)."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
