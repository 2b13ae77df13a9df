"""`llmproc bench`: speed as a ratio measured in one run, next to the limits of the machine it was measured on.

    app.py          the order of things
    options.py      the command line          work.py       one measured piece of work, and how much of it is done
    model.py        the checkpoint            measure.py    order of runs, medians, paired ratios (pure)
    remote.py       an arm in its own process, seen from here; arm_process.py is the other end of the pipe
    arms/           what can be measured: the engine, llama.cpp, the machine's limits
    runner.py       selection of settings, warm-up, interleaved repetitions
    conditions.py   load, quota, steal, other programs: what makes a figure doubtful
    machine.py      the machine block         result.py     the JSON document; table.py, rows.py: how it is shown

Serves people who want to believe a figure. Nothing here computes a model: arms do, each in a process of its own.
"""
