"""Programs with one fault each: changes to the solution, by the name of the check that must find it.

A change is (file, what stands there, what stands there instead).
"""

from __future__ import annotations

from pathlib import Path

Change = tuple[str, str, str]

_GRANDCHILD = """signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to end
import os
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
grandchild = os.fork()
if grandchild:
    signal.signal(signal.SIGTERM, lambda number, frame: os.kill(grandchild, signal.SIGTERM))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    os.close(0)
    os.close(int(sys.argv[2]))
    status = os.waitpid(grandchild, 0)[1]
    if os.WIFSIGNALED(status):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status))
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
"""
_FIND_GRANDCHILD = """    os.close(tell)
    child.worker = None
    while child.worker is None and child.poll() is None:
        with open(f"/proc/{child.pid}/task/{child.pid}/children") as file:
            child.worker = next(map(int, file.read().split()), None)
    return child, ended
"""

BROKEN: dict[str, list[Change]] = {
    "prompt": [  # the sign comes when the prompt has been read, not when its answer is complete
        ("main.py", "        for _ in range(4):\n            print", "        print(\">>> \", end=\"\", flush=True)\n"
         "        for _ in range(4):\n            0 and print"),
        ("main.py", "            if not prompt or", "            prompt and print(\">>> \", end=\"\", flush=True)\n"
         "            if not prompt or"),
    ],
    "processes": [  # a grandchild answers
        ("inference.py", "signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to end\n",
         _GRANDCHILD),
        ("main.py", "    os.close(tell)\n    return child, ended\n", _FIND_GRANDCHILD),
        ("main.py", "args=(child.pid, over)", "args=(child.worker, over)"),
        ("main.py", "set_scheduling(child.pid,", "set_scheduling(child.worker,"),
    ],
    "log": [  # something else on stderr
        ("main.py", "        over.set()\n", "        over.set()\n        os.write(2, b\"turn complete\\n\")\n"),
    ],
    "cpu": [  # divided by a constant
        ("main.py", "100 * used / max((now - begun) * TICKS, 1e-6)", "100 * used / 30"),
    ],
    "text": [  # the seed is not the one that was given
        ("inference.py", "seed, tell = int(sys.argv[1]), ", "seed, tell = int(sys.argv[1]) + 1, "),
    ],
    "end-of-input": [  # the status is printed only if it is not 0
        ("main.py", "    print(f\"\\nChild exited", "    if status:\n        print(f\"\\nChild exited"),
    ],
    "scheduling": [  # the program sets its own policy instead of the child's
        ("main.py", "os.sched_setscheduler(pid, ", "os.sched_setscheduler(0, "),
    ],
    "sigint-waiting": [  # no status
        ("main.py", "            prompt = sys.stdin.buffer.readline()\n",
         "            try:\n                prompt = sys.stdin.buffer.readline()\n"
         "            except KeyboardInterrupt:\n                child.terminate()\n                child.wait()\n"
         "                os._exit(130)\n"),
    ],
    "sigint-answering": [  # ignored
        ("main.py", "    watcher.start()\n", "    watcher.start()\n    signal.signal(signal.SIGINT, signal.SIG_IGN)\n"),
        ("main.py", "        watcher.join()\n",
         "        watcher.join()\n        signal.signal(signal.SIGINT, signal.default_int_handler)\n"),
    ],
    "killed-child": [  # the exit status of something that has none
        ("main.py", "if status < 0 else str(status)", "if status < 0 and interrupted else str(max(status, 0))"),
    ],
    "left-behind": [  # a process that goes on
        ("main.py", "    os.close(tell)\n", "    os.close(tell)\n"
         "    subprocess.Popen([\"sleep\", \"1000\"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,"
         " stderr=subprocess.DEVNULL, start_new_session=True)\n"),
    ],
}  # fmt: skip

# Further faults of the same checks.
VARIANTS: dict[str, tuple[str, list[Change]]] = {
    "no sign": ("prompt", [("main.py", 'print(">>> ", end="", flush=True)', "pass")]),
    "sign without a space": ("prompt", [("main.py", 'print(">>> "', 'print(">>>"')]),
    "a log about the program": ("log", [("main.py", "args=(child.pid, over)", "args=(os.getpid(), over)")]),
    "a turn without a line": ("log", [("main.py", "    done = False\n",
                                       "    done = globals().get('logged', False)\n    globals()['logged'] = True\n")]),
    "half of the ticks": ("cpu", [("main.py", "100 * used", "50 * used")]),
    "end of input is not seen": ("end-of-input", [("main.py", "if not prompt or not answer(",
                                                   "while not prompt: time.sleep(1)\n            if not answer(")]),
    "not waited for": ("left-behind", [("main.py", "    status = child.wait()\n",
                                        "    status = os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)\n"
                                        "    status = -status.si_status if status.si_code != 1 else 0\n"),
                                       ("main.py", "{words}\", flush=True)", "{words}\", flush=True)\n    os._exit(0)"),
                                       ]),
}  # fmt: skip


def apply(folder: Path, changes: list[Change]) -> None:
    """Change a copy of the solution."""
    for name, old, new in changes:
        text = (folder / name).read_text()
        assert text.count(old) == 1, f"{name}: {old!r} stands there {text.count(old)} times"
        (folder / name).write_text(text.replace(old, new))
