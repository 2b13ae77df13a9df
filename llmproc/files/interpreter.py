"""Where Python looks for modules: never in the current folder, in this process or in a child of it.

A user's random.py or json.py beside a log must not become ours. `python -m` puts the current folder first on the path,
and so does an empty entry of PYTHONPATH. Used by the entry points as their first act, so it may import nothing that is
not part of the interpreter already; and by everything that starts a fresh interpreter.
"""

import os
import sys

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # their pools start at import


def package_folder() -> str:
    """Return the folder that holds this package."""
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))


def leave_current_folder() -> None:
    """Drop the current folder from the module path, unless it is the one that holds this package.

    Under `python -m` it is the first entry; an empty entry of PYTHONPATH is another one, after it.
    """
    try:
        here = os.getcwd()
    except OSError:  # the current folder has been removed: its entries lead nowhere
        return
    if os.path.realpath(here) == package_folder():
        return
    listed = os.environ.get("PYTHONPATH", "")
    ours = 0 if sys.flags.ignore_environment or not listed else listed.split(os.pathsep).count("")
    by_module = sys.path[:1] in ([""], [here]) and not sys.flags.safe_path
    for _ in range(by_module + bool(ours)):
        for entry in ("", here):
            if entry in sys.path:
                sys.path.remove(entry)
                break


def child_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of this package in a fresh interpreter."""
    return [sys.executable, "-P", "-m", module, *arguments]


def child_environment(environment: dict[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment, or the one given, as a fresh interpreter needs it to find this very package.

    Also for processes that the child starts: none of them looks for modules in the current folder.
    """
    found = dict(os.environ if environment is None else environment)
    place = package_folder()
    paths = [path for path in found.get("PYTHONPATH", "").split(os.pathsep) if path and path != place]
    if os.path.basename(place) not in ("site-packages", "dist-packages"):  # those are found without, after the library
        paths.insert(0, place)
    found["PYTHONSAFEPATH"] = "1"
    found.pop("PYTHONPATH", None)
    if paths:
        found["PYTHONPATH"] = os.pathsep.join(paths)
    return found
