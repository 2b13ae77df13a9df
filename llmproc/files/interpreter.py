"""The first acts of a program: a quiet Ctrl-C, and where Python looks for modules: never in the current folder.

A user's random.py or json.py beside a log must not become ours. `python -m` puts the current folder first on the path,
and so does an empty entry of PYTHONPATH. Used by the entry points as their first act, so it may import nothing that is
not part of the interpreter already; and by everything that starts a fresh interpreter.
"""

import _signal  # type: ignore[import-not-found]  # built in, so no file can stand for it; typeshed has only `signal`
import os
import sys

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # their pools start at import


INTERRUPTED = 128 + 2  # as the shell says it of a program that SIGINT ended


def leave_at_once(number: int, frame: object) -> None:
    """Exit without an exception: some extension modules do not survive one while they are imported."""
    os._exit(INTERRUPTED)


def quiet_interrupt() -> None:
    """Make Ctrl-C end the program without a traceback, unless something else is installed for it."""
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, leave_at_once)


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
