#!/usr/bin/env bash
# LLVM's AVX-512 VNNI intrinsic takes other operand types from one llvmlite to the next.
#
# One would guess that a processor's intrinsic, whose instruction never changes, keeps its declaration: the same IR
# verifies in every version. Seen: llvmlite 0.47.0 (LLVM 20) wants llvm.x86.avx512.vpdpbusd.512 with 16 x i32 operands
# and refuses 64 x i8 ("Intrinsic has incorrect argument type!"); llvmlite 0.48.0 (LLVM 22) accepts 64 x i8, which is
# its declaration now, and still accepts 16 x i32. Code that emits the new form breaks where the old LLVM is installed.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

cat >"$place/look.py" <<'PYTHON'
import llvmlite
from llvmlite import binding

NAME = "llvm.x86.avx512.vpdpbusd.512"


def verifies(operand: str) -> bool:
    kinds = f"<16 x i32>, {operand}, {operand}"
    module = (
        f"declare <16 x i32> @{NAME}({kinds})\n"
        f"define <16 x i32> @f(<16 x i32> %a, {operand} %b, {operand} %c) {{\n"
        f"  %r = call <16 x i32> @{NAME}(<16 x i32> %a, {operand} %b, {operand} %c)\n  ret <16 x i32> %r\n}}\n"
    )
    try:
        binding.parse_assembly(module).verify()
    except RuntimeError:
        return False
    return True


print(llvmlite.__version__, binding.llvm_version_info[0], verifies("<16 x i32>"), verifies("<64 x i8>"))
PYTHON

seen=""
for version in 0.47.0 0.48.0; do
    python3 -m venv "$place/$version"
    "$place/$version/bin/python" -m pip install --quiet --disable-pip-version-check "llvmlite==$version"
    line=$("$place/$version/bin/python" "$place/look.py")
    echo "llvmlite, LLVM, 16 x i32 verifies, 64 x i8 verifies: $line"
    seen+="$line;"
done
[ "$seen" = "0.47.0 20 True False;0.48.0 22 True True;" ] || { echo "this has changed" >&2; exit 1; }
