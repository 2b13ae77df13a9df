#!/usr/bin/env bash
# Numba compiles a function once more for every constant that another compiled function calls it with.
#
# `step(x, 1)` and `step(x, 2)` inside a compiled function: one would guess that both are step(int64, int64), as they
# are when Python calls it, and as constants only count where `literally` asks for them. Seen (numba 0.68.1, 0.62.0):
# three calls with constants and one with a variable make four versions of step, each typed and lowered for itself; the
# same calls from Python make one. A pass that marks its place by number compiled its helpers up to 17 times.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

cat >"$place/look.py" <<'PYTHON'
import numba
from numba import njit


@njit
def step(x, by):
    return x + by


@njit
def walk(x):
    return step(step(step(step(x, 1), 2), 3), x)


@njit
def alone(x, by):
    return x + by


walk(5)
for by in (1, 2, 5):
    alone(5, by)
print(numba.__version__, len(step.overloads), len(alone.overloads))
print(*sorted(str(signature) for signature in step.overloads))
PYTHON

seen=""
for version in 0.62.0 0.68.1; do
    python3 -m venv "$place/$version"
    "$place/$version/bin/python" -m pip install --quiet --disable-pip-version-check "numba==$version"
    line=$("$place/$version/bin/python" "$place/look.py")
    echo "numba, versions made by compiled callers, by Python: $line"
    seen+="${line%%$'\n'*};"
done
[ "$seen" = "0.62.0 4 1;0.68.1 4 1;" ] || { echo "this has changed" >&2; exit 1; }
