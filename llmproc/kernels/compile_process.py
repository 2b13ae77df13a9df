"""A process that compiles entries and writes their object files to its standard output.

    template                            this process, a fresh interpreter
      | exec, names as arguments ------>  | imports Numba, compiles
      | <--- stdout: one frame each ----- | frame: length of the name, length of the object file, name, object file
      | stdin stays open: its end means that the template is gone, and ends this process at once

Used by `build`, which runs this file by its path: the folder that holds the package is the first on the path then, and
nothing is imported from the current folder.
"""

from __future__ import annotations

import gc
import os
import struct
import sys
import threading

FRAME = struct.Struct("<II")


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)


def main(names: list[str]) -> int:
    """Compile these entries, in this order."""
    gc.disable()  # what a compiler makes stays: to look through it takes a tenth of the time
    output = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints is not a frame
    threading.Thread(target=_end_with_parent, daemon=True).start()

    from llmproc.kernels import environment

    environment.prepare()

    from llmproc.kernels import compiling

    compiling.only_final_code()
    with open(output, "wb") as frames:
        for name in names:
            code = compiling.compile_entry(name)
            frames.write(FRAME.pack(len(name), len(code)) + name.encode() + code)
            frames.flush()
    return 0


if __name__ == "__main__":
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.exit(main(sys.argv[1:]))
