"""Which vector instructions kernels are compiled for: found, or forced by LLMPROC_ISA.

Used by `simd` (which chooses code by it), the kernel cache (which keys by it) and doctor. An instruction set is forced
by telling Numba another CPU before it is imported: the name and feature list decide what LLVM may emit, so that a run
under `avx2` proves what an AVX2 machine would do. No Numba here.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

from llmproc.errors import LlmprocError, UsageError

PORTABLE, AVX2, AVX512VNNI = "portable", "avx2", "avx512vnni"
ISAS = (PORTABLE, AVX2, AVX512VNNI)  # each runs wherever the ones after it do, on x86
_NEEDS = {
    PORTABLE: frozenset[str](),
    AVX2: frozenset({"avx2", "fma", "f16c"}),
    AVX512VNNI: frozenset({"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "avx2", "fma", "f16c"}),
}
# x86-64 as the ABI guarantees it, and the level that AVX2 machines share; "" leaves Numba to find out.
_CPU_NAME = {PORTABLE: "x86-64", AVX2: "x86-64-v3", AVX512VNNI: ""}
_CPU_FEATURES = {PORTABLE: "+sse2", AVX2: "+avx2,+fma,+f16c,+bmi,+bmi2,+lzcnt,+movbe,+popcnt", AVX512VNNI: ""}


@dataclass(frozen=True, slots=True)
class InstructionSet:
    """The instruction set in force: its name, whether it was forced, and what Numba has to be told."""

    name: str
    forced: bool

    @property
    def numba_settings(self) -> dict[str, str]:
        """Return environment variables for Numba; {} when it should compile for the CPU it finds."""
        if not self.forced or not _CPU_NAME[self.name] or platform.machine() != "x86_64":
            return {}
        return {"NUMBA_CPU_NAME": _CPU_NAME[self.name], "NUMBA_CPU_FEATURES": _CPU_FEATURES[self.name]}


def cpu_flags(cpuinfo: str | None = None) -> frozenset[str]:
    """Return the feature flags of the first CPU in /proc/cpuinfo (x86: `flags`, Arm: `Features`). LlmprocError."""
    text = _cpuinfo() if cpuinfo is None else cpuinfo
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return frozenset(value.split())
    return frozenset()


def _cpuinfo() -> str:
    try:
        return Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError as error:
        raise LlmprocError(f"/proc/cpuinfo cannot be read ({error.strerror}): is /proc mounted?") from None


def available(flags: frozenset[str] | None = None) -> list[str]:
    """Return the sets of ISAS that `flags` (by default this CPU's) suffice for; the best comes last."""
    found = cpu_flags() if flags is None else flags
    return [name for name in ISAS if found >= _NEEDS[name]]


def choose(forced: str | None, flags: frozenset[str] | None = None) -> InstructionSet:
    """Choose the instruction set to compile for. UsageError for an unknown one, or one that this CPU lacks."""
    found = cpu_flags() if flags is None else flags
    if forced is None:
        return InstructionSet(available(found)[-1], False)
    if forced not in ISAS:
        raise UsageError(f"LLMPROC_ISA is {forced}: must be one of {', '.join(ISAS)}")
    missing = _NEEDS[forced] - found
    if missing:
        raise UsageError(f"LLMPROC_ISA is {forced}: this CPU lacks {', '.join(sorted(missing))}")
    return InstructionSet(forced, True)
