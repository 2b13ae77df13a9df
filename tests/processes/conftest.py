"""Makes the echo child and the recording listener importable: templates find them by PYTHONPATH, tests by this."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
