"""Kernels under test are cached in the temporary folder, never in the user's home; kept there from run to run."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

os.environ["XDG_CACHE_HOME"] = str(Path(tempfile.gettempdir()) / f"llmproc-tests-{os.geteuid()}")
