"""The instruction set that intrinsics generate code for, fixed when this module is imported.

The kernel cache's key holds it too: code of one set is never loaded under another.
"""

from __future__ import annotations

import platform

from llmproc.config import Environment
from llmproc.hardware import isa

TARGET = isa.choose(Environment.read().isa)
HAS_VNNI = TARGET.name == isa.AVX512VNNI
# Without the instructions an fma would be a call into libm per lane, and half precision one into a runtime that is
# not there. Arm's baseline has both.
_ARM = platform.machine() == "aarch64"
HAS_FMA = HAS_HALF = TARGET.name != isa.PORTABLE or _ARM
