"""What Numba must find in the environment, and what it may not: to be settled before Numba is imported.

Used by the process that compiles, and by those that import Numba as a last resort. No Numba here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from llmproc.config import Environment
from llmproc.errors import StartError
from llmproc.hardware import isa

ALWAYS = {"NUMBA_DISABLE_INTEL_SVML": "1"}  # SVML: its sums depend on what happens to be installed
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # their pools start when NumPy is imported

_prepared = False


def settings(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Variables to set for Numba. UsageError for an instruction set that cannot be; StartError where Numba is off."""
    chosen = isa.choose(Environment.read(environment).isa).numba_settings
    _refuse(environment)
    return dict.fromkeys(ONE_THREAD, "1") | ALWAYS | chosen


def _refuse(environment: Mapping[str, str]) -> None:
    """StartError for settings under which Numba would not compile, or not start."""
    disabled, threads = environment.get("NUMBA_DISABLE_JIT", ""), environment.get("NUMBA_NUM_THREADS", "")
    if disabled not in ("", "0"):
        raise StartError(f"NUMBA_DISABLE_JIT is {disabled}: must be unset or 0, kernels have to be compiled")
    if threads and not (threads.isdecimal() and int(threads) >= 1):
        raise StartError(f"NUMBA_NUM_THREADS is {threads}: must be unset, or 1 or more")


def prepare() -> None:
    """Set the variables in this process. RuntimeError when Numba has been imported without them.

    To be called before NumPy is imported too where a process must keep one thread: BLAS pools start with NumPy.
    """
    global _prepared
    if _prepared:
        return
    if "numba" in sys.modules:
        raise RuntimeError("llmproc.kernels.environment.prepare() must run before numba is imported")
    os.environ.update(settings())
    _prepared = True
