"""Arms on a fake clock are imported by tests of this room, of the report and of the verb."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
