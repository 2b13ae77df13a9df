"""Which instruction set is chosen from which flags, and what is refused."""

from __future__ import annotations

import pytest

from llmproc.errors import UsageError
from llmproc.hardware import isa

AVX2 = frozenset(["sse2", "avx", "avx2", "fma", "f16c"])
VNNI = AVX2 | frozenset(["avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni"])


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        (VNNI, isa.AVX512VNNI),
        (VNNI - {"avx512_vnni"}, isa.AVX2),
        (VNNI - {"avx512bw"}, isa.AVX2),
        (AVX2, isa.AVX2),
        (AVX2 - {"f16c"}, isa.PORTABLE),
        (frozenset({"asimd", "asimddp"}), isa.PORTABLE),
        (frozenset[str](), isa.PORTABLE),
    ],
)
def test_the_best_one_is_found(flags: frozenset[str], name: str) -> None:
    assert isa.choose(None, flags) == isa.InstructionSet(name, False)


def test_one_that_is_there_can_be_forced() -> None:
    assert isa.choose("avx2", VNNI) == isa.InstructionSet(isa.AVX2, True)
    assert isa.choose("portable", frozenset()).forced


def test_what_the_cpu_lacks_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="avx512_vnni"):
        isa.choose("avx512vnni", VNNI - {"avx512_vnni"})
    with pytest.raises(UsageError, match="LLMPROC_ISA is sse9"):
        isa.choose("sse9", VNNI)


def test_numba_is_told_only_when_forced() -> None:
    assert isa.choose(None, VNNI).numba_settings == {}
    assert isa.choose("avx512vnni", VNNI).numba_settings == {}
    assert set(isa.choose("avx2", VNNI).numba_settings) == {"NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"}


def test_flags_are_read_from_either_kind_of_cpuinfo() -> None:
    assert isa.cpu_flags("processor : 0\nflags\t\t: fpu avx2\nbugs : x\n\nflags : other\n") == {"fpu", "avx2"}
    assert isa.cpu_flags("processor : 0\nFeatures : fp asimd\n") == {"fp", "asimd"}
    assert isa.cpu_flags("nothing here") == frozenset()
    assert isa.cpu_flags()
