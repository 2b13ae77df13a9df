"""The prompt loop: reads prompts, has them answered by inference.py, and logs what that costs."""

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
POLICIES = {"other": os.SCHED_OTHER, "batch": os.SCHED_BATCH, "idle": os.SCHED_IDLE}
NAMES = {0: "SCHED_OTHER", 1: "SCHED_FIFO", 2: "SCHED_RR", 3: "SCHED_BATCH", 5: "SCHED_IDLE", 6: "SCHED_DEADLINE"}
TICKS = os.sysconf("SC_CLK_TCK")


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", type=int, nargs="?", default=42)
    parser.add_argument("--policy", choices=list(POLICIES))
    parser.add_argument("--nice", type=int)
    return parser.parse_args()


def start_inference(seed):
    ended, tell = os.pipe()
    command = [sys.executable, str(HERE / "inference.py"), str(seed), str(tell)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[tell])
    os.close(tell)
    return child, ended


def set_scheduling(pid, policy, nice):
    if nice is not None:
        os.setpriority(os.PRIO_PROCESS, pid, nice)
    if policy is not None:
        os.sched_setscheduler(pid, POLICIES[policy], os.sched_param(0))


def sample(pid):
    now = time.monotonic()
    with open(f"/proc/{pid}/stat", "rb") as file:
        content = file.read().decode("utf-8", "replace")
    name_end = content.rindex(")") + 1
    fields = content[name_end:].split()
    return now, content[content.index("(") : name_end], fields


def format_line(pid, before, after):
    begun, _, old = before
    now, comm, new = after
    used = int(new[11]) + int(new[12]) - int(old[11]) - int(old[12])
    percent = 100 * used / max((now - begun) * TICKS, 1e-6)
    return (
        f"[pid] {pid} [tcomm] {comm} [state] {new[0]} [policy] {NAMES[int(new[38])]} [nice] {new[16]}"
        f" [vsize] {new[20]} [task_cpu] {new[36]} [utime] {new[11]} [stime] {new[12]} [cpu%] {percent:.2f}%\n"
    )


def watch(pid, over):
    before = sample(pid)
    done = False
    while not done:
        done = over.wait(0.3)
        after = sample(pid)
        os.write(2, format_line(pid, before, after).encode())
        before = after


def answer(child, ended, prompt):
    """Returns whether the child lives."""
    over = threading.Event()
    watcher = threading.Thread(target=watch, args=(child.pid, over))
    watcher.start()
    try:
        child.stdin.write(prompt)
        child.stdin.flush()
        return os.read(ended, 1) != b""
    except BrokenPipeError:
        return False
    finally:
        over.set()
        watcher.join()


def finish(child, interrupted):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if interrupted:
        child.terminate()
    try:
        child.stdin.close()
    except BrokenPipeError:
        pass
    status = child.wait()
    words = f"signal {-status} ({signal.Signals(-status).name})" if status < 0 else str(status)
    print(f"\nChild exited with {words}", flush=True)


def main():
    given = parse_arguments()
    child, ended = start_inference(given.seed)
    interrupted = False
    try:
        set_scheduling(child.pid, given.policy, given.nice)
        for _ in range(4):
            print(">>> ", end="", flush=True)
            prompt = sys.stdin.buffer.readline()
            if not prompt or not answer(child, ended, prompt.rstrip(b"\n") + b"\n"):
                break
    except KeyboardInterrupt:
        interrupted = True
    finally:
        finish(child, interrupted)


if __name__ == "__main__":
    main()
