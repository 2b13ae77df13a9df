"""Speed as a ratio measured in one run, next to the limits of the machine it was measured on.

    benchmark.py   one run from options to document
    model.py       the checkpoint                    work.py       one measured piece of work
    arms/          what can be measured: the engine, llama.cpp, the machine's limits
    remote.py      an arm in its own process, seen from here; arm_process.py is the other end of the pipe
    timed.py       the stopwatch                     runner.py     settings, warm-up, repetitions in turn
    result.py      the JSON document and its schema  phases.py      where the time of a step went

Nothing here computes a model: arms do, each in a process of its own.
"""
