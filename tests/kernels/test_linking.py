"""Object files: their symbols are read with care, and what cannot be linked is said before LLVM sees it."""

from __future__ import annotations

import ctypes
import json
import random
import struct
import subprocess
import sys
from typing import Any

import pytest
from llvmlite import binding, ir
from support.paths import ROOT

from llmproc import kernels
from llmproc.kernels import cache, linking, store
from llmproc.kernels.elf import ObjectError, read_symbols


@pytest.fixture(scope="module")
def code() -> dict[str, bytes]:
    """Object files as compilers made them."""
    kernels.load(kernels.COMMON, kernels.RINGS)
    return store.read(cache.directory(), ["take", "fence", "probabilities", "fill_angles", "open_gate"])


def made(name: str, calls: str) -> bytes:
    """An object file whose function `name` calls another one."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    module = ir.Module("made")
    kind = ir.FunctionType(ir.IntType(64), [ir.IntType(64)] * 5)
    function, other = ir.Function(module, kind, name), ir.Function(module, kind, calls)
    builder = ir.IRBuilder(function.append_basic_block())
    builder.ret(builder.call(other, function.args))
    machine = binding.Target.from_triple(binding.get_process_triple()).create_target_machine(jit=True)
    return machine.emit_object(binding.parse_assembly(str(module)))


def test_what_entries_need_is_the_c_library_and_nothing_of_numbas(code: dict[str, bytes]) -> None:
    needed = {name: read_symbols(data).undefined for name, data in code.items()}
    assert needed["take"] == needed["fence"] == frozenset()
    assert needed["probabilities"] == {"expf"} and needed["open_gate"] == {"syscall"}
    assert needed["fill_angles"] <= {"sinf", "cosf", "sincosf"}
    for name, data in code.items():
        assert read_symbols(data).defined == {f"llmproc_{name}"}, "an entry, and nothing else that others could see"


def test_linked_code_can_be_called(code: dict[str, bytes]) -> None:
    functions = linking.link({"take": code["take"], "fence": code["fence"]})
    words = (ctypes.c_int64 * 32)()
    assert functions["take"](ctypes.addressof(words), 1, ctypes.addressof(words) + 200, 1, 0) == -1
    assert functions["fence"]() is None
    with pytest.raises(ctypes.ArgumentError):
        functions["take"](1.5, 1, 1, 1, 0)
    with pytest.raises(TypeError):
        functions["take"](1)


def test_a_missing_symbol_is_named_and_ends_nothing() -> None:
    data = made("llmproc_take", "no_such_function_anywhere")
    assert read_symbols(data).undefined == {"no_such_function_anywhere"}
    with pytest.raises(linking.LinkError, match="take needs no_such_function_anywhere, which this process"):
        linking.link({"take": data})


def test_code_of_another_name_is_refused() -> None:
    with pytest.raises(linking.LinkError, match="does not define llmproc_take"):
        linking.link({"take": made("llmproc_publish", "labs")})


def test_a_process_without_llvmlite_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    with pytest.raises(linking.LinkError, match="llvmlite cannot be used"):
        linking.link({"take": b""})


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"x" * 64, b"\x7fELF\x02\x01\x01" + b"\xff" * 57])
def test_what_is_not_an_object_file_is_refused(data: bytes) -> None:
    with pytest.raises(ObjectError):
        read_symbols(data)
    with pytest.raises(linking.LinkError):
        linking.link({"take": data})


def test_every_truncation_is_refused_or_harmless(code: dict[str, bytes]) -> None:
    data = code["take"]
    for length in range(0, len(data) - 1, 7):
        with pytest.raises(ObjectError):
            read_symbols(data[:length])


def test_damaged_files_end_in_names_or_an_object_error(code: dict[str, bytes]) -> None:
    """Any bytes may stand there: offsets that point outside, sections of no size, names that do not end."""
    chance, refused = random.Random(1), 0
    for _ in range(3000):
        data = bytearray(code["probabilities"])
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(data) - 8)
            data[at : at + 8] = struct.pack("<Q", chance.choice([0, 1, 2**31, 2**63, chance.randrange(2**64)]))
        try:
            read_symbols(bytes(data))
        except ObjectError:
            refused += 1
    assert 100 < refused < 3000


FORCED = """
import json, sys
from llmproc import kernels
from llmproc.kernels import build, linking
if sys.argv[1] == "numba":
    def refuse(objects):
        raise linking.LinkError("forced by a test")
    build.link = refuse
"""
CHOICES = """
import numpy as np
kernels.load(kernels.COMMON)
sys.path.append('tests')
from kernels import choice_calls
from llmproc.kernels import calls
random, found = np.random.default_rng(0), []
for size in (1, 15, 16, 300, 2048):
    for heat in (0.3, 1.0, 7.0):
        logits = (8 * random.standard_normal((3, size))).astype(np.float32)
        best, shares, keys = np.empty(3, np.int64), np.empty(size, np.float32), np.zeros(size, np.uint64)
        calls.argmax(best, logits)
        found += best.tolist() + [choice_calls.probabilities(shares, logits[0], np.float32(heat))]
        found += shares.view(np.uint32).tolist() + [choice_calls.draw(shares, coin / 8) for coin in range(8)]
        if size > 1:
            count = choice_calls.candidates(keys, shares, 0.9)
            keys = np.sort(keys[:count])
            found += [count, keys.tolist()]
            found += [choice_calls.draw_top_p(keys, shares, 0.9, coin / 8) for coin in range(8)]
angles = np.empty((50, 16), np.float32)
calls.fill_angles(angles, np.linspace(0.001, 1, 4, dtype=np.float32), 1.25)
found += angles.view(np.uint32).ravel().tolist()
print(json.dumps([found, kernels.fallback_reason(), "numba" in sys.modules]))
"""
WHOLE = """
import numpy as np
from llmproc.config import EngineOptions, shipped_file
from llmproc.engine.engine import Engine
from llmproc.engine.events import Token
from llmproc.engine.loading import open_forward
from llmproc.engine.sequence import SequenceRequest
options = EngineOptions(threads=2, sequences=3)
with open_forward(shipped_file("model", "model.bin"), options) as forward:
    engine = Engine(forward, options)
    for number, length in enumerate((300, 9, 40)):
        ids = [(7 * i * i + 11 * number) % 2048 for i in range(length)]
        engine.add(SequenceRequest(number, tuple(ids), 24, temperature=0.8 * (number > 0), top_p=0.9, seed=number))
    found, bits = [], forward.workspace.logits
    while engine.busy:
        found += [[event.request_id, event.token] for event in engine.step() if isinstance(event, Token)]
        found.append(int(bits.view(np.uint32).astype(np.uint64).sum()))
print(json.dumps([found, kernels.fallback_reason(), "numba" in sys.modules]))
"""


def answers(program: str, how: str) -> list[Any]:
    done = subprocess.run([sys.executable, "-c", FORCED + program, how], cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    found: list[Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("program", [CHOICES, pytest.param(WHOLE, marks=pytest.mark.soak)], ids=["choices", "whole"])
def test_numba_in_the_process_gives_the_same_bits(program: str) -> None:
    """The whole pass takes Numba 15 seconds of CPU time, what chooses a token one."""
    found, reason, numba = answers(program, "linked")
    assert (reason, numba) == ("", False) and len(found) > 70
    assert answers(program, "numba") == [found, "forced by a test", True]


def test_the_linkers_code_does_not_stay_in_memory_and_can_link_again() -> None:
    """Its pages are dropped after each use: what is read again is what the file holds."""
    code = """
import re
from llmproc import kernels

def resident_kb():
    found, wanted = 0, False
    for line in open("/proc/self/smaps"):
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            wanted = " r-xp " in line and line.rstrip().endswith("libllvmlite.so")
        elif wanted and line.startswith("Rss:"):
            found += int(line.split()[1])
    return found

kernels.load(kernels.COMMON)
first = resident_kb()
kernels.load(kernels.RINGS)
print(first, resident_kb())
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert all(int(size) < 4096 for size in done.stdout.split()), done.stdout
